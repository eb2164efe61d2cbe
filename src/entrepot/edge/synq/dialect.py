"""Synq, put together from the operations of its nouns."""

from __future__ import annotations

from entrepot.edge.dialect import Dialect
from entrepot.edge.synq.audit import routes as audit
from entrepot.edge.synq.bulk_jobs import routes as bulk_jobs
from entrepot.edge.synq.catalogue import routes as catalogue
from entrepot.edge.synq.channels import routes as channels
from entrepot.edge.synq.credentials import authenticate
from entrepot.edge.synq.integrations import routes as integrations
from entrepot.edge.synq.inventory import routes as inventory
from entrepot.edge.synq.media import routes as media
from entrepot.edge.synq.members import routes as members
from entrepot.edge.synq.orders import routes as orders
from entrepot.edge.synq.products import routes as products
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.edge.synq.settings import routes as settings
from entrepot.edge.synq.taxonomy import routes as taxonomy

DIALECT = Dialect(
    name="synq",
    title="Synq OMS API",
    version="1.0.0",
    description="Orders and inventory of an organization, as Synq publishes them.",
    prefixes=(
        *(
            f"/api/v1/{noun}"
            for noun in (
                "oms", "inventory", "settings", "channels", "integrations", "organization",
                "audit", "pim", "products", "onboard", "team-workspace", "tickets",
                "agent-stream", "ucp",
            )
        ),
        "/unified",
        "/v1/unified",
    ),
    browser_headers=(
        "Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Org-ID",
        "X-Request-Id", "X-Tenant-ID",
    ),
    authenticate=authenticate,
    refuse=refusal_answer,
    security_schemes={"bearerAuth": {"type": "http", "scheme": "bearer"}},
    operations=(*orders.OPERATIONS, *inventory.OPERATIONS, *settings.OPERATIONS,
                *channels.OPERATIONS, *integrations.OPERATIONS, *members.OPERATIONS,
                *audit.OPERATIONS, *products.OPERATIONS, *taxonomy.OPERATIONS,
                *media.OPERATIONS, *bulk_jobs.OPERATIONS, *catalogue.OPERATIONS),
)  # fmt: skip
