"""Terms of orders: those that orders have now, and orders by the terms that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from entrepot.core.order_terms import COLUMNS, Range, Said, Word, asked_for, terms_of
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Row, Statement

# The kind of walk that keeps the terms; see `sweeps`.
SEARCH: Final = "search"
# The columns of an order that `now` goes by.
READ: Final = ("number", "id", *COLUMNS)
_BY_ORDER = ("org", "order_id")


def now(conn: Connection, org: int, rows: Sequence[Row]) -> dict[int, frozenset[bytes]]:
    """The terms of these orders by their numbers. The rows have the columns `READ`."""
    wanted: set[Row] = {(org, row[1]) for row in rows}
    skus: dict[bytes, list[Any]] = {}
    for order_id, sku in sql.select(
        conn, schema.order_lines, _BY_ORDER, wanted, ("order_id", "sku")
    ):
        skus.setdefault(bytes(order_id), []).append(sku)
    return {row[0]: terms_of(Said(*row[2:]), skus.get(bytes(row[1]), ())) for row in rows}


def of_text(text: str, statement: Statement) -> str:
    """The condition on a row `o` of orders that a text means the order, by the kept terms."""
    asked = asked_for(text)
    meant = [" AND ".join([_has(word, statement) for word in way]) for way in asked.ways]
    found = [f"({way})" for way in meant]
    if asked.number is not None:
        found.append(f"o.number = {statement.mark(asked.number)}")
    return f"({' OR '.join(found)})" if found else "1 = 0"


def _has(word: Word, statement: Statement) -> str:
    its = " OR ".join([f"({within(one, statement)})" for one in word])
    terms = (
        f"SELECT 1 FROM order_terms AS t WHERE t.org = o.org AND t.number = o.number AND ({its})"
    )
    return f"EXISTS ({terms}{statement.sql.fence})"


def within(one: Range, statement: Statement) -> str:
    """The condition that a row `t` of terms lies within a range."""
    return f"t.term >= {statement.mark(one.low)} AND t.term < {statement.mark(one.high)}"


def columns_of(names: Iterable[str]) -> str:
    """These columns of a row `o`."""
    return ", ".join([f"o.{name}" for name in names])
