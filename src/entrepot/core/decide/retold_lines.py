"""The lines of a mirrored order that is told again: which line is which, and what stays of each."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from functools import cache
from typing import Final

from entrepot.core.changes import Changes
from entrepot.core.commands import DraftLine
from entrepot.core.decide.catalogue import make_line
from entrepot.core.facts import Facts
from entrepot.core.kinds import OwnLine
from entrepot.core.money import stripped
from entrepot.core.order import Line, Order, or_equal
from entrepot.core.quantity import Quantity

_ALL: Final = "all"


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

    An order may have hundreds of lines of one entry. So each way looks only at lines that have the
    same key: comparing each line with each would take seconds.
    """
    pairing = _Pairing(drafts, told, before)
    pairing.by_key(_to_the_letter)
    pairing.by_members(quantity_stays=True)
    pairing.by_members(quantity_stays=False)
    pairing.by_key(_price)
    pairing.by_key(lambda line: line.entry_id)
    left = [old for place, old in enumerate(before) if place not in pairing.taken]
    return pairing.known, tuple(left)


def _to_the_letter(line: Line) -> Hashable:
    return line._replace(id=b"", number=0, created_at=0, updated_at=0)


def _price(line: Line) -> Hashable:
    return line.entry_id, line.currency, stripped(*line.price)


def _always_told(line: Line) -> Hashable:
    """What no telling leaves out, the price as a number."""
    goods = line.variant_id, line.item_id, line.sku, line.title
    return _price(line), goods, line.location_id, line.requires_shipping


class _Pairing:
    """Told lines that found their earlier one, and the earlier lines that are taken, by places."""

    def __init__(
        self, drafts: tuple[DraftLine, ...], told: list[Line], before: tuple[Line, ...]
    ) -> None:
        self.known: dict[int, Line] = {}
        self.taken: set[int] = set()
        self._drafts, self._told, self._before = drafts, told, before
        self._members = cache(_members)  # of a line's details, read once
        self._numbers: dict[Hashable, int] = {}  # of what lines are compared by, hashed once

    def by_key(self, key: Callable[[Line], Hashable]) -> None:
        """Pair lines of one key, the first ones first."""
        if not self._open():
            return
        free: dict[Hashable, deque[int]] = {}
        for place, old in self._free():
            free.setdefault(key(old), deque()).append(place)
        for index in self._open():
            places = free.get(key(self._told[index]))
            if places:
                self._pair(index, places.popleft())

    def by_members(self, *, quantity_stays: bool) -> None:
        """Pair lines of which all that is told stays, the quantity if `quantity_stays`."""
        if not self._open():
            return
        free: dict[Hashable, list[int]] = {}
        for place, old in self._free():
            for key in self._keys(old):
                free.setdefault(key, []).append(place)
        for index in self._open():
            line, draft = self._told[index], self._drafts[index]
            counts = quantity_stays and draft.counted
            for place in self._candidates(line, line.quantity if counts else None, free):
                old = self._before[place]
                alike = line if quantity_stays else line._replace(quantity=old.quantity)
                if place not in self.taken and self._stays(old, alike, draft):
                    self._pair(index, place)
                    break

    def _keys(self, old: Line) -> Iterator[Hashable]:
        """Under which keys an earlier line is looked for: by each member of its details."""
        fixed = self._number(old)
        members = () if old.details is None else self._members(old.details).items()
        for quantity in (None, old.quantity):
            yield fixed, quantity, _ALL
            if old.details is None:
                yield fixed, quantity, None
            for member in members:
                yield fixed, quantity, member

    def _candidates(
        self, line: Line, quantity: Quantity | None, free: dict[Hashable, list[int]]
    ) -> list[int]:
        fixed = self._number(line)
        members = () if line.details is None else self._members(line.details).items()
        if not members:
            return free.get((fixed, quantity, _ALL), [])
        # A line that stays has all of these members: those that have the rarest one are looked at.
        having = [free.get((fixed, quantity, member), []) for member in members]
        return sorted(min(having, key=len) + free.get((fixed, quantity, None), []))

    def _number(self, line: Line) -> int:
        return self._numbers.setdefault(_always_told(line), len(self._numbers))

    def _stays(self, old: Line, line: Line, told: DraftLine) -> bool:
        now, before = line.details, old.details
        if now != before and now is not None and before is not None:
            if not self._members(now).items() <= self._members(before).items():
                return False
        return _the_same(old, _kept(told, line, old))

    def _open(self) -> list[int]:
        return [index for index in range(len(self._told)) if index not in self.known]

    def _free(self) -> list[tuple[int, Line]]:
        return [one for one in enumerate(self._before) if one[0] not in self.taken]

    def _pair(self, index: int, place: int) -> None:
        self.known[index] = self._before[place]
        self.taken.add(place)


def _the_same(old: Line, line: Line) -> bool:
    return _as(old, line)._replace(updated_at=old.updated_at) == old
