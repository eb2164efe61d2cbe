"""`entrepot orders --announced`: orders that were notified, and whose content is not known."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from entrepot.cli.lines import printable
from entrepot.cli.session import on_book, organization
from entrepot.core.decide.notify import fetch_job_id
from entrepot.core.shown import moment
from entrepot.store.writing.announced import Announced, listed


def show_announced(org: str | None, limit: int, *, as_json: bool) -> None:
    """Print up to `limit` of them, of one organization or of all."""

    def work(conn: Connection) -> list[Announced]:
        mine = organization(conn, org).org if org is not None else None
        return listed(conn, mine, fetch_job_id, limit)

    found = on_book(lambda book: book.read(work), must_exist=True)
    if as_json:
        print(json.dumps([described(one) for one in found]))
        return
    for one in found:
        told = described(one)
        print(printable(f"{one.org}  {one.text}  {told['state']}  {told['reason']}"))
    if not found:
        print("no order is announced")


def described(one: Announced) -> dict[str, Any]:
    """An announced order for programs; times are UTC."""
    job = one.job
    state = "no source" if job is None else "parked" if job.state == "parked" else "fetching"
    reason = "name its source by `entrepot org source`, or have its sender tell the order"
    if job is not None:
        reason = job.last_error or "its source is asked for it"
    if state == "parked":
        reason += f"; mend this, then `entrepot retry {one.org} --all`"
    return {
        "org": one.org,
        "notified": one.text,
        "announced_at": moment(one.announced_at),
        "state": state,
        "tries": job.tries if job else 0,
        "next_try": moment(job.run_at) if state == "fetching" and job else None,
        "reason": reason,
    }
