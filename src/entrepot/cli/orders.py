"""`entrepot orders` and `retry`: which orders wait, are parked or failed, and taking them up."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from cyclopts import Parameter
from sqlalchemy import Connection

from entrepot.cli.announced import show_announced
from entrepot.cli.choices import ORDER, whole
from entrepot.cli.failed import show_failed
from entrepot.cli.lines import printable
from entrepot.cli.order_commands import submitted
from entrepot.cli.searched import show_found
from entrepot.cli.session import OperatorError, on_book, organization
from entrepot.cli.writing import results
from entrepot.clock import now
from entrepot.core import ids
from entrepot.core.actor import operator
from entrepot.core.commands import Command
from entrepot.core.decide.steps import ResumeJob, ResumeOrder
from entrepot.core.refusal import Refusal
from entrepot.core.shown import moment
from entrepot.store.engine import Database
from entrepot.store.reading.waiting import Key, Query, State, Waiting, listed
from entrepot.writer.envelope import Envelope

LIMIT = 1_000
_LIMIT_MAX = 1_000_000
CHUNK = 500  # orders that go to the writer together: two transactions
_RETRY = operator("retry")
_Json = Annotated[bool, Parameter(name="--json", negative="")]
_Flag = Annotated[bool, Parameter(negative="")]


def orders(  # noqa: PLR0913 - each is one more choice of the operator
    org: str | None = None,
    *,
    waiting: _Flag = False,
    parked: _Flag = False,
    failed: _Flag = False,
    announced: _Flag = False,
    search: str | None = None,
    limit: Annotated[int, whole] = LIMIT,
    as_json: _Json = False,
) -> None:
    """List the orders whose pipeline waits or is parked, with what each waits for.

    Or those that failed, or that were announced by a notification and that nobody has told yet, or
    that a text means.

    Parameters
    ----------
    org
        Name, number or id of the organization; all of them when absent.
    waiting
        Those that wait for their next try, for a notification, or for a worker.
    parked
        Those that wait for you. Without any flag, waiting and parked ones are listed.
    failed
        Those that failed, newest first, with the reason of each.
    announced
        Those that are announced, and what became of asking their source for them.
    search
        Those that this text means: a number, a name, a reference, a SKU, or the beginning of a
        mailbox, a telephone or a customer's name.
    limit
        How many at most.
    as_json
        Print one line of JSON.
    """
    if not 1 <= limit <= _LIMIT_MAX:
        raise OperatorError(f"--limit must be a whole number from 1 to {_LIMIT_MAX:,}")
    show = _alone(announced, failed, search, combined=waiting or parked)
    if show is not None:
        show(org=org, limit=limit, as_json=as_json)
        return
    wanted: dict[State, bool] = {"waiting": waiting, "parked": parked}
    states = tuple(state for state, flag in wanted.items() if flag) or tuple(wanted)

    def work(conn: Connection) -> list[Waiting]:
        mine = organization(conn, org).org if org is not None else None
        return listed(conn, Query(now(), mine, states), None, limit)

    found = on_book(lambda book: book.read(work), must_exist=True)
    if as_json:
        print(json.dumps([described(one) for one in found]))
        return
    for one in found:
        print(_line(one))
    if not found:
        print("no order is " + " or ".join(states))


def _alone(
    announced: bool,
    failed: bool,
    search: str | None,
    *,
    combined: bool,
) -> Callable[..., None] | None:
    """What is listed in place of orders that wait or are parked, if anything."""
    chosen: list[tuple[str, Callable[..., None]]] = []
    if announced:
        chosen.append(("--announced", show_announced))
    if failed:
        chosen.append(("--failed", show_failed))
    if search is not None:
        chosen.append(("--search", partial(show_found, text=search)))
    if chosen and (combined or len(chosen) > 1):
        raise OperatorError(f"{chosen[0][0]} cannot be combined; leave the other flags out")
    return chosen[0][1] if chosen else None


def described(one: Waiting) -> dict[str, Any]:
    """A waiting or parked step for programs; times are UTC."""
    job = one.job
    return {
        "org": job.org,
        "order_id": ids.dashed(job.order_id) if job.order_id else None,
        "notified": job.payload if job.order_id is None else None,
        "job_id": ids.dashed(job.id),
        "state": "parked" if job.state == "parked" else "waiting",
        "step": job.kind,
        "stage": one.stage,
        "tries": job.tries,
        "since": moment(job.created_at),
        "next_try": None if job.state == "parked" else moment(job.run_at),
        "reason": _reason(one),
        "last_error": job.last_error,
    }


def _reason(one: Waiting) -> str | None:
    if one.reason is None:
        return None
    return f"{one.reason}: {one.reason_detail}" if one.reason_detail else one.reason


def _line(one: Waiting) -> str:
    job = one.job
    named = ids.dashed(job.order_id) if job.order_id else f"notified as {job.payload}"
    why = _reason(one) or job.last_error or "its step is due, or a worker had it in hand"
    return printable(f"{job.org}  {named}  {job.kind}  {why}")


def retry(
    *order: Annotated[str, Parameter(help=f"{ORDER}; with --all, that name alone.")],
    org: str | None = None,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    reason: str | None = None,
) -> None:
    """Take up steps that are parked or wait for their next try, now and with all their tries.

    Parameters
    ----------
    org
        Name, number or id of the organization; every one when absent.
    all_
        Every parked step, and every one that failed and waits for its next try.
    reason
        With --all, only where the last error has this text in it.
    """
    if reason is not None and not all_:
        raise OperatorError("--reason belongs to --all; add that, or leave --reason out")
    if reason is not None and not reason.strip():
        raise OperatorError("--reason is empty; leave it out to take up every step")
    if not (all_ or order):
        raise OperatorError("retry takes an ORDER, or --all with or without ORG; see --help")
    if not all_:
        text = order[-1]
        submitted(order, org, lambda meant: ResumeOrder(*meant), _RETRY)
        print(f"order {text} goes on")
        return
    if len(order) > (org is None):
        raise OperatorError("retry takes an ORDER, or --all with or without ORG; see --help")
    named = order[0] if order else org

    async def every(database: Database) -> int:
        mine = None
        if named is not None:
            mine = (await database.read(lambda conn: organization(conn, named))).org
        query = Query(now(), mine, text=reason or "", failed=True)
        return await _retry_all(database, query)

    print(f"{on_book(every, must_exist=True)} steps go on")


async def _retry_all(database: Database, query: Query) -> int:
    """Resume every step that is meant, some hundred a time; how many went on.

    A step that a worker has taken or finished meanwhile is left alone.
    """
    after: Key | None = None
    resumed = 0
    while True:
        page = await database.read(
            lambda conn, after=after: listed(conn, query, after, CHUNK)  # type: ignore[misc]
        )
        if not page:
            return resumed
        resuming = [Envelope(_resuming(one), actor=_RETRY) for one in page]
        resumed += sum(not isinstance(one, Refusal) for one in await results(database, resuming))
        after = (page[-1].job.org, page[-1].job.id)


def _resuming(one: Waiting) -> Command:
    job = one.job
    if job.order_id is None:
        return ResumeJob(job.org, job.id)
    return ResumeOrder(job.org, job.order_id)
