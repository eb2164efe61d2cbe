"""`entrepot connection`: connections of organizations to shops."""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import App, Parameter
from sqlalchemy import Connection

from entrepot.cli.session import OperatorError, on_book, organization, read
from entrepot.cli.writing import results
from entrepot.core.actor import operator
from entrepot.core.decide.connect import SwitchConnection
from entrepot.core.refusal import Refusal
from entrepot.core.shown import moment
from entrepot.store.engine import Database
from entrepot.store.reading import integrations
from entrepot.writer.envelope import Envelope

_Json = Annotated[bool, Parameter(name="--json", negative="")]
_SHOWN = 100

connection_app = App(name="connection", help="Connections to shops: list, pause, resume, rejected.")


@connection_app.command(name="list")
def list_(org: str, *, as_json: _Json = False) -> None:
    """List the connections of an organization.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    as_json
        Print one line of JSON.
    """
    found = read(lambda conn: integrations.connections(conn, organization(conn, org).org))
    told = [
        {"connection": one.name, "provider": one.provider, "status": one.status} for one in found
    ]
    print(json.dumps(told) if as_json else json.dumps(told, indent=2))


@connection_app.command
def pause(org: str, connection: str) -> None:
    """Take nothing more from a connection, until it is resumed or connected anew.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    connection
        The connection's id at the integration service.
    """
    _switch(org, connection, active=False)
    print(f"{connection} is paused")


@connection_app.command
def resume(org: str, connection: str) -> None:
    """Take orders from a connection again.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    connection
        The connection's id at the integration service.
    """
    _switch(org, connection, active=True)
    print(f"{connection} is active")


@connection_app.command
def rejected(org: str, *, as_json: _Json = False) -> None:
    """List the newest orders of shops that could not be placed, and why.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    as_json
        Print one line of JSON.
    """

    def work(conn: Connection) -> list[dict[str, str | None]]:
        found = integrations.rejected(conn, organization(conn, org).org, _SHOWN)
        return [
            {
                "connection": name, "external_id": one.external_id, "reason": one.fault,
                "told_at": moment(one.updated_at),
            }
            for name, one in found
        ]  # fmt: skip

    told = read(work)
    print(json.dumps(told) if as_json else json.dumps(told, indent=2))


def _switch(org: str, connection: str, *, active: bool) -> None:
    by = operator("connection resume" if active else "connection pause")

    async def work(database: Database) -> object:
        found = await database.read(lambda conn: organization(conn, org))
        command = SwitchConnection(found.org, "operator", connection, active)
        [result] = await results(database, [Envelope(command, actor=by)])
        return result

    result = on_book(work, must_exist=True)
    if isinstance(result, Refusal):
        raise OperatorError(
            f"{connection}: {result.sentence} `entrepot connection list` shows them"
        )
