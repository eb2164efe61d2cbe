"""Writing orders. Numbers and times come from the commit (counters.py). A move of the pipeline is
written without the long texts. A reason that an order has while it waits is no change of the order.
"""

from __future__ import annotations

from operator import itemgetter

from entrepot.core import kinds
from entrepot.core.facts import Facts
from entrepot.core.order import Order
from entrepot.pace import paced
from entrepot.store import schema
from entrepot.store.schema import ORDERS
from entrepot.store.writing import counters
from entrepot.store.writing.writes import Writes, made

# Columns that a move of the pipeline changes; the long texts of an order are not written again.
_MOVING = (
    "facets", "told_words", "updated_at", "shipped_at", "delivered_at", "reason", "reason_detail",
    "parked", "ingested", "version",
)  # fmt: skip
_MOVE_SETS = ORDERS.columns_of(*_MOVING)
_moved_values = ORDERS.giving(_MOVE_SETS)
# Lines are rows of their own, and a number is given once.
_OTHERS = [name for name in Order._fields if name not in (*_MOVING, "lines", "number")]
_rest = itemgetter(*kinds.positions(Order, *_OTHERS))
_SAID_SETS = ORDERS.columns_of("reason", "reason_detail", "parked")
_said_values = ORDERS.giving(_SAID_SETS)


def write(writes: Writes, facts: Facts) -> None:
    """Write the orders that the batch moved, amended, gave reasons to, and made."""
    _changed(writes, facts)
    _reasons(writes, facts)
    # In the order of the primary key, so that its tree grows at one end.
    now = facts.orders.now
    new = made([now[key] for key in sorted(facts.orders.new)], ORDERS.to_row)
    writes.insert(schema.orders, ORDERS.columns, new, given=counters.MADE, sparse=True)


def _changed(writes: Writes, facts: Facts) -> None:
    now, base, guarding = facts.orders.now, facts.orders.base, ORDERS.guarding
    moved, amended = [], []
    for key in paced(sorted(facts.orders.dirty)):
        before, order = base[key], now[key]
        if _rest(before) == _rest(order):
            moved.append((*_moved_values(order), *guarding(before)))
        else:
            amended.append((*ORDERS.values(order), *guarding(before)))
    given = counters.CHANGED
    writes.update(schema.orders, _MOVE_SETS, ORDERS.guarded_key, moved, given=given)
    writes.update(schema.orders, ORDERS.sets, ORDERS.guarded_key, amended, given=given)


def _reasons(writes: Writes, facts: Facts) -> None:
    """Reasons of orders that wait; orders that change in other ways as well are written whole."""
    orders = facts.orders
    if not facts.reasons:
        return
    only = sorted(facts.reasons - orders.dirty - orders.new)
    said = [(*_said_values(orders[key]), *ORDERS.guarding(orders[key])) for key in only]
    writes.update(schema.orders, _SAID_SETS, ORDERS.guarded_key, said)
