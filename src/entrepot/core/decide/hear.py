"""What a connection tells: orders of its shop, and everything else.

An order is placed once, however often it is told. An order that cannot be placed is kept with the
reason, and the organization's log says so: nothing that a shop told is lost.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.decide import connect, place
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.facts import Facts
from entrepot.core.integrations import ACTIVE, CONNECTIONS, TOLD_ORDERS, Connection, ToldOrder
from entrepot.core.needs import Needs
from entrepot.core.properties import parse
from entrepot.core.refusal import Reason, Refused, refuse
from entrepot.core.results import Decision, HeardResult

_FAULT_MAX = 500  # characters
PLACED, REPEATED, REJECTED, KEPT = "placed", "repeated", "rejected", "kept"


class Heard(NamedTuple):
    """An event as a connection told it. `event` is its name there, such as `item.created`.

    `data` is the JSON text of what the event is about, where that is kept.
    """

    connection: str  # the name
    event: str
    external_id: str | None = None
    data: str | None = None


class ReceiveOrder(NamedTuple):
    """A connection tells an order. `digest` is of what it tells.

    `placing` places the order; None where it cannot be read, and then `fault` says why.
    """

    org: int
    source: str
    heard: Heard
    connection_id: bytes
    external_id: str
    digest: bytes
    placing: PlaceOrder | None
    fault: str | None = None


class KeepHeard(NamedTuple):
    """A connection tells something else than an order."""

    org: int
    source: str
    heard: Heard


def wants(command: ReceiveOrder, needs: Needs) -> None:
    """The connection, what is known of the order, and all that placing it needs."""
    org = command.org
    needs.of(CONNECTIONS).add((org, command.heard.connection))
    needs.of(TOLD_ORDERS).add((org, command.connection_id, command.external_id))
    if command.placing is not None:
        place.wants(command.placing, needs)


def receive(command: ReceiveOrder, facts: Facts) -> Decision:
    """Place the order, once. The shop's changes of an order that was placed are told in the log,
    and change nothing: Entrepot runs the order.

    An order that cannot be placed is kept as rejected; told anew, it is tried anew. Refused: a
    connection that is unknown or paused.
    """
    connection = _active(command.org, command.heard, facts)
    key = (command.org, connection.id, command.external_id)
    known = facts.of(TOLD_ORDERS).get(key)
    if known is not None and known.order_id is not None:
        return _told_again(command, connection, known, facts)
    fault = command.fault or ""
    if command.placing is not None:
        try:
            decision = place.place(command.placing, facts)
        except Refused as refused:
            fault = refused.refusal.sentence[:_FAULT_MAX]
        else:
            [order] = decision.changes.orders
            told = _told(command, connection, known, facts)._replace(order_id=order.id)
            decision.changes.of(TOLD_ORDERS).put(told)
            return decision
    changes = Changes(facts)
    if known is None or (known.digest, known.fault) != (command.digest, fault):
        told = _told(command, connection, known, facts)._replace(fault=fault)
        changes.of(TOLD_ORDERS).put(told)
        _note(command, connection, {"outcome": REJECTED, "reason": fault}, facts, changes)
    return Decision(changes, HeardResult(REJECTED, fault), settled=False)


def _told_again(
    command: ReceiveOrder, connection: Connection, known: ToldOrder, facts: Facts
) -> Decision:
    """An order that was placed is told again: if it is told otherwise, the log says so."""
    changes = Changes(facts)
    if known.digest != command.digest:
        changes.of(TOLD_ORDERS).put(
            known._replace(digest=command.digest, version=known.version + 1, updated_at=facts.now)
        )
        _note(command, connection, {"outcome": REPEATED}, facts, changes)
    return Decision(changes, HeardResult(REPEATED), settled=False)


def _told(
    command: ReceiveOrder, connection: Connection, known: ToldOrder | None, facts: Facts
) -> ToldOrder:
    return ToldOrder(
        command.org, connection.id, command.external_id, None, None, command.digest,
        known.version + 1 if known else 1, known.created_at if known else facts.now, facts.now,
    )  # fmt: skip


def wants_connection(command: KeepHeard, needs: Needs) -> None:
    """The connection."""
    needs.of(CONNECTIONS).add((command.org, command.heard.connection))


def keep(command: KeepHeard, facts: Facts) -> Decision:
    """Tell it in the organization's log. Refused: a connection that is unknown or paused."""
    connection, changes = _active(command.org, command.heard, facts), Changes(facts)
    _note(command, connection, {"outcome": KEPT}, facts, changes)
    return Decision(changes, HeardResult(KEPT))


def _active(org: int, heard: Heard, facts: Facts) -> Connection:
    connection = facts.of(CONNECTIONS).get((org, heard.connection))
    if connection is None or connection.status != ACTIVE:
        raise refuse(Reason.FORBIDDEN, "the connection is not known here, or not active")
    return connection


def _note(
    command: ReceiveOrder | KeepHeard, connection: Connection, outcome: dict[str, str],
    facts: Facts, changes: Changes,
) -> None:  # fmt: skip
    heard = command.heard
    body: dict[str, Any] = {"connection_id": connection.name, "event": heard.event}
    if heard.external_id is not None:
        body["external_id"] = heard.external_id
    if heard.data is not None:
        body["data"] = parse(heard.data)
    body |= outcome
    connect.note(connection, events.WEBHOOK_RECEIVED, command.source, body, facts, changes)
