"""Writing what a batch changed. Every update names the state it expects; a miss is a conflict.

A kind of row is written by its `Kept`, all kinds alike. Special are orders (orders.py), stock
levels (levels.py), the searchable properties (properties.py), numbers (counters.py), tallies
(spans.py, tallies.py), and what is named so here. Keys that two processes may make or change at
once are written in sorted order, so that they cannot deadlock.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet

from sqlalchemy import Connection

from entrepot.core.facts import Facts
from entrepot.core.keys import KEYS
from entrepot.core.kinds import ANNOUNCED, VARIANTS, K, Kind, R
from entrepot.core.order import StoredAnswer, Variant
from entrepot.core.products import ITEMS
from entrepot.core.rows import Rows
from entrepot.store import schema
from entrepot.store.engines.sql import sql_of
from entrepot.store.schema.kept import Kept
from entrepot.store.writing import (
    announced,
    counters,
    invoices,
    levels,
    list_tallies,
    orders,
    own_rows,
    properties,
    spans,
    tallies,
)
from entrepot.store.writing.writes import Writes, made

# Kinds of which few batches have any row.
_OTHERS = frozenset(kept.kind for kept in (*schema.PLAIN, *schema.OF_SENT_ORDERS))


def flush(
    conn: Connection, facts: Facts, answers_dated: Callable[[], list[StoredAnswer]] | None = None
) -> None:
    """Write rows, events, jobs and answers of the whole batch. Raises Conflict.

    Afterwards `facts` knows the numbers and times that the orders were written with.
    `answers_dated`, if any, then says which of the answers read otherwise with these times; it is
    asked within the transaction, so that what is kept is what is sent.
    """
    if answers_dated is None:
        if not facts.organizations and not _news(facts, ANNOUNCED):
            _write(conn, facts)
            return
        with sql_of(conn).one_transaction(conn):
            _write(conn, facts)
        return
    with sql_of(conn).one_transaction(conn):
        _write(conn, facts)
        writes = Writes()
        dated = [(one.body, one.checksum, one.org, one.key) for one in answers_dated()]
        writes.update(schema.idempotency_keys, ("body", "checksum"), ("org", "key"), dated)
        writes.run(conn)


def _write(conn: Connection, facts: Facts) -> None:
    """The order of these lines is the order in which locks are taken (docs/adr/0012)."""
    for org, change in sorted(facts.organizations.items()):
        own_rows.write(conn, org, change, facts.now)
    writes = Writes()
    if not sql_of(conn).locks(conn):
        _as_read(writes, facts)
    if (keys := facts.made.get(KEYS)) is not None:
        # The key that sent a command lives: of two that revoke each other one stays.
        _unchanged(writes, schema.KEYS, keys, keys.untouched())
    write(writes, schema.LINES, facts)
    write(writes, schema.LOCATIONS, facts)
    write(writes, schema.CUSTOMERS, facts)
    write(writes, schema.CUSTOMER_NAMES, facts)
    new_variants = [facts.variants.now[key] for key in sorted(_news(facts, VARIANTS))]
    _items(writes, new_variants, facts)
    write(writes, schema.VARIANTS, facts)
    _entries(writes, new_variants, facts)
    write(writes, schema.VARIANT_NAMES, facts)
    levels.write(conn, writes, facts)
    writes.insert(schema.stock_entries, schema.ENTRIES.columns, facts.entries)
    write(writes, schema.RESERVATIONS, facts)
    write(writes, schema.PAYMENTS, facts)
    write(writes, schema.OPERATIONS, facts)
    # Two orders that claim one payment at once: the later one is a conflict, and sees the first
    # when its batch runs again.
    write(writes, schema.CLAIMS, facts)
    write(writes, schema.JOBS, facts)
    write(writes, schema.ANNOUNCED, facts)
    write(writes, schema.ANSWERS, facts)
    if not _OTHERS.isdisjoint(facts.made):
        for kept in (*schema.PLAIN, *schema.OF_SENT_ORDERS):
            write(writes, kept, facts)
    logged = counters.number(conn, writes, facts)
    writes.insert(schema.events, schema.EVENTS.columns, logged, given=counters.LOGGED)
    orders.write(writes, facts)
    properties.write(writes, facts)
    spans.tally(conn, writes, facts)
    tallies.updates(conn, writes, facts)
    list_tallies.recorded(writes, facts)
    invoices.write(conn, writes, facts)
    counters.numbered(writes.run(conn), facts)
    if new_announced := _news(facts, ANNOUNCED):
        announced.look_again(conn, [facts.announced.now[key] for key in new_announced])


def _news(facts: Facts, kind: Kind[K, R]) -> AbstractSet[K]:
    """The keys of new rows of a kind. Most batches have not asked for the kind."""
    rows = facts.made.get(kind)
    return rows.new if rows is not None and rows.told else frozenset()


def write(writes: Writes, kept: Kept[K, R], facts: Facts) -> None:
    """Write the rows of one kind: those that are gone, those that changed, those that are new."""
    rows = facts.made.get(kept.kind)
    if rows is None or not rows.told:
        return
    base, now, key = rows.base, rows.now, kept.guarding
    new, dirty, gone = rows.to_write()
    if gone:
        left = [key(base[one]) for one in sorted(gone)]
        writes.delete(kept.table, kept.guarded_key, left, guarded=kept.demanded)
    if dirty:
        values = kept.values
        changed = made(sorted(dirty), lambda one: (*values(now[one]), *key(base[one])))
        writes.update(kept.table, kept.sets, kept.guarded_key, changed)
    if new:
        whole = made([now[one] for one in sorted(new)], kept.to_row)
        writes.insert(kept.table, kept.columns, whole)


def _as_read(writes: Writes, facts: Facts) -> None:
    """Guard the rows that decisions read and did not change: they must be as read, for nothing is
    locked.
    """
    # Orders of which only the reason is written are guarded where that is written.
    _unchanged(writes, schema.ORDERS, facts.orders, facts.orders.untouched() - facts.reasons)
    _unchanged(writes, schema.JOBS, facts.jobs, facts.jobs.untouched())
    # The process that holds these jobs has to see this change: not even a put-off may come in
    # between.
    held = sorted(facts.held & facts.jobs.untouched())
    leases = [(*key, facts.jobs.base[key].leased_until) for key in held]
    writes.expect(schema.jobs, ("org", "id", "leased_until"), leases)
    if facts.exact_stock:
        _unchanged(writes, schema.LEVELS, facts.levels, facts.levels.untouched())


def _unchanged(writes: Writes, kept: Kept[K, R], rows: Rows[K, R], keys: set[K]) -> None:
    base, key = rows.base, kept.guarding
    writes.expect(kept.table, kept.guarded_key, [key(base[one]) for one in sorted(keys)])


def _items(writes: Writes, variants: list[Variant], facts: Facts) -> None:
    """Each new variant of which no product is known is a product of its own."""
    known = facts.made.get(ITEMS)
    if known:
        variants = [one for one in variants if (one.org, one.item_id) not in known]
    rows = made(variants, lambda v: (v.org, v.item_id, v.name, v.created_at))
    writes.insert(schema.items, ("org", "id", "name", "created_at"), rows)


def _entries(writes: Writes, variants: list[Variant], facts: Facts) -> None:
    """Each new variant is on the organization's default list."""
    orgs = facts.orgs
    rows = made(variants, lambda v: (v.org, v.entry_id, orgs[v.org].default_list, v.id))
    writes.insert(schema.item_list_entries, ("org", "id", "list_id", "variant_id"), rows)
