"""The lines of an order that is amended: lines go, change and come, and what each may be."""

from __future__ import annotations

from typing import Any, Protocol

from entrepot.core import properties as free
from entrepot.core.changes import Changes
from entrepot.core.commands import AmendPaths, DraftLine, LineChange
from entrepot.core.decide import named_twice, price
from entrepot.core.decide.catalogue import duplicate_line, make_line
from entrepot.core.exponents import floored
from entrepot.core.facts import Facts
from entrepot.core.kinds import OwnLine
from entrepot.core.money import Amount, stripped
from entrepot.core.order import Line, Order
from entrepot.core.refusal import Reason, refuse

LINES_MAX = 500


class Amends(Protocol):
    """A command that changes lines: deletes, updates, creates. See `core.decide.amend`."""

    @property
    def create_lines(self) -> tuple[DraftLine, ...]:
        """Lines that come."""
        ...

    @property
    def update_lines(self) -> tuple[LineChange, ...]:
        """Lines that change."""
        ...

    @property
    def delete_lines(self) -> tuple[tuple[str, bytes], ...]:
        """Lines that go, with where each was told."""
        ...

    @property
    def odd_currencies(self) -> frozenset[str]:
        """The told currencies that nobody can pay in, or that ISO 4217 does not have."""
        ...

    @property
    def one_line_an_entry(self) -> bool:
        """Whether the order may have no second line of one entry of a list."""
        ...

    @property
    def looks_at_prices(self) -> bool:
        """Whether the organization has price lists that are assigned to customers."""
        ...

    @property
    def paths(self) -> AmendPaths:
        """The sender's names for the members of the change."""
        ...


def weighs(command: Amends, before: Order) -> bool:
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
        or other(change.price, line.price)
    )


def other(told: Amount | None, known: Amount) -> bool:
    """Whether an amount was told that is not the one the book has, however it is written."""
    return told is not None and stripped(*told) != stripped(*known)


def costs(before: Order, summed: Amount) -> Amount:
    """What an order costs whose lines come to so much by now: its costs of shipping stay, and a
    discount is the same share of the lines as before.
    """
    scale = max(summed.scale, before.subtotal.scale, before.total.scale)
    units, was, paid = (one.at(scale) for one in (summed, before.subtotal, before.total))
    if paid >= was or was <= 0:
        return Amount(units + max(paid - was, 0), scale)
    service = (before.payment_provider or "").lower()
    return Amount(floored(service, before.currency, Amount(paid * units // was, scale)), scale)


def merged(known: str | None, told: dict[str, Any]) -> str:
    """The properties that are known with those that were told, as JSON text."""
    return free.text_of(free.merged(free.parse(known or "{}"), told))


def in_currency(
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


def sellable_currency(told: str, known: str, order: Order, command: Amends, field: str) -> None:
    """An order that Entrepot runs is in a currency that can be paid in, or in the one it has."""
    if order.managed and told != known and told in command.odd_currencies:
        raise refuse(Reason.INVALID, f"{told} is no money that can be paid in", field)


def delete(lines: list[Line], command: Amends, order: Order, changes: Changes) -> list[Line]:
    """The lines without those that go."""
    for where, line_id in command.delete_lines:
        line = next((one for one in lines if one.id == line_id), None)
        if line is None:
            raise refuse(Reason.UNKNOWN_LINE, field=where)
        lines.remove(line)
        changes.lines.remove((order.org, order.id, line.id))
    return lines


def update(
    lines: list[Line], command: Amends, order: Order, facts: Facts, changes: Changes
) -> list[Line]:
    """The lines as they change. Refused: a line that is named twice."""
    named_twice.refuse([(one.line_id, one) for one in command.update_lines], "line")
    for change in command.update_lines:
        place = next((i for i, one in enumerate(lines) if one.id == change.line_id), None)
        if place is None:
            raise refuse(Reason.UNKNOWN_LINE, field=f"{change.where}.id")
        known = lines[place]
        told = change.currency or known.currency
        sellable_currency(told, known.currency, order, command, f"{change.where}.currency")
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
        properties = merged(properties, change.properties)
    changed = line._replace(
        quantity=line.quantity if change.quantity is None else change.quantity,
        unit_of_measure=change.unit_of_measure or line.unit_of_measure,
        currency=change.currency or line.currency,
        price=change.price if change.price and other(change.price, line.price) else line.price,
        cost=change.cost if change.cost and other(change.cost, line.cost) else line.cost,
        properties=properties,
    )
    at = max(facts.now, line.updated_at)
    return line if changed == line else changed._replace(updated_at=at)


def create(
    lines: list[Line], command: Amends, order: Order, facts: Facts, changes: Changes
) -> list[Line]:
    """The lines and those that come."""
    location = facts.orgs[order.org].default_location if order.managed else None
    number = max((line.number for line in order.lines), default=0)
    drafts = command.create_lines
    if command.looks_at_prices or facts.list_of_entry:
        drafts = price.for_order(drafts, order, facts, changes)
    for draft in drafts:
        number += 1
        here = draft._replace(location_id=draft.location_id or location)
        line = make_line(here, number, order.org, order.currency, facts, changes)
        if command.one_line_an_entry and any(one.entry_id == line.entry_id for one in lines):
            raise duplicate_line(draft)
        sellable_currency(line.currency, order.currency, order, command, f"{draft.where}.currency")
        lines.append(_one_currency(order, line, draft.where))
        _sellable(order, line, None, draft.where)
        changes.lines.put(OwnLine(order.org, order.id, line))
    if len(lines) > LINES_MAX:
        sentence = f"an order has at most {LINES_MAX} lines"
        raise refuse(Reason.INVALID, sentence, command.paths.new_lines)
    if order.managed and not lines:
        raise refuse(Reason.INVALID, "an order has at least one line", command.delete_lines[-1][0])
    return lines
