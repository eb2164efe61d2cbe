"""How many rows of a list have a time in a slot: totals and deep pages that need no counting.

A list, such as the contacts by the time of their making, has tallies of all its rows, and of those
with a word and a key, such as the attributions of one origin. They are written in the transaction
that writes the rows. The slots are those of tallies.py.
"""

from __future__ import annotations

from collections import Counter

from entrepot.core.broadcasts import BROADCASTS as BROADCASTS_KIND
from entrepot.core.broadcasts import Broadcast
from entrepot.core.facts import Facts
from entrepot.core.kinds import Key
from entrepot.core.rows import Rows
from entrepot.core.touches import CLICK, TOUCHES, Touch
from entrepot.store.engines.sql import Row, Write
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
# The key of tallies that are of no one thing.
NO_KEY = b""

Counted = tuple[int, str, str, bytes, int]  # organization, list, word, key, time in microseconds


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
    slots: Counter[tuple[int, str, str, bytes, int, int]] = Counter()
    for (org, name, word, key, at), more in counted.items():
        for level, size in enumerate(SLOTS):
            slots[org, name, word, key, level, at // size] += more
    # Sorted, so that two processes do not wait for each other.
    rows: list[Row] = sorted((*slot, n) for slot, n in slots.items() if n)
    writes.add(Write("list_tallies", *_STATEMENTS, _TYPES, rows))


_KEYS = ("org", "list", "word", "key", "level", "slot")
_TYPES = ("bigint", "text", "text", "bytea", "smallint", "bigint", "bigint")
_INSERT = f"INSERT INTO list_tallies AS t ({', '.join(_KEYS)}, counted) "
_ADDED = f" ON CONFLICT ({', '.join(_KEYS)}) DO UPDATE SET counted = t.counted + excluded.counted"
_STATEMENTS = (
    f"{_INSERT}VALUES (?, ?, ?, ?, ?, ?, ?){_ADDED}",
    f"{_INSERT}SELECT * FROM {{}}{_ADDED}",
)
