"""Channels and members of an organization. Nothing here writes."""

from __future__ import annotations

from sqlalchemy import Connection, select

from entrepot.core.channels import Channel
from entrepot.core.members import Member
from entrepot.store import schema
from entrepot.store.question import asked_in

# Members in one answer.
MEMBERS_SHOWN = 1_000


@asked_in("snapshot")
def channels(conn: Connection, org: int) -> list[Channel]:
    """All channels, oldest first: there are few."""
    kept, c = schema.CHANNELS, schema.channels.c
    statement = select(*[c[name] for name in kept.columns]).where(c.org == org)
    return [kept.readable_row(tuple(row)) for row in conn.execute(statement.order_by(c.org, c.id))]


@asked_in("snapshot")
def members(conn: Connection, org: int) -> list[Member]:
    """The first MEMBERS_SHOWN members, in the order in which they were invited."""
    kept, c = schema.MEMBERS, schema.members.c
    statement = select(*[c[name] for name in kept.columns]).where(c.org == org)
    ordered = statement.order_by(c.org, c.id).limit(MEMBERS_SHOWN)
    return [kept.readable_row(tuple(row)) for row in conn.execute(ordered)]
