"""`entrepot provider`: accounts of organizations at payment services."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import shlex
import sys
import tomllib
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from sqlalchemy import Connection

from entrepot import payment_services, sealing, settings
from entrepot.cli.choices import words
from entrepot.cli.session import OperatorError, on_book, organization, read
from entrepot.cli.writing import results
from entrepot.core import actor, ids
from entrepot.core.decide.open_account import AddAccount, RemoveAccount, SealAnew
from entrepot.core.provider_accounts import ProviderAccount
from entrepot.core.refusal import Refusal
from entrepot.core.results import AccountResult
from entrepot.providers import account
from entrepot.store import accounts
from entrepot.store.accounts import Organization
from entrepot.store.engine import Database
from entrepot.store.keeping import webhook_secrets
from entrepot.writer.envelope import Envelope

_Service = Annotated[str, words(*payment_services.PROVIDERS)]
_Json = Annotated[bool, Parameter(name="--json", negative="")]
_From = Annotated[Path | None, Parameter(name="--from", allow_leading_hyphen=True)]

provider_app = App(
    name="provider", help="Accounts at payment services: add, list, test, remove, reseal."
)


@provider_app.command
def add(org: str, service: _Service, *, base_url: str | None = None, from_: _From = None) -> None:
    """Add an organization's account at a payment service, or change the account.

    The members of the account come from the file of `--from`; else from the environment, as
    STRIPE_API_KEY and the like; else they are asked for at the terminal. docs/payments.md lists
    the members. No member that is secret is an argument: arguments are seen by every user of the
    machine.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    service
        stripe, adyen or paypal.
    base_url
        The service's address, where it is not the usual one: a simulator, or the live address.
    from_
        A TOML file with a line for each member, such as `api_key = "sk_..."`. `-` is standard
        input.
    """
    keys = _seal_keys()
    given = {} if from_ is None else _told_by(from_, service)
    if base_url is not None:
        given[account.BASE_URL] = base_url
    if from_ is None:
        _ask_for_the_rest(service, given)
    if fault := account.fault(service, given):
        raise OperatorError(
            f"the account at {service}: {fault}; docs/payments.md lists the members"
        )
    services = payment_services.Accounts(keys, elsewhere=True)

    async def work(database: Database) -> tuple[Organization, bool]:
        found = await database.read(lambda conn: organization(conn, org))
        made = ProviderAccount(found.org, service, services.sealed(found.org, service, given))
        told = tuple(sorted(services.told(made).members.items()))
        command = AddAccount(found.org, actor.OPERATOR, service, made.sealed or b"", told)
        return found, (await _done(database, command, "provider add")).changed

    found, changed = on_book(work, must_exist=True)
    name = found.name
    print(f"the account of {name} at {service} is {'changed' if changed else 'added'}, sealed")
    print(f"its notifications go to /v1/providers/{service}/{ids.dashed(found.id)}/notifications")
    asks = shlex.join(("entrepot", "provider", "test", name, service))
    print(f"`{asks}` asks {service} whether it works")


@provider_app.command(name="list")
def list_(org: str | None = None, *, as_json: _Json = False) -> None:
    """List the accounts, without what is secret in them.

    Parameters
    ----------
    org
        Name, number or id of the organization; all of them when absent.
    as_json
        Print one line of JSON.
    """
    services = _services()

    def work(conn: Connection) -> list[tuple[str, ProviderAccount]]:
        only = organization(conn, org).org if org is not None else None
        named = {one.org: one.name for one in accounts.organizations(conn)}
        return [(named[one.org], one) for one in accounts.provider_accounts(conn, only)]

    listed = [_shown(name, kept, services) for name, kept in read(work)]
    print(json.dumps(listed) if as_json else json.dumps(listed, indent=2))


@provider_app.command
def test(org: str, service: _Service) -> None:
    """Ask the service whether an account works. Nothing is charged.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    service
        stripe, adyen or paypal.
    """

    def work(conn: Connection) -> tuple[str, ProviderAccount | None]:
        found = organization(conn, org)
        return found.name, accounts.provider_account(conn, found.org, service)

    name, kept = read(work)
    if kept is None:
        raise OperatorError(_no_account(name, service))
    fault = asyncio.run(_services().check(kept))
    if fault is not None:
        remedy = "`entrepot provider add` changes the account"
        raise OperatorError(f"the account of {name} at {service} does not work: {fault}; {remedy}")
    print(f"the account of {name} at {service} works")


@provider_app.command
def remove(org: str, service: _Service) -> None:
    """Forget an account. Payments that the service holds then wait for the account to come back.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    service
        stripe, adyen or paypal.
    """

    async def work(database: Database) -> str:
        found = await database.read(lambda conn: organization(conn, org))
        known = partial(accounts.provider_account, org=found.org, service=service)
        if await database.read(known) is None:
            raise OperatorError(_no_account(found.name, service))
        command = RemoveAccount(found.org, actor.OPERATOR, service)
        await _done(database, command, "provider remove")
        return found.name

    name = on_book(work, must_exist=True)
    print(f"the account of {name} at {service} is removed")


@provider_app.command
def reseal() -> None:
    """Seal every account, and the secret of every webhook, with the first key of
    ENTREPOT_SEAL_KEYS; other keys can go afterwards.
    """
    keys = _seal_keys()

    async def work(database: Database) -> tuple[int, int]:
        listed = await database.read(accounts.provider_accounts)
        kept = [(one, one.sealed) for one in listed if one.sealed is not None]
        old = [(one, sealed) for one, sealed in kept if not sealing.is_of_first(keys, sealed)]
        # All are opened before one is changed.
        for command in [_sealed_anew(one, sealed, keys) for one, sealed in old]:
            await _done(database, command, "provider reseal")
        return len(old), len(kept)

    done, of = on_book(work, must_exist=True)

    async def hooks(database: Database) -> tuple[int, int]:
        return await database.write(partial(_reseal_secrets, keys=keys))

    again, webhooks = on_book(hooks, must_exist=True)
    told = f"{done} of {of} account(s) and {again} of {webhooks} webhook secret(s)"
    print(f"{told} are sealed anew; all are sealed with the first key")


def _reseal_secrets(conn: Connection, keys: tuple[bytes, ...]) -> tuple[int, int]:
    """Seal the secrets of webhooks anew, also those that lie in the book as they are."""
    listed = webhook_secrets.listed(conn)
    old = [one for one in listed if not sealing.is_of_first(keys, one.secret)
           or not sealing.is_sealed_secret(one.secret)]  # fmt: skip
    for one in old:
        try:
            plain = sealing.open_secret(keys, one.org, one.secret)
        except sealing.Unsealable as why:
            where = f"the secret of webhook {ids.dashed(one.id)} of organization {one.org}"
            raise OperatorError(f"{where} cannot be opened: {why}") from why
        if not webhook_secrets.change(conn, one, sealing.seal_secret(keys, one.org, plain)):
            raise OperatorError("a webhook was changed meanwhile; run this again")
    return len(old), len(listed)


def _sealed_anew(one: ProviderAccount, sealed: bytes, keys: tuple[bytes, ...]) -> SealAnew:
    about = sealing.about_account(one.org, one.service)
    try:
        plain = sealing.unseal(keys, sealed, about)
    except sealing.Unsealable as why:
        where = f"the account of organization {one.org} at {one.service}"
        raise OperatorError(f"{where} cannot be opened: {why}") from why
    made = sealing.seal(keys, plain, about)
    return SealAnew(one.org, actor.OPERATOR, one.service, sealed, made)


async def _done(
    database: Database, command: AddAccount | SealAnew | RemoveAccount, by: str
) -> AccountResult:
    """Give the command to the same writer as a server's. Returns the result."""
    [result] = await results(database, [Envelope(command, actor=actor.operator(by))])
    if isinstance(result, Refusal):
        raise OperatorError(f"{result.sentence} `entrepot provider list` shows the accounts")
    assert isinstance(result, AccountResult)
    return result


def _services() -> payment_services.Accounts:
    return payment_services.Accounts(sealing.keys_of(settings.load().seal_keys), elsewhere=True)


def _seal_keys() -> tuple[bytes, ...]:
    keys = sealing.keys_of(settings.load().seal_keys)
    if not keys:
        raise OperatorError(sealing.NO_KEYS)
    return keys


def _no_account(name: str, service: str) -> str:
    return f"{name} has no account at {service}; `entrepot provider list` shows them"


def _told_by(path: Path, service: str) -> dict[str, str]:
    """The members that a file tells. A fault never shows what is in the file."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        told: dict[str, Any] = tomllib.loads(text)
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}; name a TOML file") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise OperatorError(
            f'{path} is no TOML file; write lines such as api_key = "..."'
        ) from None
    known = [one.name for one in account.MEMBERS[service]]
    for name, value in told.items():
        if name not in known:
            shown = ", ".join(known)
            raise OperatorError(f"{path}: {name} is no member of an account; {service} has {shown}")
        if not isinstance(value, str):
            raise OperatorError(f"{path}: {name} must be text in quotation marks")
    return told


def _ask_for_the_rest(service: str, given: dict[str, str]) -> None:
    """Members of the environment, and then those that a person types."""
    for member in account.MEMBERS[service]:
        if member.name in given:
            continue
        variable = f"{service}_{member.name}".upper()
        if value := os.environ.get(variable):
            given[member.name] = value.strip()
        elif sys.stdin.isatty() and member.name != account.BASE_URL:
            optional = "" if member.default is None else ", or nothing"
            question = f"{member.name} ({member.meaning}{optional}): "
            given[member.name] = (getpass.getpass if member.secret else input)(question).strip()
        elif member.default is None:
            raise OperatorError(
                f"{member.name} is missing: {member.meaning}; set {variable}, or use --from FILE"
            )


def _shown(name: str, kept: ProviderAccount, services: payment_services.Accounts) -> dict[str, Any]:
    shown: dict[str, Any] = {"organization": name, "service": kept.service}
    told = services.told(kept)
    if told.unusable is not None:
        return {**shown, "unusable": told.unusable}
    for member in account.MEMBERS[kept.service]:
        if member.secret:
            shown[member.name] = "kept" if told.secrets[member.name] else "none"
        else:
            shown[member.name] = told.members[member.name]
    return shown
