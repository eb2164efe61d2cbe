"""Changes of organizations' own rows, and what follows from them in other rows."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.core.decide.notify import fetch_job_id
from entrepot.core.organization import OwnChanges
from entrepot.store import accounts
from entrepot.store.writing import allocation, announced


def write(conn: Connection, org: int, change: OwnChanges, now: int) -> None:
    """Write the changes. Orders that are announced are asked for at another source."""
    if change.hard is not None:
        allocation.write(conn, org, hard=change.hard)
    if change.source is not None:
        accounts.set_source(conn, org, change.source.url, change.source.header)
        if change.source.url is not None:
            announced.ask_for_all(conn, org, now, fetch_job_id)
    if change.payment_secret is not None:
        accounts.set_payment_secret(conn, org, change.payment_secret)
