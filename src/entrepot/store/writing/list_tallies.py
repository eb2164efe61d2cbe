"""How many rows of a list have a time in a slot: totals and deep pages that need no counting.

A list, such as the contacts by the time of their making, has tallies of all its rows, and of those
with a word and a key, such as the attributions of one origin. They are written in the transaction
that writes the rows. The slots are those of tallies.py.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from sqlalchemy import Connection

from entrepot.core.broadcasts import BROADCASTS as BROADCASTS_KIND
from entrepot.core.broadcasts import Broadcast
from entrepot.core.facts import Facts
from entrepot.core.kinds import Key
from entrepot.core.rows import Rows
from entrepot.core.touches import CLICK, TOUCHES, Touch
from entrepot.store.engines.sql import Row, Write, sql_of
from entrepot.store.writing.counters import TAKEN
from entrepot.store.writing.spans import SIZES
from entrepot.store.writing.tallies import SLOTS
from entrepot.store.writing.writes import Writes

# The lists: contacts by the time of their making, and of their last change.
CONTACTS, CONTACTS_UPDATED = "contacts", "contacts_updated"
# Broadcasts by the same times.
BROADCASTS, BROADCASTS_UPDATED = "broadcasts", "broadcasts_updated"
# Clicks by their time, all of them and those of an origin.
CLICKS = "clicks"
# What was clicked where, and how many contacts clicked, by origin.
COUNTRIES, CLICKERS = "click_countries", "clickers"
# Attributions by their time, all of them and those of a type and an origin.
ATTRIBUTIONS = "attributions"
# Invoices by their number: those of a status, those with a property, and those with both.
INVOICES, INVOICE_PROPERTIES = "invoices", "invoice_properties"
# The key of tallies that are of no one thing.
NO_KEY = b""

Counted = tuple[int, str, str, bytes, int]  # organization, list, word, key, time in microseconds
Placed = tuple[int, str, str, bytes, int]  # the same, and the number of the row


def recorded(writes: Writes, facts: Facts) -> None:
    """Count the clicks that a batch has recorded, and the broadcasts that it was told of."""
    made = facts.made
    if TOUCHES in made:
        tally(writes, _clicks(made[TOUCHES]))
    if BROADCASTS_KIND in made:
        tally(writes, _broadcasts(made[BROADCASTS_KIND]))


def _clicks(rows: Rows[Key, Touch]) -> Counter[Counted]:
    counted: Counter[Counted] = Counter()
    for key in rows.new:
        touch = rows.now[key]
        if touch.kind == CLICK:
            for of in (NO_KEY, touch.origin_id):
                counted[touch.org, CLICKS, "", of, touch.at] += 1
            where = f"{touch.country} {touch.resource_id}"
            counted[touch.org, COUNTRIES, where, touch.origin_id, touch.at] += 1
    return counted


def _broadcasts(rows: Rows[Key, Broadcast]) -> Counter[Counted]:
    counted: Counter[Counted] = Counter()
    for key in (*rows.new, *rows.dirty):
        now, before = rows.now[key], rows.base.get(key)
        if before is None:
            counted[now.org, BROADCASTS, "", NO_KEY, now.created_at] += 1
        else:
            counted[now.org, BROADCASTS_UPDATED, "", NO_KEY, before.updated_at] -= 1
        counted[now.org, BROADCASTS_UPDATED, "", NO_KEY, now.updated_at] += 1
    return counted


def tally(writes: Writes, counted: Counter[Counted]) -> None:
    """Raise and lower the tallies of these rows, every level of them."""
    writes.add(Write("list_tallies", *_STATEMENTS, _TYPES, _slots(counted, SLOTS)))


def by_number(conn: Connection, writes: Writes, counted: Counter[Placed]) -> None:
    """Raise and lower the tallies of rows by their numbers. PostgreSQL finds the numbers of new
    invoices out while it writes: until then they are 0 or less.
    """
    if sql_of(conn).numbers_first:
        placed = Counter({(*key[:-1], key[-1] - 1): n for key, n in counted.items()})
        rows = _slots(placed, SIZES)
        writes.add(Write("list_tallies", _STATEMENTS[0], "", (), rows))
        return
    rows = [(*key, n) for key, n in counted.items() if n]
    writes.add(Write("list_tallies", None, _by_number_postgres(SIZES), _PLACED_TYPES, rows))


def _slots(counted: Counter[Counted], sizes: tuple[int, ...]) -> list[Row]:
    """The rows of every level, sorted, so that two processes do not wait for each other."""
    slots: Counter[tuple[int, str, str, bytes, int, int]] = Counter()
    for (org, name, word, key, at), more in counted.items():
        for level, size in enumerate(sizes):
            slots[org, name, word, key, level, at // size] += more
    return sorted((*slot, n) for slot, n in slots.items() if n)


@lru_cache
def _by_number_postgres(sizes: tuple[int, ...]) -> str:
    """Adds rows to the slots of every level that their numbers lie in."""
    levels = ", ".join(f"({level}::smallint, {size}::bigint)" for level, size in enumerate(sizes))
    number = "CASE WHEN new.number > 0 THEN new.number ELSE new.number + k.invoices END"
    numbered = (
        f"SELECT new.org, new.list, new.word, new.key, new.n, {number} AS number FROM {{}} AS "
        f"new(org, list, word, key, number, n) JOIN {TAKEN} AS k ON k.org = new.org"
    )
    return (
        f"{_INSERT}SELECT org, list, word, key, level, (number - 1) / size, sum(n)::bigint "
        f"FROM ({numbered}) AS numbered CROSS JOIN (VALUES {levels}) AS levels(level, size) "
        f"GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0 ORDER BY 1, 2, 3, 4, 5, 6{_ADDED}"
    )


_KEYS = ("org", "list", "word", "key", "level", "slot")
_TYPES = ("bigint", "text", "text", "bytea", "smallint", "bigint", "bigint")
_PLACED_TYPES = ("bigint", "text", "text", "bytea", "bigint", "bigint")
_INSERT = f"INSERT INTO list_tallies AS t ({', '.join(_KEYS)}, counted) "
_ADDED = f" ON CONFLICT ({', '.join(_KEYS)}) DO UPDATE SET counted = t.counted + excluded.counted"
_STATEMENTS = (
    f"{_INSERT}VALUES (?, ?, ?, ?, ?, ?, ?){_ADDED}",
    f"{_INSERT}SELECT * FROM {{}}{_ADDED}",
)
