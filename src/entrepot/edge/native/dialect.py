"""The native API, put together from the operations of its nouns."""

from __future__ import annotations

from entrepot.edge.dialect import Dialect
from entrepot.edge.native.broadcasts import routes as broadcasts
from entrepot.edge.native.credentials import NAME, authenticate
from entrepot.edge.native.customers import routes as customers
from entrepot.edge.native.events import routes as events
from entrepot.edge.native.goods import routes as goods
from entrepot.edge.native.invoices import routes as invoices
from entrepot.edge.native.keys import routes as keys
from entrepot.edge.native.orders import changes, looking
from entrepot.edge.native.orders import routes as orders
from entrepot.edge.native.price_lists import routes as price_lists
from entrepot.edge.native.products import routes as products
from entrepot.edge.native.providers import routes as providers
from entrepot.edge.native.purchases import routes as purchases
from entrepot.edge.native.refusals import refusal_answer
from entrepot.edge.native.settings import routes as settings
from entrepot.edge.native.touches import routes as touches
from entrepot.edge.native.valuation import routes as valuation
from entrepot.edge.native.webhooks import routes as webhooks
from entrepot.edge.reply import PROBLEM

DIALECT = Dialect(
    name=NAME,
    title="Entrepot native API",
    version="1.0.0",
    description="Everything that Entrepot can do with an order, its goods and its money. An order "
    "that came in by any dialect can be read and moved on here.",
    prefixes=("/v1",),
    browser_headers=(
        "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match",
        "If-Unmodified-Since", "X-Request-Id",
    ),
    authenticate=authenticate,
    refuse=refusal_answer,
    refusal_media=PROBLEM,
    own_query=True,
    security_schemes={"bearerAuth": {"type": "http", "scheme": "bearer"}},
    operations=(*orders.OPERATIONS, *looking.OPERATIONS, *changes.OPERATIONS,
                *goods.OPERATIONS, *valuation.OPERATIONS, *products.OPERATIONS,
                *price_lists.OPERATIONS, *purchases.OPERATIONS,
                *events.OPERATIONS, *settings.OPERATIONS,
                *webhooks.OPERATIONS, *keys.OPERATIONS, *providers.OPERATIONS, *touches.OPERATIONS,
                *broadcasts.OPERATIONS, *customers.OPERATIONS, *invoices.OPERATIONS),
)  # fmt: skip
