"""Synq's status words: what each is true of, and where it lands. See core.words."""

from __future__ import annotations

from entrepot.core.telling import progress_of
from entrepot.core.words import Axis, Row

_LIVE = ("confirmed", "placed", "draft")
# A deleted order goes on saying what was last true of a sale that was made.
_LIVE_OR_GONE = (*_LIVE, "deleted")
_MOVING = ("in_transit", "out_for_delivery", "attempted", "ready_for_pickup")
_NOT_LEFT = ("unassigned", "accepted", "packed", "not_applicable")
_RUNS = ("confirmed",)
_NONE_BACK = ("none",)

SYNQ: dict[str, Row] = {
    "cancelled": {"stage": ("cancelled", "rejected", "deleted")},
    "failed": {"stage": ("failed", "rejected", "deleted")},
    "refunded": {"payment": ("refunded",)},
    "partially_refunded": {"payment": ("partially_refunded",)},
    "returned": {"returns": ("returned",)},
    "partially_returned": {"returns": ("partial",)},
    "return_requested": {"returns": ("requested",)},
    "completed": {"stage": ("completed", "archived", "deleted"), "returns": _NONE_BACK},
    "delivered": {"stage": _LIVE_OR_GONE, "fulfilment": ("delivered",), "returns": _NONE_BACK},
    "fulfilled": {
        "stage": _LIVE_OR_GONE,
        "fulfilment": (*_MOVING, "lost"),
        "returns": _NONE_BACK,
    },
    "partially_fulfilled": {
        "stage": _LIVE_OR_GONE,
        "fulfilment": ("partially_shipped",),
        "returns": _NONE_BACK,
    },
    "confirmed": {
        "stage": _RUNS,
        "fulfilment": ("accepted", "unassigned"),
        "returns": _NONE_BACK,
    },
    # `confirmed` may only become `processing`; what needs no shipping passes through it as well.
    "processing": {
        "stage": _RUNS,
        "fulfilment": ("packed", "not_applicable"),
        "returns": _NONE_BACK,
    },
    "payment_authorized": {
        "stage": ("placed", "draft"),
        "payment": ("authorized", "paid", "disputed"),
        "fulfilment": _NOT_LEFT,
        "returns": _NONE_BACK,
    },
    "pending_payment": {
        "stage": ("placed", "draft"),
        "payment": ("pending", "none", "voided", "declined"),
        "fulfilment": _NOT_LEFT,
        "returns": _NONE_BACK,
    },
}

AXIS = Axis(
    "synq",
    SYNQ,
    preferred={
        "cancelled": {"stage": ("cancelled",)},
        "failed": {"stage": ("failed", "rejected")},
        "completed": {"stage": ("completed", "archived"), "returns": _NONE_BACK},
    },
    nothing_came="cancelled",
    # `confirmed` becomes `processing` or `cancelled`, never `failed`: an order that is rejected
    # after its confirmation is `cancelled` here.
    turned_down="cancelled",
    goods=progress_of(SYNQ),
    aside=frozenset({"cancelled", "refunded", "partially_refunded"}),
)
