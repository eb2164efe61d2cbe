"""`entrepot org` and `entrepot key`: organizations and their credentials."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter
from sqlalchemy import Connection

from entrepot import settings
from entrepot.cli import choosing, credentials
from entrepot.cli.choices import name_of, words
from entrepot.cli.session import OperatorError, commit, on_book, organization, read
from entrepot.cli.telling import changed
from entrepot.cli.writing import results
from entrepot.clock import new_id, now
from entrepot.core import actor, ids
from entrepot.core import scopes as native_scopes
from entrepot.core.decide.keys import MakeKey, RevokeKey
from entrepot.core.decide.set_up import SetOrderSource
from entrepot.core.keys import OwnKey
from entrepot.core.organization import OrderSource
from entrepot.core.refusal import Refusal
from entrepot.core.results import KeyResult
from entrepot.core.shown import moment
from entrepot.edge.new_secret import new_secret
from entrepot.store import accounts
from entrepot.store.engine import Database
from entrepot.store.writing import announced
from entrepot.writer.envelope import Envelope

_Json = Annotated[bool, Parameter(name="--json", negative="")]
_Dialect = Annotated[Literal["synq", "polinate", "konvo", "native"], words(*credentials.DIALECTS)]
_Role = Annotated[Literal["ADMIN", "EDITOR", "VIEWER", "MEMBER"], words(*credentials.ROLES)]

_Shell = Annotated[bool, Parameter(name="--shell", negative="")]

org_app = App(
    name="org", help="Organizations: make, list, payment secret, and what each of them chooses."
)
org_app.command("entrepot.cli.payment_secret:payment_secret", name="payment-secret")
key_app = App(name="key", help="Credentials: create, list, revoke.")


def _print(told: Any, as_json: bool) -> None:
    print(json.dumps(told) if as_json else json.dumps(told, indent=2))


@org_app.command
def create(
    name: str, *, tenant: str | None = None, as_json: _Json = False, shell: _Shell = False
) -> None:
    """Make an organization and print its credentials, once.

    Parameters
    ----------
    name
        Its name, which no other organization has.
    tenant
        UUID of the tenant it joins; a new tenant when absent.
    as_json
        Print one line of JSON.
    shell
        Print the credentials, and the id of a product to begin with, as shell variables.
    """
    if as_json and shell:
        raise OperatorError("--json and --shell print different things; choose one of them")
    name_of(name, "an organization")
    tenant_id = ids.spelled(tenant) if tenant else None
    if tenant and tenant_id is None:
        raise OperatorError("--tenant must be a UUID, as `entrepot org list` shows it")

    def made(conn: Connection) -> accounts.Organization:
        there = accounts.organization_named(conn, name)
        if there is not None:
            same = there.name == name and tenant_id in (None, there.tenant_id)
            if same and not accounts.has_begun(conn, there.org):
                return there  # the command that made its rows came no further
            raise OperatorError(f"an organization {name!r} exists already; choose another name")
        cell = settings.load().cell
        return accounts.create_organization(conn, name, now(), new_id, tenant_id, cell)

    async def work(database: Database) -> dict[str, Any]:
        return await credentials.begin(database, await commit(database, made), "org create")

    told = on_book(work)
    if shell:
        print(credentials.shell_variables(told, ids.dashed(new_id())))
    else:
        _print(told, as_json)


@org_app.command(name="list")
def list_(*, as_json: _Json = False) -> None:
    """List the organizations.

    Parameters
    ----------
    as_json
        Print one line of JSON.
    """
    found = read(accounts.organizations)
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
    """Set the order source, from which notified orders are fetched. Without --url, remove it.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    url
        Template with {orderId} and, if wanted, {businessId}.
    header
        One header to send along, as `Name: value`.
    """
    # Imported here: no other command needs what asks order sources.
    from entrepot.pipeline.order_source import header_fault, template_fault  # noqa: PLC0415

    if url is not None and (fault := template_fault(url)):
        raise OperatorError(f"--url {fault}")
    if header is not None and (fault := header_fault(header)):
        raise OperatorError(f"--header {fault}")

    name = changed(org, SetOrderSource(0, OrderSource(url, header)), "org source")
    if url is None:
        print(f"{name} has no order source now; notified orders are fetched from nowhere")
    else:
        print(f"orders of {name} that are only notified are fetched from {url}")
        waiting = read(lambda conn: announced.count(conn, organization(conn, org).org))
        if waiting:
            print(f"{waiting} announced order(s) will be asked for")


for _command in choosing.COMMANDS:
    org_app.command(_command)


@key_app.command(name="create")
def create_key(
    *,
    org: str,
    dialect: _Dialect,
    role: _Role = "EDITOR",
    scopes: str | None = None,
    name: str = "",
    as_json: _Json = False,
) -> None:
    """Make a credential. Print its secret, once, and its id, by which it can be revoked.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    dialect
        The dialect that it opens.
    role
        The role of the credential; a VIEWER may only read.
    scopes
        What a native key opens, in place of a role: `orders:read stock:read`, for example.
    name
        What to call it.
    as_json
        Print one line of JSON.
    """
    name_of(name, "a credential", may_be_empty=True)
    rights = role if scopes is None else _scopes(dialect, scopes)

    secret = new_secret(dialect, settings.load().cell)

    async def work(database: Database) -> OwnKey:
        found = await database.read(lambda conn: organization(conn, org))
        digest = accounts.digest(secret)
        command = MakeKey(found.org, actor.OPERATOR, digest, dialect, rights, name)
        return await _key(database, command, "key create")

    made = on_book(work, must_exist=True)
    told = {"token": secret, "id": ids.dashed(made.id), "dialect": dialect, "role": rights}
    _print(told, as_json)


async def _key(database: Database, command: MakeKey | RevokeKey, by: str) -> OwnKey:
    """The key that the command makes or revokes."""
    [result] = await results(database, [Envelope(command, actor=actor.operator(by))])
    if isinstance(result, Refusal):
        raise OperatorError(result.sentence)
    assert isinstance(result, KeyResult)
    return result.key


def _scopes(dialect: str, text: str) -> str:
    """The scopes as a key is kept with them, which may be told with commas between them."""
    if dialect != "native":
        raise OperatorError("--scopes is for --dialect native; other dialects have roles")
    told = frozenset(text.replace(",", " ").split())
    if unknown := sorted(told - native_scopes.MEANINGS.keys()):
        known = ", ".join(native_scopes.MEANINGS)
        raise OperatorError(f"--scopes has no {', '.join(unknown)}; there are {known}")
    if not told:
        raise OperatorError("--scopes is empty; name some, or leave it out for --role")
    return native_scopes.text_of(told)


@key_app.command(name="list")
def list_keys(*, org: str | None = None, as_json: _Json = False) -> None:
    """List the credentials. Their secrets are not stored.

    Parameters
    ----------
    org
        Name, number or id of the organization; of all when absent.
    as_json
        Print one line of JSON.
    """

    def work(conn: Connection) -> list[accounts.ListedCredential]:
        found = None if org is None else organization(conn, org).org
        return accounts.credentials(conn, found)

    _print(
        [
            {"id": ids.dashed(one.id), "org": one.org, "dialect": one.dialect, "role": one.role,
             "name": one.name, "made": _moment(one.created_at), "revoked": _moment(one.revoked_at)}
            for one in read(work)
        ],
        as_json,
    )  # fmt: skip


def _moment(at: int | None) -> str | None:
    return None if at is None else moment(at)


@key_app.command
def revoke(key: str) -> None:
    """Revoke a credential; it is refused everywhere within a second.

    Parameters
    ----------
    key
        The secret itself or the credential's id.
    """

    async def work(database: Database) -> None:
        meant = await commit(database, lambda conn: accounts.credential_meant(conn, key))
        if meant is None:
            raise OperatorError(
                "no such credential, or it is revoked already; `entrepot key list` shows them"
            )
        await _key(database, RevokeKey(meant.org, actor.OPERATOR, meant.id), "key revoke")

    on_book(work, must_exist=True)
    print("the credential is revoked")
