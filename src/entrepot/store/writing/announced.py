"""Orders that somebody says exist and nobody has told yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sqlalchemy import Connection, and_, func, insert, select, update

from entrepot.core.order import Announced as Note
from entrepot.core.order import Job
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Conflict, sql_of
from entrepot.store.writing import order_names

_announced, _jobs = schema.announced_orders, schema.jobs

JobId = Callable[[int, str], bytes]
# The row's lock, also where the organization has none yet.
_LOCK = (
    "INSERT INTO order_counters (org, orders, events, committed_at) VALUES ($1, 0, 0, 0) "
    "ON CONFLICT (org) DO UPDATE SET orders = order_counters.orders"
)
_SOME = "SELECT 1 FROM announced_orders WHERE org = $1 LIMIT 1"


class Announced(NamedTuple):
    """An announced order, and the job that fetches it, where its organization has a source."""

    org: int
    text: str
    announced_at: int
    job: Job | None


def look_again(conn: Connection, announced: Iterable[Note]) -> None:
    """Raise Conflict where an order that is announced here has come since it was looked for: who
    wrote the order did not see the announcement. Called last in a transaction.

    Other processes that write orders of the organization wait from now on until the commit: what
    they write is read behind the announcement (see `meant`).
    """
    if sql_of(conn).alone:
        return
    for one in sorted(announced):
        sql.fetch(conn, _LOCK, (one.org,))
        if order_names.find(conn, one.org, one.text, one.source) is not None:
            raise Conflict("the order that is announced has come")


def meant(conn: Connection, org: int, names: set[str]) -> list[Note]:
    """Those announced orders of an organization whose text is one of these names."""
    if not sql.fetch(conn, _SOME, (org,)):
        return []
    kept, wanted = schema.ANNOUNCED, {(org, name) for name in names}
    rows = sql.select(conn, kept.table, kept.key, set(wanted), kept.columns)
    return sorted(map(kept.from_row, rows))


def listed(conn: Connection, org: int | None, job_id: JobId, limit: int) -> list[Announced]:
    """Up to `limit` announced orders, by organization and text. `job_id` names their jobs."""
    c = _announced.c
    statement = select(c.org, c.text, c.announced_at).order_by(c.org, c.text).limit(limit)
    if org is not None:
        statement = statement.where(c.org == org)
    found = [(row.org, row.text, row.announced_at) for row in conn.execute(statement)]
    keys = {(number, job_id(number, text)) for number, text, _ in found}
    read = sql.select(conn, _jobs, ("org", "id"), set(keys), schema.JOBS.columns)
    jobs = {(row[0], row[1]): schema.JOBS.from_row(row) for row in read}
    return [
        Announced(number, text, at, jobs.get((number, job_id(number, text))))
        for number, text, at in found
    ]


def count(conn: Connection, org: int) -> int:
    """How many announced orders of an organization nobody has told yet."""
    statement = select(func.count()).select_from(_announced).where(_announced.c.org == org)
    return int(conn.execute(statement).scalar_one())


def ask_for_all(conn: Connection, org: int, now: int, job_id: JobId) -> None:
    """Have every announced order of an organization fetched, now that it has a source.

    Orders that were given up before are tried again.
    """
    c = _jobs.c
    conn.execute(
        update(_jobs)
        .where(and_(c.org == org, c.kind == "fetch", c.state == "parked"))
        .values(state="due", run_at=now, tries=0)
    )
    statement = select(_announced.c.text).where(_announced.c.org == org)
    wanted = {job_id(org, text): text for text in conn.execute(statement).scalars()}
    known = set(conn.execute(select(c.id).where(c.org == org, c.kind == "fetch")).scalars())
    fresh = [
        {"org": org, "id": id_, "kind": "fetch", "payload": text, "state": "due", "run_at": now,
         "leased_until": 0, "fence": 0, "tries": 0, "created_at": now}
        for id_, text in wanted.items() if id_ not in known
    ]  # fmt: skip
    if fresh:
        conn.execute(insert(_jobs), fresh)
