"""The lines of a mirrored order that is told again: which line is which, and what stays of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache

from entrepot.core.changes import Changes
from entrepot.core.commands import DraftLine
from entrepot.core.decide.catalogue import make_line
from entrepot.core.facts import Facts
from entrepot.core.kinds import OwnLine
from entrepot.core.order import Line, Order, or_equal


def unreserved(line: Line) -> Line:
    """The line without a location: another system runs the order and has the stock."""
    return line if line.location_id is None else line._replace(location_id=None)


def match(
    drafts: tuple[DraftLine, ...], currency: str, order: Order, facts: Facts, changes: Changes
) -> tuple[Line, ...]:
    """The lines as told now; a line of the same variant as before keeps its id and number."""
    org, kept = order.org, {line.variant_id for line in order.lines}
    told = [unreserved(make_line(one, 0, org, currency, facts, changes, kept)) for one in drafts]
    known, left = _paired(drafts, told, order.lines)
    number = max((line.number for line in order.lines), default=0)
    lines: list[Line] = []
    for index, one in enumerate(told):
        old = known.get(index)
        if old is None:
            number += 1
            line = one._replace(number=number)
            changes.lines.put(OwnLine(org, order.id, line))
        elif _the_same(old, one) or _the_same(old, _kept(drafts[index], one, old)):
            line = old
        else:
            line = _as(old, _kept(drafts[index], one, old))
            changes.lines.put(OwnLine(org, order.id, line))
        lines.append(line)
    for old in left:
        changes.lines.remove((org, order.id, old.id))
    return tuple(sorted(lines, key=lambda line: line.number))


def _kept(told: DraftLine, line: Line, old: Line) -> Line:
    """The line as told now, with what was told of it before and is absent now."""
    line = line._replace(
        quantity=line.quantity if told.counted else old.quantity,
        price=or_equal(old.price, line.price),
        unit_of_measure=told.unit_of_measure or old.unit_of_measure,
        cost=old.cost if told.cost is None else or_equal(old.cost, line.cost),
        variant_title=told.variant_title or old.variant_title,
        properties=told.properties or old.properties,
    )
    if told.bare and old.details is None:
        return line._replace(details=None)
    if line.details == old.details or line.details is None or old.details is None:
        return line
    now, before = _members(line.details), _members(old.details)
    if now.keys() >= before.keys():
        return line
    both = ",".join([f"{name}:{value}" for name, value in (before | now).items()])
    return line._replace(details=f"{{{both}}}")


def _members(text: str) -> dict[str, str]:
    """The members of a JSON object without blanks, as they are written: digits stay as they are."""
    found, at, look = {}, 1, json.JSONDecoder().raw_decode
    while text[at] != "}":
        end_of_name = look(text, at)[1]
        end = look(text, end_of_name + 1)[1]
        found[text[at:end_of_name]] = text[end_of_name + 1 : end]
        at = end + (text[end] == ",")
    return found


def _as(old: Line, line: Line) -> Line:
    at = max(line.updated_at, old.updated_at)
    return line._replace(id=old.id, number=old.number, created_at=old.created_at, updated_at=at)


def _paired(
    drafts: tuple[DraftLine, ...], told: list[Line], before: tuple[Line, ...]
) -> tuple[dict[int, Line], tuple[Line, ...]]:
    """The earlier line of each told line, by the index of the told line; and the lines that are
    left.

    One variant can have several lines: a bought and a given one, say. A line is paired first with
    the line that is the same to the letter, then with one that stays as it is, then with one of
    which only the quantity changes, then with one of the same price, and at last with any.
    """
    free: dict[bytes, list[Line]] = {}
    for old in before:
        free.setdefault(old.entry_id, []).append(old)
    known: dict[int, Line] = {}
    for alike in _ways():
        for index, (draft, line) in enumerate(zip(drafts, told, strict=True)):
            if index in known:
                continue
            its = free.get(line.entry_id, [])
            same = next((old for old in its if alike(old, line, draft)), None)
            if same is not None:
                known[index] = same
                its.remove(same)
        if len(known) == len(told):
            break
    return known, tuple([old for lines in free.values() for old in lines])


def _ways() -> Iterator[Callable[[Line, Line, DraftLine], bool]]:
    """How a told line may be like an earlier one of its entry, the surest way first.

    An order may have thousands of lines of one entry, and each is compared with each: so what is
    quick to see is looked at first, and the members of a line's details are read once.
    """
    members = cache(_members)

    def to_the_letter(old: Line, line: Line, _: DraftLine) -> bool:
        return line.details == old.details and _the_same(old, line)

    def stays(old: Line, line: Line, told: DraftLine) -> bool:
        now, before = line.details, old.details
        if now != before and now is not None and before is not None:
            if not members(now).items() <= members(before).items():
                return False
        return same_price(old, line, told) and _the_same(old, _kept(told, line, old))

    def stays_but_quantity(old: Line, line: Line, told: DraftLine) -> bool:
        return stays(old, line._replace(quantity=old.quantity), told)

    def same_price(old: Line, line: Line, _: DraftLine) -> bool:
        return (old.price, old.currency) == (or_equal(old.price, line.price), line.currency)

    def any_of_the_entry(_old: Line, _line: Line, _: DraftLine) -> bool:
        return True

    yield from (to_the_letter, stays, stays_but_quantity, same_price, any_of_the_entry)


def _the_same(old: Line, line: Line) -> bool:
    return _as(old, line)._replace(updated_at=old.updated_at) == old
