"""Writing a note beside an order."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.naming import visible
from entrepot.core.needs import Needs
from entrepot.core.notes import NOTES, OrderNote
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult

TEXT_MAX = 10_000  # characters


class NoteOrder(NamedTuple):
    """Write a note beside an order."""

    org: int
    order_id: bytes
    author: str
    text: str


def wants(command: NoteOrder, needs: Needs) -> None:
    """The order."""
    needs.orders.add((command.org, command.order_id))


def note(command: NoteOrder, facts: Facts) -> Decision:
    """Keep the note. The order stays as it is: a note is no change of the order.

    Refused: unknown order, a text that is blank or longer than `TEXT_MAX`.
    """
    order = facts.orders.get((command.org, command.order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    visible(command.text, "text")
    if len(command.text) > TEXT_MAX:
        raise refuse(Reason.INVALID, f"must not be longer than {TEXT_MAX:,} characters", "text")
    changes = Changes(facts)
    made = OrderNote(
        command.org, facts.new_id(), command.order_id, command.author, command.text, facts.now
    )
    changes.of(NOTES).put(made)
    return Decision(changes, OrderResult(order, note=made))
