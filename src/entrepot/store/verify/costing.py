"""What stock is worth against the movements that it follows from, valued here once more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from sqlalchemy import Connection, and_, exists, not_, select

from entrepot.store import schema
from entrepot.store.verify.contacts import READER
from entrepot.store.verify.report import Findings
from entrepot.store.verify.statements import Check
from entrepot.store.verify.walk import AnyRow, AnySelect, rows_of

Key = tuple[int, bytes, bytes]
EVERYWHERE = bytes(16)


class _Beside:
    """The rows of a table, given out shelf by shelf while the shelves go by in the order of their
    keys. `strange` gets a row of each shelf that did not go by.
    """

    def __init__(self, found: Iterator[AnyRow], strange: Callable[[AnyRow], None]) -> None:
        self._groups = groupby(found, key=_key)
        self._strange = strange
        self._head = next(self._groups, None)

    def of(self, key: Key | None) -> list[AnyRow]:
        """The rows of this shelf; keys must rise from call to call. None: no shelf follows."""
        while self._head is not None and (key is None or self._head[0] < key):
            self._strange(next(self._head[1]))
            self._head = next(self._groups, None)
        if self._head is None or self._head[0] != key:
            return []
        found = list(self._head[1])
        self._head = next(self._groups, None)
        return found


def _key(row: AnyRow) -> Key:
    return row[0], bytes(row[1]), bytes(row[2])


def checks() -> Iterator[Check]:
    """What was read from the log, and what lines have cost, is there."""
    moved, cost = schema.stock_movements.c, schema.line_costs.c
    its = exists().where(
        cost.org == moved.org, cost.order_id == moved.order_id, cost.line_id == moved.line_id
    )
    told = select(moved.org, moved.order_id, moved.line_id).distinct()
    yield Check("COSTING", told.where(moved.line_id.is_not(None), not_(its)))
    value, state = schema.shelf_values.c, schema.stock_costing.c
    read = exists().where(state.org == value.org)
    yield Check("COSTING", select(value.org).distinct().where(not_(read)))


def check_costing(conn: Connection, findings: Findings) -> int:
    """Value every shelf's movements once more, and compare. Returns the number of shelves."""

    def fetch(page: AnySelect) -> Sequence[AnyRow]:
        return conn.execute(page).all()

    def strange(row: AnyRow) -> None:
        _fault(findings, _key(row), "of no shelf")

    movements = _Beside(rows_of(fetch, schema.stock_movements), strange)
    layers = _Beside(rows_of(fetch, schema.stock_layers), strange)
    currencies = _currencies(conn)
    on_hand = _Counted(conn, fetch, findings)
    totals: dict[tuple[int, bytes, str], int] = {}
    count = 0
    for shelf in rows_of(fetch, schema.shelf_values):
        key, count = _key(shelf), count + 1
        fault = _misvalued(movements.of(key), layers.of(key), shelf)
        counted = on_hand.of(key)
        if fault is None and counted is not None and counted != shelf.quantity:
            fault = "another quantity is on hand"
        currency = currencies.get(key[:2])
        if shelf.value and currency is None:
            fault = fault or "worth something in no currency"
        if fault is not None:
            _fault(findings, key, fault)
        if shelf.value and currency is not None:
            for where in (key[2], EVERYWHERE):
                at = (key[0], where, currency)
                totals[at] = totals.get(at, 0) + shelf.value
    movements.of(None)
    layers.of(None)
    on_hand.of(None)
    _check_totals(conn, totals, findings)
    return count


def _fault(findings: Findings, key: Key, fault: str) -> None:
    org, variant_id, location_id = key
    findings.add("COSTING", org=org, variant=variant_id, location=location_id, fault=fault)


def _misvalued(movements: list[AnyRow], layers: list[AnyRow], shelf: AnyRow) -> str | None:
    """What is wrong with a shelf's value, by its movements in the order of the log."""
    quantity, kept = 0, list[list[int]]()
    for one in movements:
        if one.method == "WAC" and kept:
            kept = [[sum(part[0] for part in kept), sum(part[1] for part in kept)]]
        if one.delta > 0:
            stays = one.delta - min(one.delta, max(0, -quantity))
            if one.value < 0 or (one.value and not stays):
                return "goods that came in are worth less than nothing, or are gone already"
            _come(kept, stays, one.value, one.method)
        elif _leave(kept, -one.delta) != -one.value:
            return "goods left at another cost"
        quantity += one.delta
    if quantity != shelf.quantity:
        return "another quantity moved"
    if sum(part[1] for part in kept) != shelf.value:
        return "another value"
    if kept != [[one.quantity, one.value] for one in layers]:
        return "other layers"
    return None


def _come(kept: list[list[int]], stays: int, value: int, method: str) -> None:
    if not stays:
        return
    last = kept[-1] if kept else None
    if last is not None and (method == "WAC" or last[1] * stays == value * last[0]):
        last[0], last[1] = last[0] + stays, last[1] + value
    else:
        kept.append([stays, value])


def _leave(kept: list[list[int]], quantity: int) -> int:
    cost = 0
    while quantity and kept:
        there, value = kept[0]
        taken = min(quantity, there)
        part = _rounded(value * taken, there)
        cost, quantity = cost + part, quantity - taken
        kept[0] = [there - taken, value - part]
        if taken == there:
            del kept[0]
    return cost


def _rounded(units: int, by: int) -> int:
    """The quotient, rounded half to even."""
    whole, rest = divmod(units, by)
    return whole + (2 * rest > by or (2 * rest == by and whole % 2 == 1))


def _currencies(conn: Connection) -> dict[tuple[int, bytes], str]:
    c = schema.variant_costs.c
    found = conn.execute(select(c.org, c.variant_id, c.currency))
    return {(org, bytes(variant_id)): currency for org, variant_id, currency in found}


class _Counted:
    """What is on hand, of organizations whose log was read to its end."""

    def __init__(
        self, conn: Connection, fetch: Callable[[AnySelect], Sequence[AnyRow]], findings: Findings
    ) -> None:
        counter, sweep = schema.order_counters.c, schema.sweeps.c
        its = and_(sweep.org == counter.org, sweep.kind == READER)
        read = select(counter.org).join_from(schema.order_counters, schema.sweeps, its)
        ended = conn.execute(read.where(sweep.reached_at >= counter.events))
        self._ended = {org for (org,) in ended}
        self._levels = _Beside(rows_of(fetch, schema.stock_levels), self._unvalued)
        self._findings = findings

    def _unvalued(self, level: AnyRow) -> None:
        if level.on_hand and level.org in self._ended:
            _fault(self._findings, _key(level), "stock that was never valued")

    def of(self, key: Key | None) -> int | None:
        """How much is on hand; None where the log was not read to its end."""
        found = self._levels.of(key)
        if key is None or key[0] not in self._ended:
            return None
        return found[0].on_hand if found else 0


def _check_totals(
    conn: Connection, due: dict[tuple[int, bytes, str], int], findings: Findings
) -> None:
    c = schema.value_totals.c
    told = {
        (org, bytes(location_id), currency): int(value)
        for org, location_id, currency, value in conn.execute(
            select(c.org, c.location_id, c.currency, c.value)
        )
    }
    for key in sorted(told.keys() | due.keys()):
        if told.get(key, 0) != due.get(key, 0):
            org, location_id, currency = key
            findings.add(
                "COSTING", org=org, location=location_id, currency=currency,
                fault="the total is another one",
            )  # fmt: skip
