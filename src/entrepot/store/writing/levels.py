"""Writing stock levels as differences, so that several processes sell from one shelf at once.

The write has a condition: the shelf still holds all that is reserved. Concurrent changes are
harmless while enough stock remains. A decision that used the exact numbers, such as a refusal for
too little stock, needs the level as it was read (docs/adr/0015).
"""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.facts import Facts
from entrepot.store import schema
from entrepot.store.engines.sql import Write, sql_of
from entrepot.store.schema import LEVELS
from entrepot.store.writing.writes import Writes

_SHIFT = (
    "UPDATE stock_levels AS t SET on_hand = t.on_hand + v.on_hand, "
    "reserved = t.reserved + v.reserved, version = t.version + v.versions "
    "FROM {} AS v(org, variant_id, location_id, on_hand, reserved, versions) "
    "WHERE t.org = v.org AND t.variant_id = v.variant_id AND t.location_id = v.location_id "
    "AND t.reserved + v.reserved >= 0 "
    "AND (t.soft OR t.on_hand + v.on_hand >= t.reserved + v.reserved) RETURNING 1"
)
_SHIFT_TYPES = ("bigint", "bytea", "bytea", "bigint", "bigint", "bigint")


def write(conn: Connection, writes: Writes, facts: Facts) -> None:
    """Write the levels that the batch made or changed."""
    now, base = facts.levels.now, facts.levels.base
    new = [now[key] for key in sorted(facts.levels.new)]
    writes.insert(schema.stock_levels, LEVELS.columns, new)
    keys = sorted(facts.levels.dirty)
    if facts.exact_stock or sql_of(conn).alone:
        exact = [(*LEVELS.values(now[key]), *LEVELS.guarding(base[key])) for key in keys]
        writes.update(schema.stock_levels, LEVELS.sets, LEVELS.guarded_key, exact)
        return
    shifts = []
    for key in keys:
        before, after = base[key], now[key]
        on_hand, reserved = after.on_hand - before.on_hand, after.reserved - before.reserved
        shifts.append((*key, on_hand, reserved, after.version - before.version))
    # The last rows that other batches wait for, apart from the organization's counter.
    writes.add(Write("stock_levels", None, _SHIFT, _SHIFT_TYPES, shifts, guarded=True, late=True))
