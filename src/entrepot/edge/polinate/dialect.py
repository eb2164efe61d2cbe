"""Polinate, put together from the operations of its nouns."""

from __future__ import annotations

from entrepot.edge.dialect import Dialect
from entrepot.edge.polinate.buyers import routes as buyers
from entrepot.edge.polinate.credentials import authenticate
from entrepot.edge.polinate.invoices import routes as invoices
from entrepot.edge.polinate.items import routes as items
from entrepot.edge.polinate.orders import routes as orders
from entrepot.edge.polinate.pricing import routes as pricing
from entrepot.edge.polinate.refusals import refusal_answer

DIALECT = Dialect(
    name="polinate",
    title="Polinate External API",
    version="1.0.0",
    description="Orders and items of a business, as Polinate publishes them. X-Business-Id and "
    "X-API-Key say who is calling.",
    prefixes=tuple(
        f"/api/v1/{noun}" for noun in ("orders", "items", "buyers", "pricing", "invoices")
    ),
    authenticate=authenticate,
    refuse=refusal_answer,
    operations=(
        *orders.OPERATIONS, *items.OPERATIONS, *buyers.OPERATIONS, *invoices.OPERATIONS,
        *pricing.OPERATIONS,
    ),
)  # fmt: skip
