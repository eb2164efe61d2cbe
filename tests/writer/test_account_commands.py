"""Accounts at payment services are written by commands, on either engine."""

from __future__ import annotations

from tests.writer.test_first_step import Desk, a_desk

from entrepot.core.decide.open_account import AddAccount, RemoveAccount, SealAnew
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import AccountResult
from entrepot.store import accounts, schema
from entrepot.store.engine import Database
from entrepot.writer.envelope import Envelope


async def told(desk: Desk, command: AddAccount | SealAnew | RemoveAccount) -> AccountResult:
    result = (await desk.do(command)).result
    assert isinstance(result, AccountResult), result
    return result


async def test_an_account_is_added_changed_sealed_anew_and_removed(database: Database) -> None:
    desk = await a_desk(database, 5)
    org = desk.shop.org
    shown = (("base_url", "https://api.stripe.com"),)
    first = await told(desk, AddAccount(org, "operator", "stripe", b"one", shown))
    assert (first.changed, first.account.sealed) == (False, b"one")
    again = await told(desk, AddAccount(org, "operator", "stripe", b"two", shown))
    assert (again.changed, again.account.added_at) == (True, first.account.added_at)
    await told(desk, SealAnew(org, "operator", "stripe", b"two", b"three"))
    await told(desk, AddAccount(org, "operator", "adyen", b"four"))
    listed = await database.read(lambda conn: accounts.provider_accounts(conn, org))
    assert [(one.service, one.sealed) for one in listed] == [
        ("adyen", b"four"),
        ("stripe", b"three"),
    ]
    assert listed[1].added_at == first.account.added_at
    await told(desk, RemoveAccount(org, "operator", "stripe"))
    assert [one.service for one in await database.read(accounts.provider_accounts)] == ["adyen"]
    types = await desk.column(schema.events, "type")
    assert [one for one in types if one.startswith("account.")] == [
        "account.added", "account.changed", "account.resealed", "account.added", "account.removed",
    ]  # fmt: skip
    bodies = await desk.column(schema.events, "body")
    assert '{"service":"stripe","base_url":"https://api.stripe.com"}' in bodies


async def test_what_is_not_there_is_refused(database: Database) -> None:
    desk = await a_desk(database, 5)
    org = desk.shop.org
    await told(desk, AddAccount(org, "operator", "stripe", b"one"))
    for command, reason in (
        (RemoveAccount(org, "operator", "adyen"), Reason.NO_SUCH_ROUTE),
        (RemoveAccount(org + 1, "operator", "stripe"), Reason.NO_SUCH_ROUTE),
        (SealAnew(org, "operator", "adyen", b"one", b"two"), Reason.NO_SUCH_ROUTE),
        (SealAnew(org, "operator", "stripe", b"old", b"two"), Reason.CHANGED_MEANWHILE),
    ):
        [outcome] = await desk.writer.submit_all([Envelope(command)])
        assert isinstance(outcome.result, Refusal), command
        assert outcome.result.reason is reason
    [kept] = await database.read(accounts.provider_accounts)
    assert kept.sealed == b"one"
