"""`entrepot org` and `entrepot key`: who may use the book, and how."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter
from sqlalchemy import Connection

from entrepot.cli import credentials
from entrepot.cli.session import OperatorError, organization, write
from entrepot.clock import new_id, now
from entrepot.core import ids
from entrepot.core.decide.notify import fetch_job_id
from entrepot.store import accounts, announced

_Json = Annotated[bool, Parameter(name="--json", negative="")]

_Shell = Annotated[bool, Parameter(name="--shell", negative="")]

org_app = App(name="org", help="Organizations: make, list, order source, allocation.")
key_app = App(name="key", help="Credentials: create, revoke.")


def _print(told: Any, as_json: bool) -> None:
    print(json.dumps(told) if as_json else json.dumps(told, indent=2))


@org_app.command
def create(
    name: str, *, tenant: str | None = None, as_json: _Json = False, shell: _Shell = False
) -> None:
    """Make an organization and print its credentials, once.

    Parameters
    ----------
    name: What it is called; unique.
    tenant: UUID of the tenant it joins; a new tenant when absent.
    as_json: Print one line of JSON.
    shell: Print the credentials, and the id of a product to begin with, as shell variables.
    """
    tenant_id = ids.spelled(tenant) if tenant else None
    if tenant and tenant_id is None:
        raise OperatorError("--tenant must be a UUID")

    def work(conn: Connection) -> dict[str, Any]:
        if accounts.organization_named(conn, name) is not None:
            raise OperatorError(f"an organization is called {name!r} already")
        made = accounts.create_organization(conn, name, now(), new_id, tenant_id)
        return credentials.issue_all(conn, made)

    told = write(work, must_exist=False)
    if shell:
        print(credentials.shell_variables(told, ids.dashed(new_id())))
    else:
        _print(told, as_json)


@org_app.command(name="list")
def list_(*, as_json: _Json = False) -> None:
    """List the organizations.

    Parameters
    ----------
    as_json: Print one line of JSON.
    """
    found = write(accounts.organizations)
    _print(
        [
            {"org": o.org, "name": o.name, "id": ids.dashed(o.id),
             "tenant_id": ids.dashed(o.tenant_id), "allocation": o.allocation,
             "order_source": o.source_url}
            for o in found
        ],
        as_json,
    )  # fmt: skip


@org_app.command
def source(org: str, *, url: str | None = None, header: str | None = None) -> None:
    """Say where orders can be fetched that are only notified; without --url, take it away.

    Parameters
    ----------
    org: Name, number or id of the organization.
    url: Template with {orderId} and, if wanted, {businessId}.
    header: One header to send along, as `Name: value`.
    """
    # Imported here: no other command needs what asks order sources.
    from entrepot.pipeline.order_source import header_fault, template_fault  # noqa: PLC0415

    if url is not None and (fault := template_fault(url)):
        raise OperatorError(f"--url {fault}")
    if header is not None and (fault := header_fault(header)):
        raise OperatorError(f"--header {fault}")

    def work(conn: Connection) -> int:
        number = organization(conn, org).org
        accounts.set_source(conn, number, url, header)
        return announced.ask_for_all(conn, number, now(), fetch_job_id) if url else 0

    waiting = write(work)
    if waiting:
        print(f"{waiting} announced order(s) will be asked for")


@org_app.command
def allocation(org: str, model: Literal["HARD", "SOFT"]) -> None:
    """Set how stock is allocated: HARD never oversells, SOFT only earmarks.

    Parameters
    ----------
    org: Name, number or id of the organization.
    model: HARD or SOFT.
    """
    write(lambda conn: accounts.set_allocation(conn, organization(conn, org).org, model))


@key_app.command(name="create")
def create_key(
    *,
    org: str,
    dialect: Literal["synq", "polinate", "konvo", "native"],
    role: Literal["ADMIN", "EDITOR", "VIEWER", "MEMBER"] = "EDITOR",
    name: str = "",
    as_json: _Json = False,
) -> None:
    """Make a credential and print its secret, once, and the id by which it can be revoked.

    Parameters
    ----------
    org: Name, number or id of the organization.
    dialect: The dialect that it opens.
    role: What it may do; a VIEWER may only read.
    name: What to call it.
    as_json: Print one line of JSON.
    """

    def work(conn: Connection) -> accounts.NewCredential:
        return credentials.add(conn, organization(conn, org), dialect, role, name)

    made = write(work)
    told = {"token": made.secret, "id": ids.dashed(made.id), "dialect": dialect, "role": role}
    _print(told, as_json)


@key_app.command
def revoke(key: str) -> None:
    """Revoke a credential; it is refused everywhere within a second.

    Parameters
    ----------
    key: The secret itself or the credential's id.
    """
    if not write(lambda conn: accounts.revoke(conn, key, now())):
        raise OperatorError("no such credential, or revoked already")
