"""Pairs of words of two axes that may stand together on one order. All other pairs are absurd.

The facets lead to these pairs. This table is written apart from the facets on purpose: a test walks
every pair and triple of tellings of every dialect, and compares the words that the dialects show
with this table.
"""

from __future__ import annotations

Pairs = dict[str, tuple[str, ...]]

_ON_ITS_WAY = (
    "in_transit", "out_for_delivery", "attempted_delivery", "ready_for_pickup", "failure",
)  # fmt: skip
# `none` and `confirmed` stand beside goods that an order's status, or another dialect, moved on.
_NO_NEWS = ("none", "confirmed")
_ANYWHERE = (*_NO_NEWS, *_ON_ITS_WAY, "delivered")
_HERE = ("UNASSIGNED", "ACCEPTED", "PACKED", "NOT_APPLICABLE")
_ALL = (*_HERE, "IN_TRANSIT", "DELIVERED", "RETURNED")
_MONEY = ("refunded", "partially_refunded", "disputed")
_UNSHIPPED = ("open", "paid", *_MONEY)
_OVERTAKEN = ("shipped", "fulfilled", "completed")
_ANY_WAY = (*_UNSHIPPED, *_OVERTAKEN, "cancelled")
# A Polinate sender may tell the phase apart from the goods, as its two axes are independent.
_AS_TOLD = ("DRAFT", "PENDING", "ACTIVE")
_SOLD = (*_AS_TOLD, "ARCHIVED", "DELETED")

TOGETHER: dict[tuple[str, str], Pairs] = {
    ("synq", "polinate_phase"): {
        "pending_payment": ("DRAFT", "PENDING"),
        "payment_authorized": ("DRAFT", "PENDING"),
        "confirmed": ("ACTIVE",),
        "processing": ("ACTIVE",),
        "partially_fulfilled": (*_AS_TOLD, "DELETED"),
        "fulfilled": (*_AS_TOLD, "DELETED"),
        "delivered": (*_AS_TOLD, "DELETED"),
        "completed": ("ARCHIVED", "DELETED"),
        "return_requested": (*_SOLD, "CANCELLED"),
        "partially_returned": (*_SOLD, "CANCELLED"),
        "returned": (*_SOLD, "CANCELLED"),
        "partially_refunded": (*_SOLD, "CANCELLED"),
        "refunded": (*_SOLD, "CANCELLED"),
        # An order that was confirmed and is rejected then is `cancelled` to Synq.
        "cancelled": ("CANCELLED", "REJECTED", "DELETED"),
        "failed": ("REJECTED", "DELETED"),
    },
    ("synq", "polinate_status"): {
        "pending_payment": _HERE,
        "payment_authorized": _HERE,
        "confirmed": ("UNASSIGNED", "ACCEPTED"),
        "processing": ("PACKED", "NOT_APPLICABLE"),
        "partially_fulfilled": ("IN_TRANSIT",),
        "fulfilled": ("IN_TRANSIT",),
        "delivered": ("DELIVERED",),
        "completed": _ALL[:-1],
        "return_requested": _ALL[:-1],
        "partially_returned": _ALL[:-1],
        "returned": ("RETURNED",),
        "partially_refunded": _ALL,
        "refunded": _ALL,
        "cancelled": _ALL,
        "failed": _ALL,
    },
    # Synq may have been told where the goods are, and Konvo what became of the money.
    ("synq", "konvo"): {
        "pending_payment": ("open",),
        "payment_authorized": ("open", "paid", "disputed"),
        "confirmed": _UNSHIPPED,
        "processing": _UNSHIPPED,
        "partially_fulfilled": _UNSHIPPED,
        "fulfilled": (*_UNSHIPPED, "shipped", "fulfilled"),
        "delivered": (*_UNSHIPPED, "shipped", "fulfilled"),
        "completed": ("completed", *_MONEY),
        "return_requested": _ANY_WAY,
        "partially_returned": _ANY_WAY,
        "returned": _ANY_WAY,
        "partially_refunded": ("partially_refunded", "cancelled", *_OVERTAKEN),
        "refunded": ("refunded", "cancelled", *_OVERTAKEN),
        "cancelled": ("cancelled", *_MONEY),
        "failed": ("cancelled", *_MONEY),
    },
    ("konvo", "polinate_phase"): {
        "open": _AS_TOLD,
        "paid": _AS_TOLD,
        "shipped": (*_AS_TOLD, "DELETED"),
        "fulfilled": (*_AS_TOLD, "DELETED"),
        "completed": ("ARCHIVED", "DELETED"),
        "refunded": (*_SOLD, "CANCELLED", "REJECTED"),
        "partially_refunded": (*_SOLD, "CANCELLED", "REJECTED"),
        "disputed": (*_SOLD, "CANCELLED", "REJECTED"),
        "cancelled": ("CANCELLED", "REJECTED", "DELETED"),
    },
    ("konvo", "polinate_status"): {
        "open": _ALL,
        "paid": _ALL,
        "shipped": ("IN_TRANSIT", "DELIVERED", "RETURNED"),
        "fulfilled": ("IN_TRANSIT", "DELIVERED", "RETURNED"),
        "completed": _ALL,
        "refunded": _ALL,
        "partially_refunded": _ALL,
        "disputed": _ALL,
        "cancelled": _ALL,
    },
    ("konvo_shipment", "polinate_status"): {
        "none": (*_HERE, "IN_TRANSIT", "DELIVERED", "RETURNED"),
        "confirmed": ("ACCEPTED", "PACKED", "IN_TRANSIT", "RETURNED"),
        **dict.fromkeys(_ON_ITS_WAY, ("IN_TRANSIT", "RETURNED")),
        "delivered": ("DELIVERED", "RETURNED"),
    },
    ("synq", "konvo_shipment"): {
        "pending_payment": _NO_NEWS,
        "payment_authorized": _NO_NEWS,
        "confirmed": _NO_NEWS,
        "processing": _NO_NEWS,
        "partially_fulfilled": ("in_transit",),
        "fulfilled": (*_NO_NEWS, *_ON_ITS_WAY),
        "delivered": ("none", "delivered"),
        **dict.fromkeys(
            (
                "completed", "return_requested", "partially_returned", "returned",
                "partially_refunded", "refunded", "cancelled", "failed",
            ),
            _ANYWHERE,
        ),
    },
}  # fmt: skip
# A phase before ACTIVE beside goods that left: only where Polinate's own words said both.
ONLY_AS_TOLD = frozenset({
    ("DRAFT", "IN_TRANSIT"), ("DRAFT", "DELIVERED"),
    ("PENDING", "IN_TRANSIT"), ("PENDING", "DELIVERED"),
})  # fmt: skip
