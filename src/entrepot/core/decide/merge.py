"""Merging two orders of one buyer: the older order takes the lines, the newer order ends."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events, merging
from entrepot.core.changed import changed
from entrepot.core.changes import Changes
from entrepot.core.decide import goods
from entrepot.core.decide.amended_lines import LINES_MAX
from entrepot.core.decide.capturing import settings_of
from entrepot.core.decide.moves import stand
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.invoices import INVOICES
from entrepot.core.kinds import OwnLine
from entrepot.core.merging import Taken
from entrepot.core.money import Amount, priceable
from entrepot.core.needs import Needs
from entrepot.core.order import Order, Reservation, subtotal
from entrepot.core.order_reason import OrderReason
from entrepot.core.organization import SETTINGS
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult

DETAIL_MAX = 500  # characters


class MergeOrders(NamedTuple):
    """Pipeline: have the older of two orders take the lines of the newer one, if the rule says so.

    `origin` is the dialect whose orders are merged: both orders came through it, and it is the
    source of the events.
    """

    org: int
    origin: str
    order_id: bytes  # the older one
    newer_id: bytes


def wants(command: MergeOrders, needs: Needs) -> None:
    """Both orders with their stock and their steps, and what the organization chose."""
    for order_id in (command.order_id, command.newer_id):
        needs.whole_order(command.org, order_id)
        needs.steps.add((command.org, order_id))
    needs.of(SETTINGS).add((command.org,))


def merge(command: MergeOrders, facts: Facts) -> Decision:
    """Move the lines and what they claim of the stock. Refused where the orders stay apart.

    The reserved stock of a shelf is the same before and after: no stock can be lacking.
    """
    org, changes = command.org, Changes(facts)
    into, other = (facts.orders.get((org, id_)) for id_ in (command.order_id, command.newer_id))
    if into is None or other is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    _may_be_one(command, into, other, facts)
    now = facts.now
    lines = merging.taken(into, other, facts.new_id, now)
    _claim(into, other, lines, facts, changes)
    changes.lines.put_all([OwnLine(org, into.id, one.line) for one in lines])
    after = _with_lines(into, other, lines)
    after = after.changed(
        notes=merging.joined_notes(into, other),
        properties=merging.joined_properties(into, other),
        reason=OrderReason.MERGED, reason_detail=_also(into, other),
    )  # fmt: skip
    detail = {"changed": changed(into, after), "merged": _named(other)}
    after, amended = events.happened(after, events.ORDER_AMENDED, facts, command.origin, detail)
    ended = stand(other, other.facets._replace(stage="cancelled"))
    ended = ended.changed(
        reason=OrderReason.MERGED, reason_detail=f"its lines are in order #{into.number}"
    )
    told = {"merged_into": _named(into)}
    ended, cancelled = events.happened(ended, events.ORDER_CANCELLED, facts, command.origin, told)
    changes.orders.put_all((after, ended))
    changes.events += [amended, cancelled]
    return Decision(changes, OrderResult(after))


def _may_be_one(command: MergeOrders, into: Order, other: Order, facts: Facts) -> None:
    """Refuse to merge orders that stay apart, and say why."""
    since = settings_of(command.org, facts).merging_since
    why = merging.apart(into, other, since)
    if why is None:
        why = _apart(command, into, other, facts)
    if why is not None:
        raise refuse(Reason.ILLEGAL_MOVE, f"the orders stay apart: {why}")


def _apart(command: MergeOrders, into: Order, other: Order, facts: Facts) -> str | None:
    """Why two orders stay apart for what hangs on them, or for what they would be together."""
    if into.origin != command.origin:
        return f"orders of {into.origin} are not merged"
    if into.customer_id == facts.orgs[command.org].guest_id:
        return "nobody knows whether their buyers are one"
    for order in (into, other):
        key = (order.org, order.id)
        if facts.group(INVOICES, key):
            return f"order #{order.number} has an invoice"
        if any((job.org, job.order_id) == key for job in facts.jobs.values()):
            return f"a step of order #{order.number} is under way"
    lines = merging.taken(into, other, lambda: b"", 0)
    if len(into.lines) + sum(one.is_new for one in lines) > LINES_MAX:
        return f"an order has at most {LINES_MAX} lines"
    together = _with_lines(into, other, lines)
    if not priceable(together.subtotal, together.total):
        return "the order's total would be out of range"
    return None


def _with_lines(into: Order, other: Order, lines: list[Taken]) -> Order:
    """The older order with these lines, at the price of both orders."""
    its = {line.id: line for line in into.lines}
    kept = [one.line for one in lines if not one.is_new]
    its |= {line.id: line for line in kept}
    all_lines = (*its.values(), *[one.line for one in lines if one.is_new])
    scale = max(into.total.scale, other.total.scale)
    total = Amount(into.total.at(scale) + other.total.at(scale), scale)
    return into.costing(subtotal(all_lines, into.currency), total).changed(lines=all_lines)


def _claim(into: Order, other: Order, lines: list[Taken], facts: Facts, changes: Changes) -> None:
    """What the newer order's lines claim of the stock is the older order's from now on.

    Refused where the two lines of one entry do not both claim stock: what a line claims is what it
    says, or nothing.
    """
    mine, theirs = (goods.reservations_of(one, facts, changes) for one in (into, other))
    for one in lines:
        its, claim = mine.get(one.line.id), theirs.get(one.of.id)
        if not one.is_new and (its is None) != (claim is None):
            raise refuse(Reason.ILLEGAL_MOVE, "the orders stay apart: one line claims no stock")
        if claim is None:
            continue
        for each in (claim, its or claim):
            if (each.state, each.shipped) != ("committed", 0):
                raise refuse(Reason.ILLEGAL_MOVE, f"the orders stay apart: stock is {each.state}")
        changes.reservations.put(claim._replace(state="released", updated_at=facts.now))
        changes.reservations.put(_larger(one, its or claim, into, facts))


def _larger(one: Taken, known: Reservation, into: Order, facts: Facts) -> Reservation:
    """The claim of a line of the older order, on all that the line now says."""
    return known._replace(
        order_id=into.id, line_id=one.line.id, quantity=one.line.quantity, updated_at=facts.now
    )


def _named(order: Order) -> dict[str, object]:
    """How events name the other order: by all that it is found by."""
    named = {"order_id": dashed(order.id), "number": order.number}
    reference = order.external_reference
    return named if reference is None else {**named, "external_reference": reference}


def _also(into: Order, other: Order) -> str:
    """Whose lines the older order has, beside its own."""
    known = into.reason_detail if into.reason == OrderReason.MERGED else None
    told = f"{known}, #{other.number}" if known else f"with the lines of order #{other.number}"
    return told[:DETAIL_MAX]
