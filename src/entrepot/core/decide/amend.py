"""Amending an order: words, fields and lines together, all or nothing."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import ahead, events, returns, shipments, shown
from entrepot.core import properties as free
from entrepot.core.changes import Changes
from entrepot.core.commands import AmendPaths, DraftLine
from entrepot.core.decide import capturing, goods, price, sending, times
from entrepot.core.decide.catalogue import make_line
from entrepot.core.decide.moves import Telling, move, tell
from entrepot.core.facets import RUNNING
from entrepot.core.facts import Facts
from entrepot.core.kinds import OwnLine
from entrepot.core.lifecycle import NOT_LEFT
from entrepot.core.money import RANGE, Amount, priceable, stripped
from entrepot.core.needs import Needs, PricedLines
from entrepot.core.order import Line, Order, revision, subtotal
from entrepot.core.order_reason import OrderReason
from entrepot.core.organization import SETTINGS
from entrepot.core.quantity import Quantity
from entrepot.core.refusal import Reason, Refusal, Refused, refuse
from entrepot.core.results import Decision, OrderResult

LINES_MAX = 500
DETAIL_MAX = 500  # characters
SECOND = 1_000_000  # microseconds


class LineChange(NamedTuple):
    """The changes of a line; None leaves a field as it is."""

    where: str
    line_id: bytes
    quantity: Quantity | None = None
    unit_of_measure: str | None = None
    currency: str | None = None
    price: Amount | None = None
    cost: Amount | None = None
    properties: dict[str, Any] | None = None
    # The goods of the line, if they were told with it: they do not change.
    variant_id: bytes | None = None
    entry_id: bytes | None = None


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
    # The told currencies that ISO 4217 does not have.
    odd_currencies: frozenset[str] = frozenset()
    # Revisions (core.order.revision) one of which the order must have; None where any will do.
    expected: frozenset[str] | None = None
    # The second after which the order must not have changed; None where it may have.
    unmodified_since: int | None = None
    paths: AmendPaths = AmendPaths()
    # Why the order is cancelled, as somebody told it.
    reason: str = ""
    # Whether the organization has price lists that are assigned to customers.
    looks_at_prices: bool = False


def wants(command: AmendOrder, needs: Needs) -> None:
    """The whole order, the stock of its new lines, and its steps where a word ends it."""
    org, order_id = command.org, command.order_id
    needs.bring(org, command.said)
    needs.whole_order(org, order_id)
    needs.ending.add((org, order_id))
    needs.of_lines(org, command.create_lines, stock=True)
    if command.looks_at_prices:
        needs.priced.append(PricedLines(org, command.create_lines, order_id=order_id))
    if command.words:
        needs.moving.add((org, order_id))
        needs.of(SETTINGS).add((org,))


def amend(command: AmendOrder, facts: Facts) -> Decision:
    """Apply deletes, updates, creates, fields, then words. Any refusal leaves the order untouched.

    Refused: unknown order or line, a second line of one entry, lines, total or currency of an order
    that has a payment, the last line, an illegal move, too little stock for a larger line, a line
    below what was shipped of it, a time that cannot be.
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
        order = order.changed(properties=_merged(order.properties, command.properties))
    if order != before:
        if not order.managed:
            # Its sender owns what it tells: the same telling again is no repeat, and restores it.
            order = order.changed(sender_digest=None)
        order, amended = events.amended(before, order, facts, command.source)
        changes.events.append(amended)
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
    since, expected = command.unmodified_since, command.expected
    if (expected is not None and revision(before) not in expected) or (
        since is not None and before.updated_at // SECOND > since
    ):
        raise refuse(Reason.CHANGED_MEANWHILE)


def _with_lines(before: Order, command: AmendOrder, facts: Facts, changes: Changes) -> Order:
    touches = bool(command.create_lines or command.update_lines or command.delete_lines)
    currency = command.said.get("currency", before.currency)
    _sellable_currency(currency, before.currency, before, command, command.paths.currency)
    # A value that was read and is sent back as it was changes nothing, and nothing forbids it.
    lines_weigh = _weighs(command, before)
    weighs = lines_weigh or _other(command.total, before.total) or currency != before.currency
    if not touches and not weighs:
        return before
    lines = list(before.lines)
    if currency != before.currency:
        lines = _in_currency(lines, before, currency, facts, changes)
    if touches:
        named = before.changed(currency=currency)
        lines = _delete(lines, command, named, changes)
        lines = _update(lines, command, named, facts, changes)
        lines = _create(lines, command, named, facts, changes)
    summed = subtotal(lines, currency)
    total = before.total
    if _other(command.total, before.total):
        total = command.total or total
    elif command.total is None and lines_weigh:
        total = summed
    if before.managed and total.units < 0 and _other(total, before.total):
        raise refuse(Reason.INVALID, "must be 0 or more", command.paths.total)
    # Values that no order can have are refused before values that this order's payment forbids.
    if weighs:
        _payment_allows(before, facts)
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


def _weighs(command: AmendOrder, before: Order) -> bool:
    """Whether lines change in what is paid or shipped: not in unit, cost or properties."""
    if command.create_lines or command.delete_lines:
        return True
    lines = {line.id: line for line in before.lines}
    return any(
        change.line_id in lines and _changes(change, lines[change.line_id])
        for change in command.update_lines
    )


def _changes(change: LineChange, line: Line) -> bool:
    return (
        change.quantity not in (None, line.quantity)
        or change.currency not in (None, line.currency)
        or _other(change.price, line.price)
    )


def _other(told: Amount | None, known: Amount) -> bool:
    """Whether an amount was told that is not the one the book has, however it is written."""
    return told is not None and stripped(*told) != stripped(*known)


def _merged(known: str | None, told: dict[str, Any]) -> str:
    return free.text_of(free.merged(free.parse(known or "{}"), told))


def _payment_allows(order: Order, facts: Facts) -> None:
    """Refuse a change of what an order with a payment costs: it is fixed once the order is
    accepted.

    Nothing here depends on how far the pipeline is. Without a payment lines change until the goods
    leave, and while a part of the goods has not left.
    """
    if not order.managed:
        return
    facets = ahead.stand(order)
    if facets.stage not in RUNNING:
        raise refuse(Reason.ILLEGAL_MOVE, f"lines of a {facets.stage} order do not change")
    if order.payment_provider is not None:
        raise Refused(Refusal(Reason.AMOUNT_FIXED, advice=capturing.instead(order.facets.payment)))
    if facets.fulfilment not in NOT_LEFT and not sending.is_in_parts(order, facts):
        sentence = f"lines of goods that are {facets.fulfilment} do not change"
        raise refuse(Reason.ILLEGAL_MOVE, sentence)


def _in_currency(
    lines: list[Line], order: Order, currency: str, facts: Facts, changes: Changes
) -> list[Line]:
    """The order is in another currency: its lines follow, for their sum is the order's."""
    named = [
        line._replace(currency=currency, updated_at=max(facts.now, line.updated_at))
        if line.currency == order.currency
        else line
        for line in lines
    ]
    changes.lines.put_all(
        OwnLine(order.org, order.id, line) for line in named if line.currency == currency
    )
    return named


def _one_currency(order: Order, line: Line, where: str) -> Line:
    if order.managed and line.currency != order.currency:
        sentence = f"must be the order's, {order.currency}"
        raise refuse(Reason.INVALID, sentence, field=f"{where}.currency")
    return line


def _sellable(order: Order, line: Line, before: Line | None, where: str) -> None:
    """Demand of an amended line what creating an order demands of a line.

    A mirrored order's sender may tell anything. So may a client that sends back the values that the
    line had before.
    """
    if not order.managed:
        return
    if line.quantity <= 0 and (before is None or line.quantity != before.quantity):
        raise refuse(Reason.INVALID, "must be more than 0", f"{where}.quantity")
    for name in ("price", "cost"):
        amount: Amount = getattr(line, name)
        if amount.units < 0 and (before is None or amount != getattr(before, name)):
            raise refuse(Reason.INVALID, "must be 0 or more", f"{where}.{name}")


def _sellable_currency(
    told: str, known: str, order: Order, command: AmendOrder, field: str
) -> None:
    """An order that Entrepot runs is in a currency of ISO 4217, or in the one that it has."""
    if order.managed and told != known and told in command.odd_currencies:
        raise refuse(Reason.INVALID, "is no ISO 4217 currency", field)


def _delete(lines: list[Line], command: AmendOrder, order: Order, changes: Changes) -> list[Line]:
    for where, line_id in command.delete_lines:
        line = next((one for one in lines if one.id == line_id), None)
        if line is None:
            raise refuse(Reason.UNKNOWN_LINE, field=where)
        lines.remove(line)
        changes.lines.remove((order.org, order.id, line.id))
    return lines


def _update(
    lines: list[Line], command: AmendOrder, order: Order, facts: Facts, changes: Changes
) -> list[Line]:
    for change in command.update_lines:
        place = next((i for i, one in enumerate(lines) if one.id == change.line_id), None)
        if place is None:
            raise refuse(Reason.UNKNOWN_LINE, field=f"{change.where}.id")
        known = lines[place]
        told = change.currency or known.currency
        _sellable_currency(told, known.currency, order, command, f"{change.where}.currency")
        _same_goods(known, change, command.paths)
        lines[place] = _one_currency(order, _changed(known, change, facts), change.where)
        _sellable(order, lines[place], known, change.where)
        if lines[place] is not known:
            changes.lines.put(OwnLine(order.org, order.id, lines[place]))
    return lines


def _same_goods(line: Line, change: LineChange, paths: AmendPaths) -> None:
    """A line that is told with its goods, as it is read, is told with its own."""
    for name, told, known in (
        (paths.variant, change.variant_id, line.variant_id),
        (paths.entry, change.entry_id, line.entry_id),
    ):
        if told not in (None, known):
            sentence = "a line keeps its goods: delete the line and create another"
            raise refuse(Reason.INVALID, sentence, f"{change.where}.{name}")


def _changed(line: Line, change: LineChange, facts: Facts) -> Line:
    properties = line.properties
    if change.properties is not None:
        properties = _merged(properties, change.properties)
    changed = line._replace(
        quantity=line.quantity if change.quantity is None else change.quantity,
        unit_of_measure=change.unit_of_measure or line.unit_of_measure,
        currency=change.currency or line.currency,
        price=change.price if change.price and _other(change.price, line.price) else line.price,
        cost=change.cost if change.cost and _other(change.cost, line.cost) else line.cost,
        properties=properties,
    )
    at = max(facts.now, line.updated_at)
    return line if changed == line else changed._replace(updated_at=at)


def _create(
    lines: list[Line], command: AmendOrder, order: Order, facts: Facts, changes: Changes
) -> list[Line]:
    location = facts.orgs[order.org].default_location if order.managed else None
    number = max((line.number for line in order.lines), default=0)
    drafts = command.create_lines
    if command.looks_at_prices or facts.list_of_entry:
        drafts = price.for_order(drafts, order, facts, changes)
    for draft in drafts:
        number += 1
        here = draft._replace(location_id=draft.location_id or location)
        line = make_line(here, number, order.org, order.currency, facts, changes)
        if any(one.entry_id == line.entry_id for one in lines):
            raise refuse(Reason.DUPLICATE_ENTRY, field=f"{draft.where}.{draft.variant.field}")
        _sellable_currency(line.currency, order.currency, order, command, f"{draft.where}.currency")
        lines.append(_one_currency(order, line, draft.where))
        _sellable(order, line, None, draft.where)
        changes.lines.put(OwnLine(order.org, order.id, line))
    if len(lines) > LINES_MAX:
        sentence = f"an order has at most {LINES_MAX} lines"
        raise refuse(Reason.INVALID, sentence, command.paths.new_lines)
    if order.managed and not lines:
        raise refuse(Reason.INVALID, "an order has at least one line", command.delete_lines[-1][0])
    return lines
