"""Decisions: (command, facts) -> what to write and what to answer, or a refusal. All pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from entrepot.core.commands import (
    AdjustStock,
    AmendOrder,
    Command,
    DeferJob,
    FinishJob,
    MirrorOrders,
    NotifyOrder,
    PlaceOrder,
    ReserveStock,
    ResumeJob,
    ResumeOrder,
    SettlePayment,
)
from entrepot.core.decide.adjust import adjust
from entrepot.core.decide.amend import amend
from entrepot.core.decide.jobs import defer, finish, resume, resume_job
from entrepot.core.decide.mirror import mirror
from entrepot.core.decide.notify import match_announced, notify
from entrepot.core.decide.place import place
from entrepot.core.decide.reserve import reserve
from entrepot.core.decide.settle import settle
from entrepot.core.facts import Facts
from entrepot.core.refusal import Refusal, Refused
from entrepot.core.results import Decision

_DECIDERS: dict[type, Callable[[Any, Facts], Decision]] = {
    PlaceOrder: place,
    MirrorOrders: mirror,
    AmendOrder: amend,
    NotifyOrder: notify,
    AdjustStock: adjust,
    ReserveStock: reserve,
    SettlePayment: settle,
    DeferJob: defer,
    FinishJob: finish,
    ResumeOrder: resume,
    ResumeJob: resume_job,
}


# Whoever may bring an order that was announced, or the name that it was announced by.
_BRINGING = (PlaceOrder, MirrorOrders, AmendOrder)


def decide(command: Command, facts: Facts) -> Decision | Refusal:
    """Judge a command against the facts. A refusal has touched nothing."""
    try:
        decision = _DECIDERS[type(command)](command, facts)
    except Refused as refused:
        return refused.refusal
    if isinstance(command, _BRINGING):
        match_announced(command.org, decision.changes, facts)
    return decision
