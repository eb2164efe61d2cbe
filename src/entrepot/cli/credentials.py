"""Making credentials: random, shown once, in the form that each dialect expects."""

from __future__ import annotations

import shlex
from typing import Any

from sqlalchemy import Connection

from entrepot import settings
from entrepot.clock import new_id, now
from entrepot.core import ids
from entrepot.edge.new_secret import new_secret
from entrepot.store import accounts

DIALECTS = ("synq", "polinate", "konvo", "native")
ROLES = ("ADMIN", "EDITOR", "VIEWER", "MEMBER")


def issue(conn: Connection, org: accounts.Organization, dialect: str) -> str:
    """A new secret of an organization that is being made; only its digest stays."""
    secret = new_secret(dialect, settings.load().cell)
    made = accounts.NewCredential(org.org, new_id(), secret, dialect, "ADMIN", dialect)
    accounts.add_credential(conn, made, now())
    return secret


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
