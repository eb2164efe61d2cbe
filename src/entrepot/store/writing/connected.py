"""Which organization has a connection: the one look by a name that is not an organization's own."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from entrepot.store import schema


def organizations(conn: Connection, names: Collection[str]) -> dict[str, int]:
    """The organizations that have connections of these names. Nobody has the others."""
    c = schema.connections.c
    found = conn.execute(select(c.name, c.org).where(c.name.in_(sorted(names))))
    return {name: int(org) for name, org in found}
