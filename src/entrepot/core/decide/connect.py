"""Making, pausing and resuming the connections of an organization."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.integrations import (
    ACTIVE,
    CATEGORIES,
    CONNECTIONS,
    CONNECTIONS_MAX,
    NAME_MAX,
    PAUSED,
    PROVIDER_MAX,
    Connection,
)
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import ConnectionResult, Decision


class Connect(NamedTuple):
    """Connect a shop, or connect it anew. The provider is known to be right."""

    org: int
    source: str
    name: str  # of the connection at the integration service
    provider: str
    category: str


class SwitchConnection(NamedTuple):
    """Let a connection bring orders, or have it bring none."""

    org: int
    source: str
    name: str
    active: bool


def wants(command: Connect, needs: Needs) -> None:
    """All connections of the organization, and the organization that has this one."""
    needs.all_of.setdefault(CONNECTIONS, set()).add(command.org)
    needs.connections.update((command.name, command.name.strip()))


def connect(command: Connect, facts: Facts) -> Decision:
    """Make the connection, or write what is new of it; a repeat that says nothing new changes
    nothing.

    Blanks around a name are no part of it. Older versions kept them: such a connection is known by
    the name that it was made with.

    Refused: a name or a provider of no use, an unknown category, a connection that another
    organization has, and one connection too many.
    """
    org = command.org
    _look(command)
    mine = {one.name: one for one in facts.of(CONNECTIONS).values() if one.org == org}
    name = command.name if command.name in mine else command.name.strip()
    if facts.connected.get(name, org) != org:
        sentence = "another organization has connected this already"
        raise refuse(Reason.DUPLICATE_ENTRY, sentence, "connection_id")
    known = mine.get(name)
    if known is None:
        if len(mine) >= CONNECTIONS_MAX:
            sentence = f"an organization has at most {CONNECTIONS_MAX:,} connections"
            raise refuse(Reason.ILLEGAL_MOVE, sentence, "connection_id")
        known = Connection(org, name, facts.new_id(), "", "", "", 0, facts.now, facts.now)
    told = (command.provider, command.category, ACTIVE)
    if (known.provider, known.category, known.status) == told:
        return Decision(Changes(facts), ConnectionResult(known))
    provider, category, status = told
    made = known._replace(provider=provider, category=category, status=status)
    return _told(made, events.INTEGRATION_CONNECTED, command.source, facts)


def _look(command: Connect) -> None:
    for field, value, most in (
        ("connection_id", command.name, NAME_MAX),
        ("provider", command.provider, PROVIDER_MAX),
    ):
        if not value.strip() or not value.isprintable():
            raise refuse(Reason.INVALID, "must not be blank", field)
        if len(value) > most:
            raise refuse(Reason.INVALID, f"must not be longer than {most} characters", field)
    if command.category not in CATEGORIES:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(CATEGORIES)}", "category")


def wants_one(command: SwitchConnection, needs: Needs) -> None:
    """The connection."""
    needs.of(CONNECTIONS).add((command.org, command.name))


def switch(command: SwitchConnection, facts: Facts) -> Decision:
    """Write the status. Refused: an unknown connection."""
    known = facts.of(CONNECTIONS).get((command.org, command.name))
    if known is None:
        raise refuse(Reason.NO_SUCH_ROUTE, "No such connection is known here.")
    status = ACTIVE if command.active else PAUSED
    if known.status == status:
        return Decision(Changes(facts), ConnectionResult(known))
    changed = known._replace(status=status)
    return _told(changed, events.INTEGRATION_CHANGED, command.source, facts)


def _told(connection: Connection, type_: str, source: str, facts: Facts) -> Decision:
    changes = Changes(facts)
    body = {
        "connection_id": connection.name,
        "provider": connection.provider,
        "category": connection.category,
        "status": connection.status,
    }
    made = note(connection, type_, source, body, facts, changes)
    return Decision(changes, ConnectionResult(made))


def note(
    connection: Connection, type_: str, source: str, body: dict[str, Any], facts: Facts,
    changes: Changes,
) -> Connection:  # fmt: skip
    """Write an event of the connection, and the connection, whose version counts it."""
    at = max(facts.now, connection.updated_at)
    noted = connection._replace(version=connection.version + 1, updated_at=at)
    changes.of(CONNECTIONS).put(noted)
    changes.events.append(
        Event(
            noted.org, noted.id, noted.version, type_, at, source, text_of(body),
            events.CONNECTION, facts.actor,
        )
    )  # fmt: skip
    return noted
