"""Accounts at payment services belong to an organization, and placing goes by them where asked."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import insert
from tests.asked import listen
from tests.writer.taking import Taking
from tests.writer.test_first_step import a_desk

from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.order import Job
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import OrderResult
from entrepot.store import schema
from entrepot.store.engine import Database

# The accounts themselves, and not only whether there are some.
LISTS_ACCOUNTS = re.compile(r"provider_accounts(?! AS p WHERE)")


async def _account(database: Database, org: int, service: str) -> None:
    row = {"org": org, "service": service, "added_at": 1}
    made = insert(schema.provider_accounts).values(row)
    await database.write(lambda conn: conn.execute(made))


async def test_an_order_is_taken_where_its_own_organization_has_the_account(
    database: Database,
) -> None:
    desk = await a_desk(database, 5)
    order = desk.shop.order()._replace(needs_account=True)
    # Another organization's account, and one at another service, are none.
    await _account(database, desk.shop.org + 1, "stripe")
    await _account(database, desk.shop.org, "adyen")
    refused = (await desk.do(order)).result
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.field) == (Reason.NO_ACCOUNT, "payment_provider")
    assert await desk.column(schema.orders, "id") == []
    await _account(database, desk.shop.org, "stripe")
    assert isinstance((await desk.do(order)).result, OrderResult)


async def test_accounts_are_listed_only_of_an_organization_that_has_some(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are known to have none by the row of the organization, which is read anyway."""
    desk = await a_desk(database, 5)
    asked: list[str] = []
    listen(monkeypatch, lambda statement, _values: asked.append(statement))
    await desk.do(desk.shop.order())
    assert asked
    assert [one for one in asked if LISTS_ACCOUNTS.search(one)] == []
    await _account(database, desk.shop.org, "stripe")
    await desk.do(desk.shop.order())
    assert [one for one in asked if LISTS_ACCOUNTS.search(one)] != []


async def test_the_service_is_chosen_with_the_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order takes its first step in the batch that places it, with an account or without."""
    desk = await a_desk(database, 5)
    first_step = Taking.first_step

    def with_services(self: Taking, job: Job) -> ReserveStock:
        return first_step(self, job)._replace(services=frozenset({"stripe", "adyen"}))

    monkeypatch.setattr(Taking, "first_step", with_services)
    await _account(database, desk.shop.org, "adyen")
    await desk.do(desk.shop.order())
    await _account(database, desk.shop.org, "stripe")
    await desk.do(desk.shop.order())
    assert await desk.column(schema.jobs, "kind") == ["authorise", "authorise"]
    assert sorted(await desk.column(schema.payments, "service")) == ["sandbox", "stripe"]
