"""The words law: which status words of each dialect are true of which facets.

One table an axis. A row is a word with the facet values it is true of; what a row does not name
does not matter to it. Rows stand in order of preference: the first true row is the preferred word.
The first value of each facet in a row is where the facet lands when the word is told.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from entrepot.core.facets import Facets

Row = dict[str, tuple[str, ...]]

_LIVE = ("confirmed", "placed", "draft")
_MOVING = ("in_transit", "out_for_delivery", "attempted", "ready_for_pickup")
_RUNS = ("confirmed",)
_NONE_BACK = ("none",)
_UNPAID = ("pending", "none", "authorized", "voided", "declined")

SYNQ: dict[str, Row] = {
    "cancelled": {"stage": ("cancelled", "deleted")},
    "failed": {"stage": ("failed", "rejected")},
    "refunded": {"payment": ("refunded",)},
    "partially_refunded": {"payment": ("partially_refunded",)},
    "returned": {"returns": ("returned",)},
    "partially_returned": {"returns": ("partial",)},
    "return_requested": {"returns": ("requested",)},
    "completed": {"stage": ("completed", "archived"), "returns": _NONE_BACK},
    "delivered": {"stage": _RUNS, "fulfilment": ("delivered",), "returns": _NONE_BACK},
    "fulfilled": {"stage": _RUNS, "fulfilment": (*_MOVING, "lost"), "returns": _NONE_BACK},
    "partially_fulfilled": {
        "stage": _RUNS,
        "fulfilment": ("partially_shipped",),
        "returns": _NONE_BACK,
    },
    "confirmed": {
        "stage": _RUNS,
        "fulfilment": ("unassigned", "accepted"),
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
    },
    "pending_payment": {
        "stage": ("placed", "draft"),
        "payment": ("pending", "none", "voided", "declined"),
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
    "completed": {"stage": ("completed", "archived")},
    "fulfilled": {"stage": _LIVE, "fulfilment": ("delivered", "not_applicable")},
    "shipped": {"stage": _LIVE, "fulfilment": _MOVING},
    "paid": {"stage": _LIVE, "payment": ("paid",)},
    "open": {"stage": ("placed", "confirmed", "draft"), "payment": _UNPAID},
}

KONVO_SHIPMENT: dict[str, Row] = {
    "none": {"fulfilment": ("unassigned", "not_applicable")},
    "confirmed": {"fulfilment": ("accepted", "packed")},
    "in_transit": {"fulfilment": ("in_transit", "partially_shipped")},
    "out_for_delivery": {"fulfilment": ("out_for_delivery",)},
    "attempted_delivery": {"fulfilment": ("attempted",)},
    "ready_for_pickup": {"fulfilment": ("ready_for_pickup",)},
    "delivered": {"fulfilment": ("delivered",)},
    "failure": {"fulfilment": ("lost",)},
}

AXES: dict[str, dict[str, Row]] = {
    "synq": SYNQ,
    "polinate_phase": POLINATE_PHASE,
    "polinate_status": POLINATE_STATUS,
    "konvo": KONVO_STATUS,
    "konvo_shipment": KONVO_SHIPMENT,
}
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


def is_true(axis: str, word: str, facets: Facets) -> bool:
    """Whether `word` is true of `facets` on this axis."""
    row = AXES[axis][word]
    return all(getattr(facets, facet) in allowed for facet, allowed in row.items())


def preferred(axis: str, facets: Facets) -> str:
    """The first true word of the axis; every combination of facets has one (property-tested)."""
    for word in AXES[axis]:
        if is_true(axis, word, facets):
            return word
    raise AssertionError(f"no {axis} word is true of {facets}")


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
