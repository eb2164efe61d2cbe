"""Amending an order: words, fields and lines together, all or nothing."""

from __future__ import annotations

import json
from typing import Any

from entrepot.core import events
from entrepot.core.commands import AmendOrder, LineChange
from entrepot.core.decide import goods
from entrepot.core.decide.catalogue import make_line
from entrepot.core.decide.moves import tell
from entrepot.core.facts import Facts
from entrepot.core.money import storable
from entrepot.core.order import Changes, Line, Order, subtotal
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult

LINES_MAX = 500


def amend(command: AmendOrder, facts: Facts) -> Decision:
    """Apply deletes, updates, creates, fields, then words. Any refusal leaves the order untouched.

    Refused: unknown order or line, a second line of one entry, lines, total or currency of an order
    whose payment is under way or authorised, an illegal move, too little stock for a larger line.
    """
    before = facts.orders.get((command.org, command.order_id))
    if before is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    changes = Changes()
    order = _with_lines(before, command, facts, changes)
    order = order.changed(**command.said) if command.said else order
    if command.properties is not None:
        merged = merge(json.loads(order.properties or "{}"), command.properties)
        order = order.changed(properties=_json(merged))
    if order != before:
        order, amended = events.happened(order, events.ORDER_AMENDED, facts.now, command.source)
        changes.events.append(amended)
    if command.words:
        order = tell(order, command.words, command.source, "order", facts, changes)
    if order != before:
        changes.orders.append(order.changed(updated_at=max(facts.now, before.updated_at + 1000)))
        return Decision(changes, OrderResult(changes.orders[-1]))
    return Decision(changes, OrderResult(order))


def merge(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Deep merge: objects merge key by key, everything else (null too) replaces."""
    merged = dict(old)
    for key, value in new.items():
        there = merged.get(key)
        both = isinstance(there, dict) and isinstance(value, dict)
        merged[key] = merge(there, value) if both else value  # type: ignore[arg-type]
    return merged


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _with_lines(before: Order, command: AmendOrder, facts: Facts, changes: Changes) -> Order:
    touches = bool(command.create_lines or command.update_lines or command.delete_lines)
    currency = command.said.get("currency", before.currency)
    weighs = _weighs(command) or command.total is not None or currency != before.currency
    if not touches and not weighs:
        return before
    if weighs:
        _payment_allows(before, facts)
    lines = list(before.lines)
    if currency != before.currency:
        lines = _in_currency(lines, before, currency, facts, changes)
    if touches:
        named = before.changed(currency=currency)
        lines = _delete(lines, command, named, changes)
        lines = _update(lines, command, named, facts, changes)
        lines = _create(lines, command, named, facts, changes)
    summed = subtotal(lines, currency)
    total = command.total or (summed if _weighs(command) else before.total)
    if not storable(summed, total):
        raise refuse(Reason.INVALID, "the order's total is out of range", "order.totalAmount")
    order = before.changed(lines=tuple(lines), subtotal=summed, total=total)
    if _weighs(command) and before.managed and before.facets.stage in ("placed", "confirmed"):
        goods.reclaim(before, order, facts, changes)
    return order


def _weighs(command: AmendOrder) -> bool:
    """Whether lines change in what is paid or shipped: not in unit, cost or properties."""
    return bool(command.create_lines or command.delete_lines) or any(
        (change.quantity, change.price, change.currency) != (None, None, None)
        for change in command.update_lines
    )


def _payment_allows(order: Order, facts: Facts) -> None:
    if not order.managed:
        return
    if order.facets.stage not in ("draft", "placed", "confirmed"):
        raise refuse(Reason.ILLEGAL_MOVE, f"lines of a {order.facets.stage} order do not change")
    if (order.org, order.id) in facts.attempts:
        raise refuse(Reason.AMOUNT_FIXED)
    if order.facets.fulfilment not in ("unassigned", "accepted", "packed", "not_applicable"):
        raise refuse(
            Reason.ILLEGAL_MOVE, f"lines of goods that are {order.facets.fulfilment} do not change"
        )


def _in_currency(
    lines: list[Line], order: Order, currency: str, facts: Facts, changes: Changes
) -> list[Line]:
    """The order is in another currency: its lines follow, for their sum is the order's."""
    named = [
        line._replace(currency=currency, updated_at=facts.now)
        if line.currency == order.currency
        else line
        for line in lines
    ]
    changes.lines.extend((order.org, order.id, line) for line in named if line.currency == currency)
    return named


def _one_currency(order: Order, line: Line, where: str) -> Line:
    if order.managed and line.currency != order.currency:
        sentence = f"must be the order's, {order.currency}"
        raise refuse(Reason.INVALID, sentence, field=f"{where}.currency")
    return line


def _delete(lines: list[Line], command: AmendOrder, order: Order, changes: Changes) -> list[Line]:
    for where, line_id in command.delete_lines:
        line = next((one for one in lines if one.id == line_id), None)
        if line is None:
            raise refuse(Reason.UNKNOWN_LINE, field=where)
        lines.remove(line)
        changes.lines_gone.append((order.org, order.id, line))
    return lines


def _update(
    lines: list[Line], command: AmendOrder, order: Order, facts: Facts, changes: Changes
) -> list[Line]:
    for change in command.update_lines:
        place = next((i for i, one in enumerate(lines) if one.id == change.line_id), None)
        if place is None:
            raise refuse(Reason.UNKNOWN_LINE, field=f"{change.where}.id")
        lines[place] = _one_currency(order, _changed(lines[place], change, facts), change.where)
        changes.lines.append((order.org, order.id, lines[place]))
    return lines


def _changed(line: Line, change: LineChange, facts: Facts) -> Line:
    properties = line.properties
    if change.properties is not None:
        properties = _json(merge(json.loads(properties or "{}"), change.properties))
    return line._replace(
        quantity=line.quantity if change.quantity is None else change.quantity,
        unit_of_measure=change.unit_of_measure or line.unit_of_measure,
        currency=change.currency or line.currency,
        price=line.price if change.price is None else change.price,
        cost=line.cost if change.cost is None else change.cost,
        properties=properties,
        updated_at=facts.now,
    )


def _create(
    lines: list[Line], command: AmendOrder, order: Order, facts: Facts, changes: Changes
) -> list[Line]:
    location = facts.orgs[order.org].default_location if order.managed else None
    number = max((line.number for line in order.lines), default=0)
    for draft in command.create_lines:
        number += 1
        here = draft._replace(location_id=draft.location_id or location)
        line = make_line(here, number, order.org, order.currency, facts, changes)
        if any(one.entry_id == line.entry_id for one in lines):
            raise refuse(Reason.DUPLICATE_ENTRY, field=f"{draft.where}.{draft.variant.field}")
        lines.append(_one_currency(order, line, draft.where))
        changes.lines_new.append((order.org, order.id, line))
    if len(lines) > LINES_MAX:
        raise refuse(Reason.INVALID, f"an order has at most {LINES_MAX} lines", "createOrderItems")
    return lines
