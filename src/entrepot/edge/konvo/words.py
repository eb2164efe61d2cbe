"""Konvo's status and shipment words: what each is true of, and where it lands. See core.words."""

from __future__ import annotations

from entrepot.core.telling import ANNOUNCED, CLOSED, HANDED_OVER, progress_of
from entrepot.core.words import Axis, Row

_LIVE = ("confirmed", "placed", "draft")
# A deleted order goes on saying what was last true of a sale that was made.
_LIVE_OR_GONE = (*_LIVE, "deleted")
_MOVING = ("in_transit", "out_for_delivery", "attempted", "ready_for_pickup")
# The shop has handed the goods over. The shipment's own axis says where the goods are.
_HANDED_OVER = (*_MOVING, "delivered", "lost")
_UNPAID = ("pending", "none", "authorized", "voided", "declined")

STATUS: dict[str, Row] = {
    "cancelled": {"stage": ("cancelled", "rejected", "failed", "deleted")},
    "refunded": {"payment": ("refunded",)},
    "partially_refunded": {"payment": ("partially_refunded",)},
    "disputed": {"payment": ("disputed",)},
    "completed": {"stage": ("completed", "archived", "deleted")},
    "fulfilled": {"stage": _LIVE_OR_GONE, "fulfilment": _HANDED_OVER},
    "shipped": {"stage": _LIVE_OR_GONE, "fulfilment": _HANDED_OVER},
    "paid": {"stage": _LIVE, "payment": ("paid",)},
    "open": {"stage": ("placed", "confirmed", "draft"), "payment": _UNPAID},
}

# `none` and `confirmed` say that no carrier has told of the parcel yet; the order's status may.
SHIPMENT: dict[str, Row] = {
    "confirmed": {"fulfilment": ("accepted", "packed", "in_transit")},
    "in_transit": {"fulfilment": ("in_transit", "partially_shipped")},
    "out_for_delivery": {"fulfilment": ("out_for_delivery",)},
    "attempted_delivery": {"fulfilment": ("attempted",)},
    "ready_for_pickup": {"fulfilment": ("ready_for_pickup",)},
    "delivered": {"fulfilment": ("delivered",)},
    "failure": {"fulfilment": ("lost",)},
    "none": {
        "fulfilment": (
            "unassigned", "not_applicable", "accepted", "packed", "in_transit", "delivered",
        ),
    },
}  # fmt: skip

AXES = (
    Axis(
        "konvo",
        STATUS,
        preferred={
            "cancelled": {"stage": ("cancelled", "rejected", "failed")},
            "completed": {"stage": ("completed", "archived")},
            "fulfilled": {"stage": _LIVE_OR_GONE, "fulfilment": ("delivered",)},
        },
        nothing_came="cancelled",
        goods={
            "shipped": (HANDED_OVER, "in_transit"),
            "fulfilled": (HANDED_OVER, "in_transit"),
            "completed": (CLOSED, "delivered"),
        },
        aside=frozenset({"cancelled", "refunded", "partially_refunded", "disputed"}),
    ),
    Axis(
        "konvo_shipment",
        SHIPMENT,
        preferred={
            "confirmed": {"fulfilment": ("accepted", "packed")},
            "in_transit": {"fulfilment": ("in_transit", "partially_shipped")},
        },
        goods=progress_of(SHIPMENT, "none") | {"confirmed": (ANNOUNCED, "accepted")},
    ),
)
