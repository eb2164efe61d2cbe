"""What is done in one organization among its twins: to none of them anything may happen."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from tests.store.twins import NOW, ORG, Ids, Work
from tests.store.twins_contacts import DONE_CONTACTS
from tests.store.twins_search import DONE_SEARCH

from entrepot.core.decide.notify import fetch_job_id
from entrepot.core.organization import OrderSource, OwnChanges
from entrepot.store import accounts
from entrepot.store.keeping import deliveries, retention
from entrepot.store.writing import allocation, announced, own_rows

OWN = OwnChanges(False, OrderSource("https://source.example/{orderId}"), b"s")


def _removed_events(conn: Connection, ids: Ids) -> Any:
    held = retention.claim(conn, _known(conn, retention.EVENTS), NOW, NOW)
    part = retention.read_events(conn, held._replace(reached_at=0, reached=b""), NOW, 100, 1_000)
    return retention.remove_events(conn, held, part, NOW)


def _known(conn: Connection, kind: str) -> retention.Sweep:
    """The walk of the organization as the book has it."""
    found = retention.due(conn, kind, ORG - 1, NOW, NOW, 1)[0]
    assert [one.org for one in found] == [ORG]
    return found[0]


DONE: dict[str, Work] = {
    "allocation.write": lambda conn, _: allocation.write(conn, ORG, hard=False),
    "own_rows.write": lambda conn, _: own_rows.write(conn, ORG, OWN, NOW),
    "accounts.set_payment_secret": lambda conn, _: accounts.set_payment_secret(conn, ORG, b"s"),
    "accounts.set_source": lambda conn, _: accounts.set_source(conn, ORG, None, "X: 1"),
    "announced.ask_for_all": lambda conn, _: announced.ask_for_all(conn, ORG, NOW, fetch_job_id),
    **DONE_CONTACTS,
    **DONE_SEARCH,
    "deliveries.trim": lambda conn, ids: deliveries.trim(conn, ORG, ids["webhook"], kept=1),
    "retention.claim": lambda conn, _: retention.claim(
        conn, _known(conn, retention.EVENTS), NOW, NOW
    ),
    "retention.drop_addresses": lambda conn, _: retention.drop_addresses(
        conn, retention.claim(conn, _known(conn, retention.ADDRESSES), NOW, NOW), NOW, 100
    ),
    "retention.keep": lambda conn, _: retention.keep(
        conn, _known(conn, retention.KEYS)._replace(reached=b"x")
    ),
    "retention.remove_events": _removed_events,
    "retention.remove_keys": lambda conn, _: retention.remove_keys(
        conn, _known(conn, retention.KEYS), NOW, 100
    ),
}
