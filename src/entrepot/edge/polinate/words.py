"""Polinate's phase and status: what each word is true of, and where it lands. See core.words.

Each stage has exactly one phase, and each state of the goods exactly one status, so that lists can
count orders by stage and goods.
"""

from __future__ import annotations

from entrepot.core.facets import FULFILMENTS, RETURNS, Facets, goods
from entrepot.core.telling import progress_of
from entrepot.core.words import Axis, Row

_MOVING = ("in_transit", "out_for_delivery", "attempted", "ready_for_pickup")

PHASE: dict[str, Row] = {
    "DRAFT": {"stage": ("draft",)},
    "PENDING": {"stage": ("placed",)},
    "ACTIVE": {"stage": ("confirmed",)},
    "ARCHIVED": {"stage": ("completed", "archived")},
    "REJECTED": {"stage": ("rejected", "failed")},
    "CANCELLED": {"stage": ("cancelled",)},
    "DELETED": {"stage": ("deleted",)},
}

_NOT_ALL_BACK = ("none", "requested", "partial")
STATUS: dict[str, Row] = {
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

PHASES = Axis("polinate_phase", PHASE, says_stage=True)
STATUSES = Axis("polinate_status", STATUS, goods=progress_of(STATUS))
AXES = (PHASES, STATUSES)


def stages_of(phase: str) -> tuple[str, ...]:
    """The stages of which a phase is true."""
    return PHASE[phase]["stage"]


def goods_of(status: str) -> tuple[str, ...]:
    """The states of the goods of which a status is true."""
    row = STATUS[status]
    return tuple([
        goods(Facets(fulfilment=fulfilment, returns=returns))
        for fulfilment in row.get("fulfilment", FULFILMENTS)
        for returns in row.get("returns", RETURNS)
    ])  # fmt: skip
