"""Which notifications of payment services are kept under a reference."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select

from entrepot.store import schema

_at = schema.provider_notices.c


def unheard(
    conn: Connection, org: int, service: str, references: Iterable[str]
) -> list[tuple[str, str]]:
    """(reference, id) of the notifications for which no step was woken yet, oldest first."""
    found = (
        select(_at.reference, _at.event)
        .where(_at.org == org, _at.service == service, _at.reference.in_(list(references)))
        .where(_at.heard_at == 0)
        .order_by(_at.received_at)
    )
    return [(row.reference, row.event) for row in conn.execute(found)]


def bodies(conn: Connection, org: int, service: str, references: Iterable[str]) -> list[bytes]:
    """The notifications that name one of these references, as they were signed; oldest first."""
    found = (
        select(_at.event, _at.body)
        .where(_at.org == org, _at.service == service, _at.reference.in_(list(references)))
        .order_by(_at.received_at)
    )
    return list({row.event: bytes(row.body) for row in conn.execute(found)}.values())
