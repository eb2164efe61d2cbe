"""Amending an order: words, fields and lines together, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from entrepot.core import ahead, events, returns, shipments, shown
from entrepot.core.changes import Changes
from entrepot.core.commands import AmendPaths, DraftLine, LineChange
from entrepot.core.decide import amended_lines, difference, goods, sending, times
from entrepot.core.decide.moves import Telling, move, tell
from entrepot.core.expected import ANY, Expected
from entrepot.core.facets import RUNNING
from entrepot.core.facts import Facts
from entrepot.core.lifecycle import NOT_LEFT
from entrepot.core.money import RANGE, Amount, payable, priceable
from entrepot.core.needs import Needs, PricedLines
from entrepot.core.order import Order, revision, subtotal
from entrepot.core.order_reason import OrderReason
from entrepot.core.organization import SETTINGS
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult

DETAIL_MAX = 500  # characters


class AmendOrder(NamedTuple):
    """Change an order and its lines together: deletes, updates, creates; all or nothing."""

    org: int
    source: str
    order_id: bytes
    words: tuple[tuple[str, str], ...] = ()
    said: dict[str, Any] = {}  # noqa: RUF012 - as in PlaceOrder
    total: Amount | None = None
    properties: dict[str, Any] | None = None
    create_lines: tuple[DraftLine, ...] = ()
    update_lines: tuple[LineChange, ...] = ()
    delete_lines: tuple[tuple[str, bytes], ...] = ()
    # The told currencies that nobody can pay in, or that ISO 4217 does not have.
    odd_currencies: frozenset[str] = frozenset()
    expected: Expected = ANY
    paths: AmendPaths = AmendPaths()
    # Why the order is cancelled, as somebody told it.
    reason: str = ""
    # Whether the organization has price lists that are assigned to customers.
    looks_at_prices: bool = False
    # The service's reference of a further payment, for what a paid order comes to cost more.
    payment_reference: str | None = None
    # Whether the order may have no second line of one entry of a list.
    one_line_an_entry: bool = False
    # Whether costs of shipping, or a discount, stay where lines change and no total is told.
    keeps_costs: bool = False
    # The decimal places of the smallest amount of each currency that a payment can be asked for.
    places: Mapping[str, int] = MappingProxyType({})


def wants(command: AmendOrder, needs: Needs) -> None:
    """The whole order, the stock of its new lines, and its steps where a word ends it."""
    org, order_id = command.org, command.order_id
    needs.bring(org, command.said)
    needs.whole_order(org, order_id)
    needs.ending.add((org, order_id))
    needs.of_lines(org, command.create_lines, stock=True)
    if command.looks_at_prices:
        needs.priced.append(PricedLines(org, command.create_lines, order_id=order_id))
    if command.words or _touches_money(command):
        needs.moving.add((org, order_id))
    if command.words:
        needs.of(SETTINGS).add((org,))
    if command.payment_reference is not None:
        needs.paying[org, order_id] = command.payment_reference


def _touches_money(command: AmendOrder) -> bool:
    """Whether the command may change what the order costs."""
    lines = command.create_lines or command.update_lines or command.delete_lines
    return bool(lines) or command.total is not None or command.payment_reference is not None


def amend(command: AmendOrder, facts: Facts) -> Decision:
    """Apply deletes, updates, creates, fields, then words. Any refusal leaves the order untouched.

    What a paid order costs more or less moves by its payments: see `core.decide.difference`.
    Refused: unknown order or line, a second line of one entry, a total that the order's payment
    cannot follow, the last line, an illegal move, too little stock for a larger line, a line below
    what was shipped of it, a time that cannot be.
    """
    before = facts.orders.get((command.org, command.order_id))
    if before is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    _as_expected(before, command)
    changes = Changes(facts)
    order = _with_lines(before, command, facts, changes)
    said = _news(command, before)
    order = order.changed(**said) if said else order
    if command.properties is not None:
        order = order.changed(properties=amended_lines.merged(order.properties, command.properties))
    if order != before:
        if not order.managed:
            # Its sender owns what it tells: the same telling again is no repeat, and restores it.
            order = order.changed(sender_digest=None)
        order, amended = events.amended(before, order, facts, command.source)
        changes.events.append(amended)
    order = _paid(before, order, command, facts, changes)
    if order != before:
        order = _all_left(order, command, facts, changes)
    if command.words:
        telling = Telling(command.words, command.source, command.paths.order)
        order = tell(order, telling, facts, changes)
        if command.reason and order.reason == OrderReason.CANCELLED != before.reason:
            told = f"told by {command.source}: {command.reason}"
            order = order.changed(reason_detail=told[:DETAIL_MAX])
    if order.managed:
        times.hold(before, order, said, facts, command.paths)
    if order != before:
        order = order.changed(updated_at=max(facts.now, before.updated_at + 1000))
        changes.orders.put(order)
    return Decision(changes, OrderResult(order))


def _as_expected(before: Order, command: AmendOrder) -> None:
    """Refuse to overwrite what somebody else has changed since the sender read it."""
    if not command.expected.met_by(revision(before), before.updated_at):
        raise refuse(Reason.CHANGED_MEANWHILE)


def _with_lines(before: Order, command: AmendOrder, facts: Facts, changes: Changes) -> Order:
    touches = bool(command.create_lines or command.update_lines or command.delete_lines)
    currency = command.said.get("currency", before.currency)
    amended_lines.sellable_currency(
        currency, before.currency, before, command, command.paths.currency
    )
    # A value that was read and is sent back as it was changes nothing, and nothing forbids it.
    lines_weigh = amended_lines.weighs(command, before)
    weighs = (
        lines_weigh
        or amended_lines.other(command.total, before.total)
        or currency != before.currency
    )
    if not touches and not weighs:
        return before
    lines = list(before.lines)
    if currency != before.currency:
        lines = amended_lines.in_currency(lines, before, currency, facts, changes)
    if touches:
        named = before.changed(currency=currency)
        lines = amended_lines.delete(lines, command, named, changes)
        lines = amended_lines.update(lines, command, named, facts, changes)
        lines = amended_lines.create(lines, command, named, facts, changes)
    summed = subtotal(lines, currency)
    if before.managed and before.payment_provider is not None and before.facets.payment != "none":
        # As when the order was placed: what is stored, shown and asked for is one figure. An order
        # of whole prices may have fewer places than its currency.
        finest = command.places.get(currency, 0)
        summed = payable(summed, max(finest, before.subtotal.scale, before.total.scale))
    total = before.total
    if amended_lines.other(command.total, before.total):
        total = command.total or total
    elif command.total is None and lines_weigh:
        total = amended_lines.costs(before, summed) if command.keeps_costs else summed
    if before.managed and total.units < 0 and amended_lines.other(total, before.total):
        raise refuse(Reason.INVALID, "must be 0 or more", command.paths.total)
    # Values that no order can have are refused before values that this order's payment forbids.
    if weighs:
        _may_cost_another(before, total, currency, facts, command)
    if lines_weigh and before.managed:
        where = {change.line_id: change.where for change in command.update_lines}
        where |= {line_id: path for path, line_id in command.delete_lines}
        sending.hold_to_shipped(before, lines, where, facts, changes)
    if not priceable(summed, total):
        sentence = f"the order's total, {total.text()}, is out of range: {RANGE}"
        raise refuse(Reason.INVALID, sentence, command.paths.total)
    order = before.costing(summed, total).changed(lines=tuple(lines))
    if lines_weigh and before.managed and before.facets.stage in ("placed", "confirmed"):
        goods.reclaim(before, order, facts, changes)
    return order


def _paid(
    before: Order, order: Order, command: AmendOrder, facts: Facts, changes: Changes
) -> Order:
    """The order, whose payments follow what it costs now."""
    reference = command.payment_reference
    if not amended_lines.other(order.total, before.total) and reference is None:
        return order
    if not order.managed or order.payment_provider is None:
        if reference is None:
            return order
        sentence = "names a further payment, and the order has none yet"
        raise refuse(Reason.INVALID, sentence, difference.REFERENCE)
    if reference is not None and order.facets.stage not in RUNNING:
        raise refuse(Reason.ILLEGAL_MOVE, f"a {order.facets.stage} order takes no further payment")
    funds = difference.allow(order, order.total, facts, command.paths.total)
    return difference.settle(order, funds, reference, command.source, facts, changes)


def _all_left(order: Order, command: AmendOrder, facts: Facts, changes: Changes) -> Order:
    """The order, on its way where its lines are down to what was shipped of them."""
    if not sending.is_in_parts(order, facts):
        return order
    if shipments.left(order, sending.gone_of(order, facts, changes)):
        return order
    after = shipments.shipped(order.facets, whole=True)
    after = shipments.arrived(after, sending.shipments_of(order, facts, changes))
    if back := sending.back_of(order, facts, changes):
        after = returns.returned(after, order.lines, back)
    telling = Telling((), command.source, command.paths.order)
    return move(order, after, telling, facts, changes)


def _news(command: AmendOrder, before: Order) -> dict[str, Any]:
    """The told values that are news: without values that the order shows already (times to the
    millisecond), also if another dialect told them. An address that is corrected takes the place of
    the earlier address.
    """
    expected = before.expected_at
    times = {
        "expected_at": shown.created_at(before) if expected is None else expected,
        "shipped_at": before.shipped_at,
        "delivered_at": before.delivered_at,
    }
    news = dict(command.said)
    texts = {
        "external_id": shown.external_id(before),
        "external_reference": shown.reference(before, command.source),
        "delivery_address": shown.address(before),
    }
    for name, text in texts.items():
        if name in news and news[name] == text:
            del news[name]
    if "delivery_address" in news:
        news["address"] = None
    for name, known in times.items():
        told = command.said.get(name)
        if told is not None and known is not None and told // 1000 == known // 1000:
            del news[name]
    return news


def _may_cost_another(
    order: Order, total: Amount, currency: str, facts: Facts, command: AmendOrder
) -> None:
    """Refuse a change of what an order costs that its payment cannot follow.

    Lines change until the goods leave, and while a part of the goods has not left.
    """
    if not order.managed:
        return
    facets = ahead.stand(order)
    if facets.stage not in RUNNING:
        raise refuse(Reason.ILLEGAL_MOVE, f"lines of a {facets.stage} order do not change")
    if order.payment_provider is not None:
        if currency != order.currency:
            raise difference.fixed("")
        difference.allow(order, total, facts, command.paths.total)
    if facets.fulfilment not in NOT_LEFT and not sending.is_in_parts(order, facts):
        sentence = f"lines of goods that are {facets.fulfilment} do not change"
        raise refuse(Reason.ILLEGAL_MOVE, sentence)
