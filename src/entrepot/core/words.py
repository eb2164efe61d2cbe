"""The words law: which status words of each dialect are true of which facets.

One table an axis. A row is a word with the facet values for which the word is true; a facet that
the row does not name does not matter to the word. The first value of each facet in a row is where
the facet lands when the word is told and was not true. Rows stand in order of preference; the
preferred word is the first one that is true, unless PREFERRED narrows the row.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from entrepot.core.facets import Facets

Row = dict[str, tuple[str, ...]]

_LIVE = ("confirmed", "placed", "draft")
# A deleted order goes on saying what was last true of a sale that was made.
_LIVE_OR_GONE = (*_LIVE, "deleted")
_MOVING = ("in_transit", "out_for_delivery", "attempted", "ready_for_pickup")
# The shop has handed the goods over. Where they are, the shipment's own axis says.
_HANDED_OVER = (*_MOVING, "delivered", "lost")
_NOT_LEFT = ("unassigned", "accepted", "packed", "not_applicable")
_RUNS = ("confirmed",)
_NONE_BACK = ("none",)
_UNPAID = ("pending", "none", "authorized", "voided", "declined")

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

POLINATE_PHASE: dict[str, Row] = {
    "DRAFT": {"stage": ("draft",)},
    "PENDING": {"stage": ("placed",)},
    "ACTIVE": {"stage": ("confirmed",)},
    "ARCHIVED": {"stage": ("completed", "archived")},
    "REJECTED": {"stage": ("rejected", "failed")},
    "CANCELLED": {"stage": ("cancelled",)},
    "DELETED": {"stage": ("deleted",)},
}

_NOT_ALL_BACK = ("none", "requested", "partial")
POLINATE_STATUS: dict[str, Row] = {
    "RETURNED": {"returns": ("returned",)},
    "UNASSIGNED": {"fulfilment": ("unassigned",), "returns": _NOT_ALL_BACK},
    "ACCEPTED": {"fulfilment": ("accepted",), "returns": _NOT_ALL_BACK},
    "PACKED": {"fulfilment": ("packed",), "returns": _NOT_ALL_BACK},
    "IN_TRANSIT": {
        "fulfilment": (*_MOVING, "partially_shipped", "lost"),
        "returns": _NOT_ALL_BACK,
    },
    "DELIVERED": {"fulfilment": ("delivered",), "returns": _NOT_ALL_BACK},
    "NOT_APPLICABLE": {"fulfilment": ("not_applicable",), "returns": _NOT_ALL_BACK},
}

KONVO_STATUS: dict[str, Row] = {
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
KONVO_SHIPMENT: dict[str, Row] = {
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

AXES: dict[str, dict[str, Row]] = {
    "synq": SYNQ,
    "polinate_phase": POLINATE_PHASE,
    "polinate_status": POLINATE_STATUS,
    "konvo": KONVO_STATUS,
    "konvo_shipment": KONVO_SHIPMENT,
}


def dialect(axis: str) -> str:
    """The dialect whose words stand on this axis."""
    return axis.partition("_")[0]


# Where a word is preferred, if that is less than where the word is true.
PREFERRED: dict[str, dict[str, Row]] = {
    "synq": {
        "cancelled": {"stage": ("cancelled",)},
        "failed": {"stage": ("failed", "rejected")},
        "completed": {"stage": ("completed", "archived"), "returns": _NONE_BACK},
    },
    "konvo": {
        "cancelled": {"stage": ("cancelled", "rejected", "failed")},
        "completed": {"stage": ("completed", "archived")},
        "fulfilled": {"stage": _LIVE_OR_GONE, "fulfilment": ("delivered",)},
    },
    "konvo_shipment": {
        "confirmed": {"fulfilment": ("accepted", "packed")},
        "in_transit": {"fulfilment": ("in_transit", "partially_shipped")},
    },
}
# The word of a deleted order of which nothing else was ever true.
_NOTHING_CAME_OF_IT = {"synq": "cancelled", "konvo": "cancelled"}

# The bit of each axis in Words.told.
_BIT = {axis: 1 << place for place, axis in enumerate(AXES)}


class Words(NamedTuple):
    """The word that each dialect shows now; `told` has a bit for every axis whose word was told."""

    synq: str
    polinate_phase: str
    polinate_status: str
    konvo: str
    konvo_shipment: str
    told: int = 0

    def by_axis(self) -> dict[str, str]:
        """The word of every axis."""
        return {axis: getattr(self, axis) for axis in AXES}


def is_true(axis: str, word: str, facets: Facets) -> bool:
    """Whether `word` is true of `facets` on this axis."""
    return _holds(AXES[axis][word], facets)


def _holds(row: Row, facets: Facets) -> bool:
    return all(getattr(facets, facet) in allowed for facet, allowed in row.items())


def preferred(axis: str, facets: Facets) -> str:
    """The first preferred word of the axis; every combination of facets has one (tested)."""
    narrower = PREFERRED.get(axis, {})
    for word, row in AXES[axis].items():
        if _holds(narrower.get(word, row), facets):
            return word
    if facets.stage == "deleted" and axis in _NOTHING_CAME_OF_IT:
        return _NOTHING_CAME_OF_IT[axis]
    raise AssertionError(f"no {axis} word is true of {facets}")


def is_told(axis: str, shown: Words) -> bool:
    """Whether the axis shows a word that was told there."""
    return bool(shown.told & _BIT[axis])


@lru_cache(maxsize=1024)
def moved_by(axis: str, word: str, facets: Facets) -> Facets:
    """The facets after `word` was told: only those move that keep it from being true."""
    row = AXES[axis][word]
    moves = {
        facet: allowed[0] for facet, allowed in row.items() if getattr(facets, facet) not in allowed
    }
    return facets._replace(**moves) if moves else facets


_SHOWN: dict[Facets, Words] = {}


def fresh(facets: Facets) -> Words:
    """The preferred words of every dialect for these facets, none of them told."""
    words = _SHOWN.get(facets)
    if words is None:
        words = _SHOWN[facets] = Words._make((*(preferred(axis, facets) for axis in AXES), 0))
    return words


def shown(facets: Facets, before: Words, told: dict[str, str] | None = None) -> Words:
    """What each dialect shows after a move to `facets`.

    A word told now, or told before and still true, stays; every other axis shows its preferred one.
    """
    if not before.told and not told:
        return fresh(facets)
    return _shown(facets, before, tuple(told.items()) if told else ())


def after_move(
    before: Facets, after: Facets, shown_before: Words, told: dict[str, str] | None = None
) -> Words:
    """What each dialect shows of an order that these words, if any, brought from there to here.

    A deleted order keeps every word that is still true of it, and no word is told of it any more.
    """
    if after.stage == "deleted":
        if before.stage == "deleted":
            return shown_before
        last = shown(after._replace(stage=before.stage), shown_before, told)
        told = last.by_axis() | (told or {})
    return shown(after, shown_before, told)


@lru_cache(maxsize=4096)
def _shown(facets: Facets, before: Words, told: tuple[tuple[str, str], ...]) -> Words:
    kept: dict[str, str] = {}
    bits = 0
    said = dict(told)
    for axis, bit in _BIT.items():
        word = said.get(axis)
        if word is None and before.told & bit:
            word = getattr(before, axis)
        if word is not None and is_true(axis, word, facets):
            kept[axis] = word
            bits |= bit
    return fresh(facets)._replace(**kept, told=bits)
