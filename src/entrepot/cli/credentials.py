"""Making credentials: random, shown once, in the form that each dialect expects."""

from __future__ import annotations

import secrets
import shlex
from typing import Any

from sqlalchemy import Connection

from entrepot import settings
from entrepot.clock import new_id, now
from entrepot.core import ids
from entrepot.store import accounts

DIALECTS = ("synq", "polinate", "konvo", "native")
ROLES = ("ADMIN", "EDITOR", "VIEWER", "MEMBER")


def new_secret(dialect: str, cell: int = 0) -> str:
    """256 random bits, with a prefix that names the dialect, and the cell unless it is the first.

    The text is for people, and for a distributor of requests to books. Nothing here reads it.
    """
    where = f"{cell}_" if cell else ""
    return f"ent_{dialect}_{where}{secrets.token_hex(32)}"


def issue(
    conn: Connection, org: accounts.Organization, dialect: str, role: str = "ADMIN", name: str = ""
) -> str:
    """A new secret of the organization for one dialect; only its digest stays."""
    return add(conn, org, dialect, role, name).secret


def add(
    conn: Connection, org: accounts.Organization, dialect: str, role: str, name: str
) -> accounts.NewCredential:
    """A new credential of the organization, with its secret, which is seen only here."""
    secret = new_secret(dialect, settings.load().cell)
    made = accounts.NewCredential(org.org, new_id(), secret, dialect, role, name or dialect)
    accounts.add_credential(conn, made, now())
    return made


def issue_all(conn: Connection, org: accounts.Organization) -> dict[str, Any]:
    """Credentials for every dialect, as `demo --json` prints them."""
    return {
        "synq": {
            "token": issue(conn, org, "synq"),
            "tenant_id": ids.dashed(org.tenant_id),
            "org_id": ids.dashed(org.id),
            "location_id": ids.dashed(org.default_location),
        },
        "polinate": {
            "business_id": "bus_" + org.id.hex(),
            "api_key": issue(conn, org, "polinate"),
            "partnership_id": "prt_" + org.guest_id.hex(),
        },
        "konvo": {"api_key": issue(conn, org, "konvo")},
        "native": {"api_key": issue(conn, org, "native")},
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
