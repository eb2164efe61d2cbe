"""Completing an order: the sale is over."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.changes import Changes
from entrepot.core.decide.moves import Telling, move
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.organization import SETTINGS
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult


class CompleteOrder(NamedTuple):
    """The sale is over: the goods arrived, or need no shipping."""

    org: int
    source: str
    order_id: bytes


def wants(command: CompleteOrder, needs: Needs) -> None:
    """The whole order: goods that need no shipping leave their shelf now, and their money is taken
    if the organization takes it then.
    """
    needs.whole_order(command.org, command.order_id)
    needs.moving.add((command.org, command.order_id))
    needs.of(SETTINGS).add((command.org,))


def complete(command: CompleteOrder, facts: Facts) -> Decision:
    """Move the order to its end, as a dialect's word does. A completed order stays as it is.

    Refused: an unknown order, an order that is not confirmed, goods that have not arrived.
    """
    order = facts.orders.get((command.org, command.order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    changes = Changes(facts)
    if order.facets.stage == "completed":
        return Decision(changes, OrderResult(order))
    after = order.facets._replace(stage="completed")
    order = move(order, after, Telling((), command.source, ""), facts, changes)
    changes.orders.put(order)
    return Decision(changes, OrderResult(order))
