"""The four facets in which an order stands, and the values each can have."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

STAGES = (
    "draft", "placed", "confirmed", "completed", "archived",
    "cancelled", "rejected", "failed", "deleted",
)  # fmt: skip
PAYMENTS = (
    "none", "pending", "authorized", "paid", "partially_refunded",
    "refunded", "voided", "declined", "disputed",
)  # fmt: skip
FULFILMENTS = (
    "unassigned", "accepted", "packed", "partially_shipped", "in_transit", "out_for_delivery",
    "attempted", "ready_for_pickup", "delivered", "lost", "not_applicable",
)  # fmt: skip
RETURNS = ("none", "requested", "partial", "returned")

VALUES = {"stage": STAGES, "payment": PAYMENTS, "fulfilment": FULFILMENTS, "returns": RETURNS}

RUNNING = frozenset({"draft", "placed", "confirmed"})
ENDED = frozenset({"cancelled", "rejected", "failed", "deleted"})
SHIPPED = frozenset(
    {"in_transit", "out_for_delivery", "attempted", "ready_for_pickup", "delivered", "lost"}
)


class Facets(NamedTuple):
    """The four facets of an order. Each dialect's status words are a view of these four."""

    stage: str = "placed"
    payment: str = "none"
    fulfilment: str = "unassigned"
    returns: str = "none"


@lru_cache(maxsize=4096)
def unknown(facets: Facets) -> str | None:
    """The first facet with a value that is none of its list, of which no word is true; None where
    all are known.
    """
    told = zip(facets._fields, facets, strict=True)
    return next((name for name, value in told if value not in VALUES[name]), None)


BETWEEN = "/"


@lru_cache(maxsize=4096)
def goods(facets: Facets) -> str:
    """The goods of an order as one text, where they are and which came back: a key of the spans."""
    return f"{facets.fulfilment}{BETWEEN}{facets.returns}"
