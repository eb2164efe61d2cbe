"""Lists in the order of a time, newest first: their totals and pages, without counting the rows.

Tallies say how many rows of a list have a time in a slot (writing/list_tallies.py). A total is the
sum of whole slots, and a look into the index over the rest of one minute. A deep page begins in the
slot that the tallies lead to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core.between import Between
from entrepot.store.engines.sql import Statement
from entrepot.store.writing.list_tallies import NO_KEY
from entrepot.store.writing.tallies import SLOTS

# Pages that begin behind fewer rows walk over them.
SHALLOW = 500

_EVER = -(1 << 62)

# Further conditions of the rows `r`, with the statement's marks.
Where = Callable[[Statement], list[str]]


class Timeline(NamedTuple):
    """A list: its name in the tallies, its table, and the column that orders it.

    `word` and `key`: of the rows with these alone, which `where` says of the rows themselves.
    """

    name: str
    table: str
    at: str
    word: str = ""
    key: bytes = NO_KEY
    where: Where = lambda _: []


class Listed(NamedTuple):
    """The ids of a page, newest first, and the number of all that match."""

    ids: list[bytes]
    total: int


def find(
    conn: Connection, org: int, line: Timeline, between: Between, limit: int, offset: int
) -> Listed:
    """The page, and the exact total of the list between the bounds."""
    later = 0 if between.until is None else _after(conn, org, line, between.until)
    since = None if between.since is None else between.since - 1
    total = max(0, _after(conn, org, line, since) - later)
    limit = min(limit, total - offset)
    if limit <= 0:
        return Listed([], total)
    if offset > SHALLOW:
        until, offset = _reached(conn, org, line, later + offset)
        between = between._replace(until=until)
    return Listed(_page(conn, org, line, between, limit, offset), total)


def count(
    conn: Connection, org: int, line: Timeline, between: Between, limit: int, offset: int
) -> Listed:
    """The same of rows that have no tallies: the total is counted row by row."""
    statement = Statement(conn)
    where = _where(statement, org, line, between)
    total = statement.scalar(f"SELECT count(*) FROM {line.table} AS r WHERE {where}")
    if offset >= total:
        return Listed([], total)
    return Listed(_page(conn, org, line, between, limit, offset), total)


def _after(conn: Connection, org: int, line: Timeline, time: int | None) -> int:
    """How many rows have a later time: whole slots, and a look into the first one."""
    statement = Statement(conn)
    mark = statement.mark
    its = _of(line, org, statement)
    last = len(SLOTS) - 1
    if time is None:
        return statement.scalar(f"SELECT {_SUM} FROM list_tallies WHERE {its} AND level = {last}")
    counted = []
    first = [time // size for size in SLOTS]
    for level, slot in enumerate(first):
        condition = f"{its} AND level = {level} AND slot > {mark(slot)}"
        if level < last:
            # Rows beyond the coarser slot are counted by that slot's level.
            end = (first[level + 1] + 1) * SLOTS[level + 1] // SLOTS[level]
            condition += f" AND slot < {mark(end)}"
        counted.append(f"SELECT {_SUM} FROM list_tallies WHERE {condition}")
    end = (first[0] + 1) * SLOTS[0]
    rest = [f"r.org = {mark(org)}", f"r.{line.at} > {mark(time)}", f"r.{line.at} < {mark(end)}"]
    where = " AND ".join([*rest, *line.where(statement)])
    counted.append(f"SELECT count(*) FROM {line.table} AS r WHERE {where}")
    return sum(row[0] for row in statement.fetch(" UNION ALL ".join(counted)))


def _page(
    conn: Connection, org: int, line: Timeline, between: Between, limit: int, offset: int
) -> list[bytes]:
    statement = Statement(conn)
    mark = statement.mark
    where = _where(statement, org, line, between)
    found = statement.fetch(
        f"SELECT r.id FROM {line.table} AS r WHERE {where} "
        f"ORDER BY r.{line.at} DESC, r.id DESC LIMIT {mark(limit)} OFFSET {mark(offset)}"
    )
    return [bytes(row[0]) for row in found]


def _where(statement: Statement, org: int, line: Timeline, between: Between) -> str:
    mark = statement.mark
    # A bound that bounds nothing leads SQLite to an index that ends with the time.
    since = _EVER if between.since is None else between.since
    conditions = [f"r.org = {mark(org)}", f"r.{line.at} >= {mark(since)}"]
    if between.until is not None:
        conditions.append(f"r.{line.at} <= {mark(between.until)}")
    return " AND ".join([*conditions, *line.where(statement)])


def _reached(conn: Connection, org: int, line: Timeline, passed: int) -> tuple[int, int]:
    """The last moment of the minute in which the row behind so many newer ones is, and how many of
    the minute's own rows are newer than that row.
    """
    slot = None
    for level in range(len(SLOTS) - 1, -1, -1):
        statement = Statement(conn)
        condition = f"{_of(line, org, statement)} AND level = {level}"
        if slot is not None:
            within = SLOTS[level + 1] // SLOTS[level]
            condition += f" AND slot >= {statement.mark(slot * within)}"
            condition += f" AND slot < {statement.mark((slot + 1) * within)}"
        found = statement.fetch(
            f"SELECT slot, counted FROM list_tallies WHERE {condition} ORDER BY slot DESC"
        )
        for reached, counted in found:
            slot = reached
            if passed < counted:
                break
            passed -= counted
    assert slot is not None, "a list with a deep page has tallies"
    return (slot + 1) * SLOTS[0] - 1, passed


_SUM = "CAST(coalesce(sum(counted), 0) AS BIGINT)"


def _of(line: Timeline, org: int, statement: Statement) -> str:
    mark = statement.mark
    return (
        f"org = {mark(org)} AND list = {mark(line.name)} AND word = {mark(line.word)} "
        f"AND key = {mark(line.key)}"
    )
