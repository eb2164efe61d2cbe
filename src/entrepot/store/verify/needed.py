"""The tables without whose rows a statement finds nothing: what needs an empty table is not asked.

Planning its many statements takes most of the time of an audit of a small book, and most tables of
such a book are empty.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Alias, FromClause, Join, Select, Subquery, Table
from sqlalchemy.sql import visitors
from sqlalchemy.sql.functions import FunctionElement


@lru_cache(maxsize=2048)
def needed_by(statement: Select[Any]) -> frozenset[str]:
    """The names of tables each of which must have a row for the statement to find one.

    A statement of which that cannot be said may find something in any book: it needs no table.
    """
    if _may_find_without_rows(statement):
        return frozenset()
    return frozenset[str]().union(*map(_of, statement.get_final_froms()))


def _may_find_without_rows(statement: Select[Any]) -> bool:
    """Whether the statement may give a row where its tables have none, as `SELECT count(*)` does.

    With GROUP BY it gives none. A function of each row is taken for one of all rows.
    """
    # SQLAlchemy has no public way to ask a statement for these two.
    if statement._group_by_clauses:  # noqa: SLF001
        return False
    parts = (*statement.selected_columns, *statement._having_criteria)  # noqa: SLF001
    return any(isinstance(one, FunctionElement) for part in parts for one in visitors.iterate(part))


def _of(source: FromClause) -> frozenset[str]:
    if isinstance(source, Table):
        return frozenset({source.name})
    if isinstance(source, Alias):
        return _of(source.element)
    if isinstance(source, Subquery) and isinstance(source.element, Select):
        return needed_by(source.element)
    if isinstance(source, Join) and not source.full:
        return _of(source.left) | (frozenset() if source.isouter else _of(source.right))
    return frozenset()
