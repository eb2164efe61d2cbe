"""Writing what a batch changed. Every update names the state it expects; a miss is a conflict.

Keys that two processes may make at once are inserted in sorted order, so that they cannot deadlock.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection

from entrepot.core.facts import Facts
from entrepot.store import bulk, rows, schema

_ORDER_KEYS = ("org", "id", "version")
_ORDER_SETS = tuple(c for c in rows.ORDER if c not in ("org", "id"))
_ORDER_PICK = [rows.ORDER.index(c) for c in _ORDER_SETS]
# What a move of the pipeline changes; the long texts of an order are not written again for it.
_MOVE_SETS = (
    "stage", "payment", "fulfilment", "returns", "synq", "polinate_phase", "polinate_status",
    "konvo", "konvo_shipment", "told", "updated_at", "shipped_at", "delivered_at", "reason",
    "reason_detail", "parked", "ingested", "version",
)  # fmt: skip
_MOVE_PICK = [rows.ORDER.index(c) for c in _MOVE_SETS]
_KEPT_PICK = [i for i, c in enumerate(rows.ORDER) if c not in _MOVE_SETS]
_JOB_SETS = tuple(c for c in rows.JOB if c not in ("org", "id"))
_LINE_KEYS = ("org", "order_id", "id")


def flush(conn: Connection, facts: Facts) -> None:
    """Write rows, events, jobs and answers of the whole batch. Raises Conflict."""
    _orders(conn, facts)
    _lines(conn, facts)
    bulk.insert(conn, schema.order_events, rows.EVENT, facts.events)
    _catalogue(conn, facts)
    _stock(conn, facts)
    _attempts(conn, facts)
    _jobs(conn, facts)
    answers = sorted(facts.answers_new, key=lambda answer: (answer.org, answer.key))
    bulk.insert(conn, schema.idempotency_keys, rows.ANSWER, answers)


def _orders(conn: Connection, facts: Facts) -> None:
    dirt = facts.touched.get("orders")
    if dirt is None:
        return
    new = [rows.order_row(facts.orders[key]) for key in dirt.new]
    bulk.insert(conn, schema.orders, rows.ORDER, new)
    moved, amended = [], []
    for key in dirt.dirty - dirt.new:
        base = facts.order_base[key]
        row, before = rows.order_row(facts.orders[key]), rows.order_row(base)
        guard = (*key, base.version)
        if all(row[i] == before[i] for i in _KEPT_PICK):
            moved.append((*[row[i] for i in _MOVE_PICK], *guard))
        else:
            amended.append((*[row[i] for i in _ORDER_PICK], *guard))
    bulk.update(conn, schema.orders, _MOVE_SETS, _ORDER_KEYS, moved)
    bulk.update(conn, schema.orders, _ORDER_SETS, _ORDER_KEYS, amended)
    _properties(conn, facts)


def _properties(conn: Connection, facts: Facts) -> None:
    dirt = facts.touched["orders"]
    stale: list[bulk.Row] = []
    fresh: list[bulk.Row] = []
    for key in dirt.new | dirt.dirty:
        text = facts.orders[key].properties
        base = facts.order_base.get(key)
        if base is not None and base.properties == text:
            continue
        if base is not None and base.properties:
            stale.append(key)
        if text:
            fresh.extend((*key, *pair) for pair in dict.fromkeys(paths(json.loads(text))))
    keys = ("org", "order_id")
    bulk.delete(conn, schema.order_properties, keys, stale, guarded=False)
    bulk.insert(conn, schema.order_properties, (*keys, "path", "value"), fresh)


def paths(value: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every (dot path, value) of a JSON object: `=` and the text of a scalar, `{` of the rest.

    Both as their index holds them: a digest stands for a long one.
    """
    return ((rows.indexed(path), rows.indexed(text)) for path, text in _paths(value, ""))


def _paths(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        path = prefix + key
        if isinstance(inner, bool):
            yield path, "=true" if inner else "=false"
        elif isinstance(inner, str | int | float):
            yield path, f"={inner}"
        else:
            yield path, "{"
            if isinstance(inner, dict):
                yield from _paths(inner, path + ".")


def _lines(conn: Connection, facts: Facts) -> None:
    dirt = facts.touched.get("order_lines")
    if dirt is None:
        return
    bulk.delete(conn, schema.order_lines, _LINE_KEYS, list(dirt.gone))
    sets = tuple(c for c in rows.LINE if c not in _LINE_KEYS)
    changed = []
    for org, order_id, line_id in sorted(dirt.dirty - dirt.new):
        row = rows.line_row(org, order_id, facts.lines[org, order_id, line_id])
        changed.append((*row[3:], *row[:3]))
    bulk.update(conn, schema.order_lines, sets, _LINE_KEYS, changed)
    new = [rows.line_row(k[0], k[1], facts.lines[k]) for k in sorted(dirt.new)]
    bulk.insert(conn, schema.order_lines, rows.LINE, new)


def _catalogue(conn: Connection, facts: Facts) -> None:
    if dirt := facts.touched.get("customers"):
        new = [tuple(facts.customers[key]) for key in dirt.new]
        bulk.insert(conn, schema.customers, rows.CUSTOMER, new)
        keys = ("org", "id", "updated_at")
        changed = sorted(dirt.dirty - dirt.new)
        bulk.update(
            conn, schema.customers, rows.CUSTOMER[2:], keys,
            [(*facts.customers[key][2:], *key, facts.customer_base[key]) for key in changed],
        )  # fmt: skip
    if dirt := facts.touched.get("customer_names"):
        names = [(*key, facts.customer_names[key]) for key in sorted(dirt.new)]
        columns = ("org", "kind", "value", "customer_id")
        bulk.insert(conn, schema.customer_names, columns, names)
    if dirt := facts.touched.get("variants"):
        _variants(conn, facts)
    if dirt := facts.touched.get("variant_names"):
        names = [(*key, facts.variant_names[key]) for key in sorted(dirt.new)]
        columns = ("org", "kind", "value", "variant_id")
        bulk.insert(conn, schema.variant_names, columns, names)


def _variants(conn: Connection, facts: Facts) -> None:
    dirt = facts.touched["variants"]
    new = [facts.variants[key] for key in dirt.new]
    bulk.insert(conn, schema.items, ("org", "id", "name", "created_at"),
                [(v.org, v.item_id, v.name, v.created_at) for v in new])  # fmt: skip
    bulk.insert(conn, schema.variants, rows.VARIANT, [rows.variant_row(v) for v in new])
    bulk.insert(
        conn, schema.item_list_entries, ("org", "id", "list_id", "variant_id"),
        [(v.org, v.entry_id, facts.orgs[v.org].default_list, v.id) for v in new],
    )  # fmt: skip
    changed = [rows.variant_row(facts.variants[key]) for key in dirt.dirty - dirt.new]
    bulk.update(conn, schema.variants, rows.VARIANT[2:], ("org", "id"),
                [(*row[2:], *row[:2]) for row in changed])  # fmt: skip


def _stock(conn: Connection, facts: Facts) -> None:
    if dirt := facts.touched.get("stock_levels"):
        new = [tuple(facts.levels[key]) for key in dirt.new]
        bulk.insert(conn, schema.stock_levels, rows.LEVEL, new)
        keys = ("org", "variant_id", "location_id", "version")
        changed = sorted(dirt.dirty - dirt.new)
        bulk.update(
            conn, schema.stock_levels, rows.LEVEL[3:], keys,
            [(*facts.levels[key][3:], *key, facts.level_base[key]) for key in changed],
        )  # fmt: skip
    bulk.insert(conn, schema.stock_entries, rows.ENTRY, facts.entries)
    if dirt := facts.touched.get("reservations"):
        made = [facts.reservations[k[0], k[1]][k[2]] for k in dirt.new]
        bulk.insert(conn, schema.reservations, rows.RESERVATION, made)
        sets = ("quantity", "state", "updated_at")
        moved = [facts.reservations[k[0], k[1]][k[2]] for k in dirt.dirty - dirt.new]
        bulk.update(
            conn, schema.reservations, sets, ("org", "order_id", "line_id"),
            [(r.quantity, r.state, r.updated_at, r.org, r.order_id, r.line_id) for r in moved],
        )  # fmt: skip


def _attempts(conn: Connection, facts: Facts) -> None:
    dirt = facts.touched.get("payment_attempts")
    if dirt is None:
        return
    new = [rows.attempt_row(facts.attempts[k[0], k[1]]) for k in dirt.new]
    bulk.insert(conn, schema.payment_attempts, rows.ATTEMPT, new)
    sets = ("state", "provider_reference", "updated_at")
    moved = [facts.attempts[k[0], k[1]] for k in dirt.dirty - dirt.new]
    bulk.update(
        conn, schema.payment_attempts, sets, ("org", "order_id", "number"),
        [(a.state, a.provider_reference, a.updated_at, a.org, a.order_id, a.number) for a in moved],
    )  # fmt: skip


def _jobs(conn: Connection, facts: Facts) -> None:
    dirt = facts.touched.get("jobs")
    if dirt is None:
        return
    guard = ("org", "id", "fence")
    gone = [(*key, facts.job_base[key]) for key in dirt.gone]
    bulk.delete(conn, schema.jobs, guard, gone)
    changed = [facts.jobs[key] for key in dirt.dirty - dirt.new]
    bulk.update(
        conn, schema.jobs, _JOB_SETS, guard,
        [(*job[2:], *job[:2], facts.job_base[job.org, job.id]) for job in changed],
    )  # fmt: skip
    bulk.insert(conn, schema.jobs, rows.JOB, [facts.jobs[key] for key in dirt.new])
