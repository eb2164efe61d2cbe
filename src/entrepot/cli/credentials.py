"""Making credentials: random, shown once, in the form that each dialect expects."""

from __future__ import annotations

import shlex
from typing import Any

from entrepot import settings
from entrepot.cli.errors import OperatorError
from entrepot.cli.writing import results
from entrepot.core import actor, ids
from entrepot.core.commands import Command
from entrepot.core.decide.keys import MakeKey
from entrepot.core.decide.set_up import BeginOrganization
from entrepot.core.refusal import Refusal
from entrepot.edge.new_secret import new_secret
from entrepot.store import accounts
from entrepot.store.engine import Database
from entrepot.writer.envelope import Envelope

DIALECTS = ("synq", "polinate", "konvo", "native")
ADMIN = "ADMIN"
ROLES = ("ADMIN", "EDITOR", "VIEWER", "MEMBER")


async def begin(database: Database, org: accounts.Organization, by: str) -> dict[str, Any]:
    """Tell the log of an organization that it was made, and make its first credentials.

    `by`: the command line's own command.
    """
    began = BeginOrganization(org.org, org.name, org.tenant_id, org.id)
    return await _issued(database, org, by, (began,))


async def issue_all(database: Database, org: accounts.Organization, by: str) -> dict[str, Any]:
    """Credentials for every dialect, as `demo --json` prints them."""
    return await _issued(database, org, by, ())


async def _issued(
    database: Database, org: accounts.Organization, by: str, before: tuple[BeginOrganization, ...]
) -> dict[str, Any]:
    chosen = settings.load()
    secrets = {dialect: new_secret(dialect, chosen.cell) for dialect in DIALECTS}
    commands: list[Command] = [
        *before,
        *[
            MakeKey(org.org, actor.OPERATOR, accounts.digest(secret), dialect, ADMIN, dialect)
            for dialect, secret in secrets.items()
        ],
    ]
    envelopes = [Envelope(one, actor=actor.operator(by)) for one in commands]
    for result in await results(database, envelopes):
        if isinstance(result, Refusal):
            raise OperatorError(result.sentence)
    return _told(org, secrets)


def _told(org: accounts.Organization, secrets: dict[str, str]) -> dict[str, Any]:
    return {
        "synq": {
            "token": secrets["synq"],
            "tenant_id": ids.dashed(org.tenant_id),
            "org_id": ids.dashed(org.id),
            "location_id": ids.dashed(org.default_location),
        },
        "polinate": {
            "business_id": "bus_" + org.id.hex(),
            "api_key": secrets["polinate"],
            "partnership_id": "prt_" + org.guest_id.hex(),
        },
        "konvo": {"api_key": secrets["konvo"]},
        "native": {"api_key": secrets["native"]},
    }


def shell_variables(told: dict[str, Any], variant: str) -> str:
    """The credentials and a variant as `export` lines."""
    variables = {
        "SYNQ_TOKEN": told["synq"]["token"],
        "SYNQ_TENANT": told["synq"]["tenant_id"],
        "SYNQ_ORG": told["synq"]["org_id"],
        "LOCATION": told["synq"]["location_id"],
        "POLINATE_BUSINESS": told["polinate"]["business_id"],
        "POLINATE_KEY": told["polinate"]["api_key"],
        "KONVO_KEY": told["konvo"]["api_key"],
        "NATIVE_KEY": told["native"]["api_key"],
        "VARIANT": variant,
        "POLINATE_VARIANT": "var_" + variant.replace("-", ""),
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
