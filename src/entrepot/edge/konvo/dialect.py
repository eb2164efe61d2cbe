"""Konvo, put together from the operations of its nouns."""

from __future__ import annotations

from entrepot.edge.dialect import Dialect
from entrepot.edge.konvo.attributions import routes as attributions
from entrepot.edge.konvo.broadcasts import routes as broadcasts
from entrepot.edge.konvo.clicks import routes as clicks
from entrepot.edge.konvo.contacts import routes as contacts
from entrepot.edge.konvo.credentials import HEADER, authenticate
from entrepot.edge.konvo.orders import routes as orders
from entrepot.edge.konvo.refusals import refusal_answer

DIALECT = Dialect(
    name="konvo",
    title="Konvo API",
    version="0.0.1",
    description="Orders, contacts, broadcasts, attributions and clicks, as Konvo publishes them.",
    prefixes=("/orders", "/contacts", "/broadcasts", "/attributions", "/clicks"),
    authenticate=authenticate,
    refuse=refusal_answer,
    strict_query=False,
    security_schemes={"apiKeyAuth": {"type": "apiKey", "in": "header", "name": HEADER}},
    operations=(*orders.OPERATIONS, *contacts.OPERATIONS, *clicks.OPERATIONS,
                *attributions.OPERATIONS, *broadcasts.OPERATIONS),
)  # fmt: skip
