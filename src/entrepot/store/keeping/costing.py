"""Following the log of events: what stock is worth.

Placing an order and shipping it write no cost. The reader of the log values what moved, a moment
later and in the order of the events, so that the same log always ends in the same values. Each
event is valued once: `stock_costing` says how far the log was valued, also where a reader begins
the log anew (docs/adr/0062).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from entrepot.core import costing as core
from entrepot.core import events, ids, quantity
from entrepot.core.costing import (
    EVERYWHERE,
    Costing,
    Layer,
    LineCost,
    Movement,
    Shelf,
    ShelfValue,
    ValueTotal,
)
from entrepot.core.money import parse as parse_amount
from entrepot.core.properties import parse
from entrepot.core.quantity import Quantity
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.schema.kept import Kept
from entrepot.store.writing.writes import Writes

MOVING = frozenset({
    events.STOCK_ADJUSTED, events.GOODS_SHIPPED, events.STOCK_SHIPPED, events.GOODS_RETURNED,
    events.STOCK_SETTINGS_TOLD,
})  # fmt: skip
_SHELF = ("org", "variant_id", "location_id")
_LINE = ("org", "order_id", "line_id")
_BY_ORDER = ("org", "order_id")


class _Told(NamedTuple):
    number: int
    type: str
    subject_id: bytes
    body: dict[str, Any]


class _Move(NamedTuple):
    """Goods that moved. `worth` is that of goods that come in for the first time."""

    number: int
    kind: str
    variant_id: bytes
    location_id: bytes | None  # None: of goods that came back to no shelf
    delta: Quantity
    worth: int = 0
    order_id: bytes | None = None
    line_id: bytes | None = None


def value(conn: Connection, org: int, numbers: Iterable[int], writes: Writes) -> None:
    """Value what the events with these numbers tell, which are events of `MOVING`.

    Raises Conflict at the write where another process was faster.
    """
    kept = schema.COSTINGS
    found = sql.select(conn, kept.table, ("org",), {(org,)}, kept.columns)
    known = kept.from_row(found[0]) if found else Costing(org)
    told = _told(conn, org, [number for number in numbers if number > known.reached])
    if not told:
        return
    valuing = _Valuing(conn, org, known.method)
    valuing.take(told)
    now = Costing(org, told[-1].number, valuing.method, known.version + 1)
    if found:
        values = (*kept.values(now), *kept.guarding(known))
        writes.update(kept.table, kept.sets, kept.guarded_key, [values])
    else:
        writes.insert(kept.table, kept.columns, [kept.to_row(now)])
    valuing.write(writes)


def _told(conn: Connection, org: int, numbers: list[int]) -> list[_Told]:
    if not numbers:
        return []
    e = schema.events.c
    statement = select(e.number, e.type, e.subject_id, e.body)
    statement = statement.where(e.org == org, e.number.in_(numbers)).order_by(e.number)
    return [
        _Told(number, type_, bytes(subject_id), parse(body))
        for number, type_, subject_id, body in conn.execute(statement)
    ]


class _Valuing:
    """The values of one organization, while a slice of its log is valued."""

    def __init__(self, conn: Connection, org: int, method: str) -> None:
        self._conn, self._org, self.method = conn, org, method
        self._shelves: dict[tuple[bytes, bytes], Shelf] = {}
        self._lines: dict[tuple[bytes, bytes], LineCost] = {}
        self._movements: list[Movement] = []
        self._totals: dict[tuple[bytes, str], int] = {}
        self._currencies: dict[bytes, str] = {}
        self._before: dict[Kept[Any, Any], dict[Any, Any]] = {}

    def take(self, told: list[_Told]) -> None:
        """Value the events, in their order."""
        moves = list(_Moves(self._conn, self._org).of(told))
        self._load(moves)
        by_number: dict[int, list[_Move]] = {}
        for move in moves:
            by_number.setdefault(move.number, []).append(move)
        for event in told:
            if event.type == events.STOCK_SETTINGS_TOLD:
                self.method = str(event.body.get("costing_method", self.method))
            for place, move in enumerate(by_number.get(event.number, ())):
                self._move(move, place)

    def _move(self, move: _Move, place: int) -> None:
        line = None
        if move.order_id is not None and move.line_id is not None:
            key = (move.order_id, move.line_id)
            line = self._lines.get(key) or LineCost(self._org, *key, Quantity(0), 0)
        worth = move.worth
        if move.kind == core.RETURN and line is not None:
            line, worth = core.back(line, abs(move.delta))
        if move.location_id is not None:
            change = self._on_shelf(move, move.location_id, worth, place)
            if move.kind == core.SALE and line is not None:
                line = core.sent(line, -move.delta, -change)
        if line is not None:
            self._lines[line.order_id, line.line_id] = line

    def _on_shelf(self, move: _Move, location_id: bytes, worth: int, place: int) -> int:
        """Move goods on or off a shelf. Returns by how much the shelf is worth more."""
        shelf = self._shelves[move.variant_id, location_id]
        if move.delta > 0:
            change = shelf.come(move.delta, worth, self.method)
        else:
            change = -shelf.leave(Quantity(-move.delta), self.method)
        if change:
            for where in (location_id, EVERYWHERE):
                key = (where, self._currencies[move.variant_id])
                self._totals[key] = self._totals.get(key, 0) + change
        self._movements.append(
            Movement(
                self._org, move.variant_id, location_id, move.number, place, move.kind,
                self.method, move.delta, change, move.order_id, move.line_id,
            )
        )  # fmt: skip
        return change

    # ------------------------------------------------------------------ reading and writing

    def _load(self, moves: list[_Move]) -> None:
        org = self._org
        shelves = {(one.variant_id, one.location_id) for one in moves if one.location_id}
        keys: set[sql.Row] = {(org, *shelf) for shelf in shelves}
        values = self._known(schema.SHELF_VALUES, _SHELF, keys)
        layers: dict[tuple[int, bytes, bytes], list[Layer]] = {}
        for layer in self._known(schema.LAYERS, _SHELF, keys).values():
            key = (layer.org, layer.variant_id, layer.location_id)
            layers.setdefault(key, []).append(layer)
        variants: set[sql.Row] = {(org, variant_id) for variant_id, _ in shelves}
        costs = self._known(schema.VARIANT_COSTS, ("org", "variant_id"), variants)
        self._currencies = {one.variant_id: one.currency for one in costs.values()}
        for variant_id, location_id in sorted(shelves):
            key = (org, variant_id, location_id)
            self._shelves[variant_id, location_id] = Shelf(
                values.get(key) or ShelfValue(*key), layers.get(key, ())
            )
        lines: set[sql.Row] = {
            (org, one.order_id, one.line_id) for one in moves if one.line_id is not None
        }
        for line in self._known(schema.LINE_COSTS, _LINE, lines).values():
            self._lines[line.order_id, line.line_id] = line

    def _known(
        self, kept: Kept[Any, Any], columns: tuple[str, ...], keys: set[sql.Row]
    ) -> dict[Any, Any]:
        """Rows as they are before the slice, by their keys."""
        rows = sql.select(self._conn, kept.table, columns, keys, kept.columns) if keys else []
        key_of = kept.kind.key
        found = self._before[kept] = {key_of(one): one for one in map(kept.from_row, rows)}
        return found

    def write(self, writes: Writes) -> None:
        """Write what the slice changed."""
        shelves = [one.value for one in self._shelves.values()]
        layers = [layer for one in self._shelves.values() for layer in one.layers]
        self._write(writes, schema.SHELF_VALUES, shelves)
        self._write(writes, schema.LAYERS, layers)
        self._write(writes, schema.LINE_COSTS, list(self._lines.values()))
        self._write_totals(writes)
        kept = schema.MOVEMENTS
        writes.insert(kept.table, kept.columns, sorted(map(kept.to_row, self._movements)))

    def _write_totals(self, writes: Writes) -> None:
        kept, org = schema.VALUE_TOTALS, self._org
        changed = {key: by for key, by in self._totals.items() if by}
        keys: set[sql.Row] = {(org, *key) for key in changed}
        known = self._known(kept, kept.key, keys)
        now = []
        for key, by in changed.items():
            before = known.get((org, *key))
            now.append(ValueTotal(org, *key, str((int(before.value) if before else 0) + by)))
        self._write(writes, kept, now)

    def _write(self, writes: Writes, kept: Kept[Any, Any], now: list[Any]) -> None:
        before, key_of = self._before.get(kept, {}), kept.kind.key
        after = {key_of(one): one for one in now}
        gone = sorted(before.keys() - after.keys())
        changed = [after[key] for key in sorted(before.keys() & after.keys())
                   if after[key] != before[key]]  # fmt: skip
        new = [after[key] for key in sorted(after.keys() - before.keys())]
        writes.delete(kept.table, kept.key, gone)
        writes.update(
            kept.table, kept.sets, kept.key, [(*kept.values(one), *key_of(one)) for one in changed]
        )
        writes.insert(kept.table, kept.columns, list(map(kept.to_row, new)))


class _Moves:
    """What events tell of goods, as the rows of their orders say where the goods lay."""

    def __init__(self, conn: Connection, org: int) -> None:
        self._conn, self._org = conn, org

    def of(self, told: list[_Told]) -> Iterator[_Move]:
        """The movements of the events, in their order."""
        orders = {one.subject_id for one in told if one.type != events.STOCK_ADJUSTED}
        claimed: dict[tuple[bytes, bytes], tuple[bytes, bytes, int]] = {
            (bytes(order), bytes(line)): (bytes(variant), bytes(location), shipped)
            for order, line, variant, location, shipped in self._rows(
                schema.reservations, orders,
                ("order_id", "line_id", "variant_id", "location_id", "shipped"),
            )
        }  # fmt: skip
        parcels = self._parcels({
            one.subject_id for one in told if one.type == events.STOCK_SHIPPED
        })  # fmt: skip
        backs = self._backs({one.subject_id for one in told if one.type == events.GOODS_RETURNED})
        for one in told:
            if one.type == events.STOCK_ADJUSTED and _quantity(one.body["delta"]):
                yield _adjusted(one)
            elif one.type == events.GOODS_SHIPPED:
                yield from _shipped(one, _quantities(one), claimed)
            elif one.type == events.STOCK_SHIPPED:
                left = {
                    line: shipped - parcels.get((order, line), 0)
                    for (order, line), (_, _, shipped) in claimed.items()
                    if order == one.subject_id
                }
                yield from _shipped(one, left, claimed)
            elif one.type == events.GOODS_RETURNED:
                yield from _returned(one, backs)

    def _rows(self, table: Any, orders: set[bytes], columns: tuple[str, ...]) -> list[Any]:
        keys: set[sql.Row] = {(self._org, order) for order in orders}
        return sql.select(self._conn, table, _BY_ORDER, keys, columns) if keys else []

    def _parcels(self, orders: set[bytes]) -> dict[tuple[bytes, bytes], int]:
        """How much of each line left with shipments."""
        found: dict[tuple[bytes, bytes], int] = {}
        for order, line, quantity_ in self._rows(
            schema.shipment_lines, orders, ("order_id", "line_id", "quantity")
        ):
            key = (bytes(order), bytes(line))
            found[key] = found.get(key, 0) + quantity_
        return found

    def _backs(
        self, orders: set[bytes]
    ) -> dict[tuple[bytes, int, bytes], tuple[bytes, bytes | None, int]]:
        """The variant of each line of a return, the shelf that it came to, and how much."""
        variants = {
            (bytes(order), bytes(line)): bytes(variant)
            for order, line, variant in self._rows(
                schema.order_lines, orders, ("order_id", "id", "variant_id")
            )
        }
        return {
            (bytes(order), number, bytes(line)): (
                variants[bytes(order), bytes(line)],
                None if location is None else bytes(location),
                came,
            )
            for order, number, line, location, came in self._rows(
                schema.return_lines, orders,
                ("order_id", "number", "line_id", "location_id", "quantity"),
            )
        }  # fmt: skip


def _quantity(told: Any) -> Quantity:
    found = parse_amount(str(told))
    exact = None if found is None else quantity.exact(*found)
    assert exact is not None, "an event of ours tells a quantity"
    return exact


def _id(text: str) -> bytes:
    found = ids.spelled(text)
    assert found is not None, "an event of ours tells an id"
    return found


def _quantities(event: _Told) -> dict[bytes, int]:
    told: dict[str, Any] = event.body.get("lines") or {}
    return {_id(line): _quantity(much) for line, much in told.items()}


def _adjusted(event: _Told) -> _Move:
    body = event.body
    delta, cost = _quantity(body["delta"]), body.get("unit_cost")
    worth = 0
    if cost is not None and delta > 0:
        amount = parse_amount(str(cost))
        assert amount is not None, "an event of ours tells an amount"
        worth = core.worth(amount.at(core.PLACES), delta)
    return _Move(
        event.number, core.ADJUSTMENT, _id(body["variant_id"]), _id(body["location_id"]), delta,
        worth,
    )  # fmt: skip


def _shipped(
    event: _Told, parts: dict[bytes, int], claimed: dict[tuple[bytes, bytes], Any]
) -> Iterator[_Move]:
    for line_id, much in sorted(parts.items()):
        shelf = claimed.get((event.subject_id, line_id))
        if much <= 0 or shelf is None or not shelf[2]:
            continue  # nobody counts these goods
        yield _Move(
            event.number, core.SALE, shelf[0], shelf[1], Quantity(-much), 0, event.subject_id,
            line_id,
        )  # fmt: skip


def _returned(event: _Told, backs: dict[tuple[bytes, int, bytes], Any]) -> Iterator[_Move]:
    for line_id, much in sorted(_quantities(event).items()):
        variant_id, location_id, _ = backs[event.subject_id, int(event.body["return"]), line_id]
        yield _Move(
            event.number, core.RETURN, variant_id, location_id, Quantity(much), 0,
            event.subject_id, line_id,
        )  # fmt: skip
