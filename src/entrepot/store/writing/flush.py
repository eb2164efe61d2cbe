"""Writing what a batch changed. Every update names the state it expects; a miss is a conflict.

Keys that two processes may make or change at once are written in sorted order, so that they cannot
deadlock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table

from entrepot.core.facts import REASONS, Dirt, Facts
from entrepot.core.ids import dashed
from entrepot.core.order import Order, StoredAnswer
from entrepot.core.properties import parse, scalar
from entrepot.pace import paced
from entrepot.store import schema
from entrepot.store.engines.sql import sql_of
from entrepot.store.writing import counters, levels, rows, spans, tallies
from entrepot.store.writing.writes import Rows, Writes

_ORDER_KEYS = ("org", "id", "version")
_ORDER_SETS = tuple(c for c in rows.ORDER if c not in ("org", "id", "number"))
_amended_values = itemgetter(*[rows.ORDER.index(c) for c in _ORDER_SETS])
# What a move of the pipeline changes; the long texts of an order are not written again for it.
_MOVE_SETS = (
    "stage", "payment", "fulfilment", "returns", "synq", "polinate_phase", "polinate_status",
    "konvo", "konvo_shipment", "told", "updated_at", "shipped_at", "delivered_at", "reason",
    "reason_detail", "parked", "ingested", "version",
)  # fmt: skip
_MOVED = {
    "facets", "words", "updated_at", "shipped_at", "delivered_at", "reason", "reason_detail",
    "parked", "ingested", "version", "lines", "number",
}  # fmt: skip
_kept = itemgetter(*[place for place, name in enumerate(Order._fields) if name not in _MOVED])
_JOB_KEYS = ("org", "id", "fence")
_LEASES = ("org", "id", "leased_until")
_JOB_SETS = tuple(c for c in rows.JOB if c not in ("org", "id"))
_LINE_KEYS = ("org", "order_id", "id")


def flush(
    conn: Connection, facts: Facts, answers_dated: Callable[[], list[StoredAnswer]] | None = None
) -> None:
    """Write rows, events, jobs and answers of the whole batch. Raises Conflict.

    Afterwards `facts` knows the numbers and times that the orders were written with.
    `answers_dated`, if any, then says which of the answers read otherwise with these times; it is
    asked within the transaction, so that what is kept is what is sent.
    """
    if answers_dated is None:
        _write(conn, facts)
        return
    with sql_of(conn).one_transaction(conn):
        _write(conn, facts)
        writes = Writes()
        said = [(one.body, one.checksum, one.org, one.key) for one in answers_dated()]
        writes.update(schema.idempotency_keys, ("body", "checksum"), ("org", "key"), said)
        writes.run(conn)


def _write(conn: Connection, facts: Facts) -> None:
    writes = Writes()
    if not sql_of(conn).locks(conn):
        _as_read(writes, facts)
    _lines(writes, facts)
    _catalogue(writes, facts)
    _stock(conn, writes, facts)
    _attempts(writes, facts)
    _claims(writes, facts)
    _jobs(writes, facts)
    _announced(writes, facts)
    answers = sorted(facts.answers_new, key=lambda answer: (answer.org, answer.key))
    writes.insert(schema.idempotency_keys, rows.ANSWER, answers)
    logged = counters.number(conn, writes, facts)
    writes.insert(schema.events, rows.EVENT, logged, given=counters.LOGGED)
    _orders_changed(writes, facts)
    _reasons(writes, facts)
    _orders_new(writes, facts)
    _properties(writes, facts)
    spans.tally(conn, writes, facts)
    tallies.updates(conn, writes, facts)
    counters.numbered(writes.run(conn), facts)


def _as_read(writes: Writes, facts: Facts) -> None:
    """What decisions went by and leave as it was has to be so still, for nothing is locked."""
    said = facts.touched.get(REASONS, Dirt()).dirty  # these are guarded where they are written
    versions = {key: one.version for key, one in facts.order_base.items() if key not in said}
    _unchanged(writes, facts, schema.orders, _ORDER_KEYS, versions)
    _unchanged(writes, facts, schema.jobs, _JOB_KEYS, facts.job_base)
    # Whoever holds them has to see what happened here: not even a put-off may come between.
    _unchanged(writes, facts, schema.jobs, _LEASES, facts.lease_base)
    if facts.exact_stock:
        shelves = {key: level.version for key, level in facts.level_base.items()}
        _unchanged(writes, facts, schema.stock_levels, levels.VERSIONED, shelves)


def _unchanged(
    writes: Writes, facts: Facts, table: Table, keys: tuple[str, ...], read: Mapping[Any, int]
) -> None:
    dirt = facts.touched.get(table.name)
    left = read.keys() - dirt.dirty - dirt.gone if dirt else read.keys()
    writes.expect(table, keys, [(*key, read[key]) for key in sorted(left)])


def _orders_changed(writes: Writes, facts: Facts) -> None:
    dirt = facts.touched.get("orders")
    if dirt is None:
        return
    moved, amended = [], []
    for key in paced(sorted(dirt.dirty - dirt.new)):
        base, order = facts.order_base[key], facts.orders[key]
        guard = (*key, base.version)
        if _kept(base) == _kept(order):
            moved.append((*_moved_values(order), *guard))
        else:
            amended.append((*_amended_values(rows.order_row(order)), *guard))
    writes.update(schema.orders, _MOVE_SETS, _ORDER_KEYS, moved, given=counters.CHANGED)
    writes.update(schema.orders, _ORDER_SETS, _ORDER_KEYS, amended, given=counters.CHANGED)


def _reasons(writes: Writes, facts: Facts) -> None:
    """What orders say while they wait; those that change besides are written whole."""
    dirt = facts.touched.get(REASONS)
    if dirt is None:
        return
    written = facts.touched.get("orders", Dirt())
    said = []
    for key in sorted(dirt.dirty - written.dirty - written.new):
        order = facts.orders[key]
        row = (order.reason, order.reason_detail, order.parked, *key, order.version)
        said.append(row)
    sets = ("reason", "reason_detail", "parked")
    writes.update(schema.orders, sets, _ORDER_KEYS, said)


def _moved_values(o: Order) -> rows.Row:
    return (
        *o.facets, *o.words, o.updated_at, o.shipped_at, o.delivered_at, o.reason,
        o.reason_detail, o.parked, o.ingested, o.version,
    )  # fmt: skip


def _orders_new(writes: Writes, facts: Facts) -> None:
    if dirt := facts.touched.get("orders"):
        # In the order of the primary key, so that its tree grows at one end.
        new = Rows(sorted(dirt.new), lambda key: rows.order_row(facts.orders[key]))
        writes.insert(schema.orders, rows.ORDER, new, given=counters.MADE, sparse=True)


def _properties(writes: Writes, facts: Facts) -> None:
    dirt = facts.touched.get("orders")
    if dirt is None:
        return
    stale: list[rows.Row] = []
    fresh: list[rows.Row] = []
    added: list[rows.Row] = []
    tallied: Counter[tallies.Pair] = Counter()
    for key in dirt.new | dirt.dirty:
        order, base = facts.orders[key], facts.order_base.get(key)
        before = None if base is None else base.properties
        if before == order.properties:
            continue
        if before:
            stale.append(key)
            tallies.count_pairs(tallied, key[0], set(paths(parse(before))), -1)
        if order.properties:
            pairs = set(paths(parse(order.properties)))
            own = added if key in dirt.new else fresh
            own.extend((*key, *pair, order.number) for pair in pairs)
            tallies.count_pairs(tallied, key[0], pairs, 1)
    writes.delete(schema.order_properties, ("org", "order_id"), stale, guarded=False)
    writes.insert(schema.order_properties, rows.PROPERTY, added, given=counters.NUMBERED)
    writes.insert(schema.order_properties, rows.PROPERTY, fresh, apart=True)
    tallies.properties(writes, tallied)


def paths(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every (dot path, value) of a JSON object: `=` and the text of a scalar, `{` of the rest.

    Both as their index holds them: a digest stands for a long one.
    """
    return ((rows.indexed(path), rows.indexed(text)) for path, text in _paths(value, ""))


def _paths(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        path = prefix + key
        text = scalar(inner)
        if text is not None:
            yield path, f"={text}"
        else:
            yield path, "{"
            if isinstance(inner, dict):
                yield from _paths(inner, path + ".")


def _lines(writes: Writes, facts: Facts) -> None:
    dirt = facts.touched.get("order_lines")
    if dirt is None:
        return
    writes.delete(schema.order_lines, _LINE_KEYS, list(dirt.gone))
    sets = tuple(c for c in rows.LINE if c not in _LINE_KEYS)
    changed = []
    for org, order_id, line_id in paced(sorted(dirt.dirty - dirt.new)):
        row = rows.line_row(org, order_id, facts.lines[org, order_id, line_id])
        changed.append((*row[3:], *row[:3]))
    writes.update(schema.order_lines, sets, _LINE_KEYS, changed)
    new = Rows(sorted(dirt.new), lambda k: rows.line_row(k[0], k[1], facts.lines[k]))
    writes.insert(schema.order_lines, rows.LINE, new)


def _catalogue(writes: Writes, facts: Facts) -> None:
    if dirt := facts.touched.get("locations"):
        made = [(*key, f"Location {dashed(key[1])}") for key in sorted(dirt.new)]
        writes.insert(schema.locations, ("org", "id", "name"), made)
    if dirt := facts.touched.get("customers"):
        new = [tuple(facts.customers[key]) for key in dirt.new]
        writes.insert(schema.customers, rows.CUSTOMER, new)
        keys = ("org", "id", "updated_at")
        changed = sorted(dirt.dirty - dirt.new)
        writes.update(schema.customers, rows.CUSTOMER[2:], keys,
            [(*facts.customers[key][2:], *key, facts.customer_base[key]) for key in changed],
        )  # fmt: skip
    if dirt := facts.touched.get("customer_names"):
        names = [(*key, facts.customer_names[key]) for key in sorted(dirt.new)]
        columns = ("org", "kind", "value", "customer_id")
        writes.insert(schema.customer_names, columns, names)
    if dirt := facts.touched.get("variants"):
        _variants(writes, facts)
    if dirt := facts.touched.get("variant_names"):
        found = Rows(sorted(dirt.new), lambda key: (*key, facts.variant_names[key]))
        columns = ("org", "kind", "value", "variant_id")
        writes.insert(schema.variant_names, columns, found)


def _variants(writes: Writes, facts: Facts) -> None:
    dirt = facts.touched["variants"]
    new = [facts.variants[key] for key in dirt.new]
    writes.insert(schema.items, ("org", "id", "name", "created_at"),
                Rows(new, lambda v: (v.org, v.item_id, v.name, v.created_at)))  # fmt: skip
    writes.insert(schema.variants, rows.VARIANT, Rows(new, rows.variant_row))
    writes.insert(schema.item_list_entries, ("org", "id", "list_id", "variant_id"),
        Rows(new, lambda v: (v.org, v.entry_id, facts.orgs[v.org].default_list, v.id)),
    )  # fmt: skip
    changed = [rows.variant_row(facts.variants[key]) for key in dirt.dirty - dirt.new]
    writes.update(schema.variants, rows.VARIANT[2:], ("org", "id"),
                [(*row[2:], *row[:2]) for row in changed])  # fmt: skip


def _stock(conn: Connection, writes: Writes, facts: Facts) -> None:
    levels.changed(conn, writes, facts)
    writes.insert(schema.stock_entries, rows.ENTRY, facts.entries)
    if dirt := facts.touched.get("reservations"):
        made = [facts.reservations[k[0], k[1]][k[2]] for k in dirt.new]
        writes.insert(schema.reservations, rows.RESERVATION, made)
        sets = ("quantity", "state", "updated_at")
        moved = [facts.reservations[k[0], k[1]][k[2]] for k in sorted(dirt.dirty - dirt.new)]
        writes.update(schema.reservations, sets, ("org", "order_id", "line_id"),
            [(r.quantity, r.state, r.updated_at, r.org, r.order_id, r.line_id) for r in moved],
        )  # fmt: skip


def _attempts(writes: Writes, facts: Facts) -> None:
    dirt = facts.touched.get("payment_attempts")
    if dirt is None:
        return
    sets = ("state", "provider_reference", "updated_at")
    moved = [facts.attempts[k[0], k[1]] for k in sorted(dirt.dirty - dirt.new)]
    writes.update(
        schema.payment_attempts, sets, ("org", "order_id", "number"),
        [(a.state, a.provider_reference, a.updated_at, a.org, a.order_id, a.number) for a in moved],
    )  # fmt: skip
    new = [rows.attempt_row(facts.attempts[k[0], k[1]]) for k in dirt.new]
    # An order has one live attempt: the next one waits until the last one is not.
    again = not {key[:2] for key in dirt.new}.isdisjoint(key[:2] for key in dirt.dirty)
    writes.insert(schema.payment_attempts, rows.ATTEMPT, new, apart=again)


def _claims(writes: Writes, facts: Facts) -> None:
    """Two orders that claim one payment at once: the later one is a conflict, and sees the first
    when its batch runs again."""
    made, base, table = facts.claims_new, facts.claim_base, schema.payment_claims
    if gone := [(*key, order_id) for key, order_id in facts.claims_gone if key not in made]:
        writes.delete(table, rows.CLAIM, sorted(gone), guarded=False)
    if made:
        keys = sorted(made)
        passed_on = [(made[key], *key, base[key]) for key in keys if key in base]
        writes.update(table, ("order_id",), rows.CLAIM, passed_on)
        new = [(*key, made[key]) for key in keys if key not in base]
        writes.insert(table, rows.CLAIM, new)


def _announced(writes: Writes, facts: Facts) -> None:
    gone = sorted(facts.announced_gone)
    writes.delete(schema.announced_orders, ("org", "text"), gone, guarded=False)
    made = [facts.announced_new[key] for key in sorted(facts.announced_new)]
    writes.insert(schema.announced_orders, ("org", "text", "source", "announced_at"), made)


def _jobs(writes: Writes, facts: Facts) -> None:
    dirt = facts.touched.get("jobs")
    if dirt is None:
        return
    gone = [(*key, facts.job_base[key]) for key in sorted(dirt.gone)]
    writes.delete(schema.jobs, _JOB_KEYS, gone)
    changed = [facts.jobs[key] for key in sorted(dirt.dirty - dirt.new)]
    writes.update(schema.jobs, _JOB_SETS, _JOB_KEYS,
        [(*job[2:], *job[:2], facts.job_base[job.org, job.id]) for job in changed],
    )  # fmt: skip
    writes.insert(schema.jobs, rows.JOB, [facts.jobs[key] for key in dirt.new])
