"""A return is asked for, and the shop agrees or does not."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events, returns
from entrepot.core.changes import Changes
from entrepot.core.decide import moves, returning, sending
from entrepot.core.decide.returning import Happened
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult
from entrepot.core.returns import RETURN_LINES, RETURNS, Return, ReturnLine
from entrepot.core.shipments import Part

REASON_MAX = 500  # characters


class RequestReturn(NamedTuple):
    """Goods of an order are to come back. Without `lines`: all that left, is not back and is not
    waited for by another return.
    """

    org: int
    source: str
    order_id: bytes
    lines: tuple[Part, ...] | None = None
    reason: str = ""


class ApproveReturn(NamedTuple):
    """The shop agrees to take the goods of a return back."""

    org: int
    source: str
    return_id: bytes


class RefuseReturn(NamedTuple):
    """The shop does not take the goods of a return back."""

    org: int
    source: str
    return_id: bytes


def wants(command: RequestReturn, needs: Needs) -> None:
    """The whole order."""
    needs.whole_order(command.org, command.order_id)


def request(command: RequestReturn, facts: Facts) -> Decision:
    """Write the return down, so that its goods are waited for by no other.

    Refused: an unknown order or line, an order that another system runs or whose goods cannot come
    back, more of a line than is out.
    """
    order = facts.orders.get((command.org, command.order_id))
    if order is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    if len(command.reason) > REASON_MAX:
        sentence = f"must not be longer than {REASON_MAX} characters"
        raise refuse(Reason.INVALID, sentence, "reason")
    returning.can_come_back(order)
    changes = Changes(facts)
    out = returning.out_of(order, facts, changes)
    parts = out if command.lines is None else sending.parts(command.lines, order, out, "out")
    if not parts:
        raise refuse(Reason.ILLEGAL_MOVE, returning.none_is_out(order, facts, changes))
    key = (order.org, order.id)
    number = len(facts.group(RETURNS, key)) + 1
    reason = command.reason or None
    one = Return(*key, number, None, facts.new_id(), "requested", reason, facts.now)
    changes.of(RETURNS).put(one)
    changes.of(RETURN_LINES).put_all(
        ReturnLine(*key, number, line_id, quantity) for line_id, quantity in parts.items()
    )
    after = returns.asked(order.facets, [one])
    order, end = moves.on_the_way(order, after, command.source, "", facts, changes)
    detail: dict[str, Any] = {"return": number, "lines": sending.as_told(parts)}
    detail |= {"reason": reason} if reason else {}
    happened = Happened(events.RETURN_REQUESTED, command.source, detail)
    order = returning.told(moves.stand(order, end), happened, facts, changes)
    return returning.decided(order, one.number, facts, changes)


def wants_to_answer(command: ApproveReturn | RefuseReturn, needs: Needs) -> None:
    """The whole order that has the return."""
    needs.returns.add((command.org, command.return_id))


def approve(command: ApproveReturn, facts: Facts) -> Decision:
    """The goods may come. An approved return stays as it is.

    Refused: an unknown return, one that came to its end.
    """
    return _answered(command, "approved", events.RETURN_APPROVED, facts)


def refuse_return(command: RefuseReturn, facts: Facts) -> Decision:
    """The goods are waited for no more. A refused return stays as it is.

    Refused: an unknown return, one whose goods came.
    """
    return _answered(command, "refused", events.RETURN_REFUSED, facts)


def _answered(
    command: ApproveReturn | RefuseReturn, state: str, type_: str, facts: Facts
) -> Decision:
    order, one = returning.found(command.org, command.return_id, facts)
    changes = Changes(facts)
    if one.state == state:
        return Decision(
            changes, OrderResult(order, back=returning.full(order, one, facts, changes))
        )
    returning.may_become(one, state)
    one = one.moved(state, facts.now)
    changes.of(RETURNS).put(one)
    after = returns.asked(order.facets, returning.returns_of(order, facts, changes).values())
    order, end = moves.on_the_way(order, after, command.source, "", facts, changes)
    happened = Happened(type_, command.source, {"return": one.number})
    order = returning.told(moves.stand(order, end), happened, facts, changes)
    return returning.decided(order, one.number, facts, changes)
