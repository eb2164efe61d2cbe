"""An organization's own row is changed by commands, which later commands of a batch see."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import Connection, select, update
from tests.factories import new_id, open_shop
from tests.writer.test_first_step import a_desk

from entrepot.clock import now
from entrepot.core.decide.notify import NotifyOrder
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.decide.set_up import BeginOrganization, SetOrderSource, TakePaymentSecret
from entrepot.core.organization import OrderSource
from entrepot.core.refusal import Refusal
from entrepot.store import accounts, schema
from entrepot.store.engine import Database
from entrepot.store.verify import verify
from entrepot.store.verify.report import Report
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

SOURCE = OrderSource("https://source.example/{orderId}", "X-Key: s3cret")


def _begun(conn: Connection, org: int) -> BeginOrganization:
    found = accounts.organization(conn, org)
    assert found is not None
    return BeginOrganization(org, found.name, found.tenant_id, found.id)


async def test_an_own_row_is_changed_in_one_batch_and_announced_orders_are_asked_for(
    database: Database,
) -> None:
    desk = await a_desk(database, 5)
    org = desk.shop.org
    await desk.do(NotifyOrder(org, "polinate", "before"))
    assert await desk.column(schema.jobs, "kind") == []
    commands = (
        await database.read(partial(_begun, org=org)),
        RunStock(org, "operator", "SOFT"),
        TakePaymentSecret(org, b"s" * 32),
        SetOrderSource(org, SOURCE),
        NotifyOrder(org, "polinate", "after"),
    )
    before = desk.database.writes
    for outcome in await desk.writer.submit_all([Envelope(one) for one in commands]):
        assert not isinstance(outcome.result, Refusal)
    assert desk.database.writes == before + 1
    # The order that was announced before, and the one that the same batch announced.
    assert await desk.column(schema.jobs, "kind") == ["fetch", "fetch"]
    assert sorted(await desk.column(schema.jobs, "payload")) == ["after", "before"]

    def kept(conn: Connection) -> tuple[object, ...]:
        found = accounts.organization(conn, org)
        assert found is not None
        secret = accounts.payment_secret(conn, org)
        return found.allocation, found.source_url, found.source_header, secret

    assert await database.read(kept) == ("SOFT", SOURCE.url, SOURCE.header, b"s" * 32)
    bodies = " ".join(await desk.column(schema.events, "body"))
    assert "s3cret" not in bodies
    assert await desk.column(schema.stock_levels, "soft") == [True]

    # What a later command leaves alone stays.
    await desk.do(SetOrderSource(org, OrderSource(None)))
    assert await database.read(kept) == ("SOFT", None, None, b"s" * 32)
    events = select(schema.events.c.type).where(schema.events.c.subject == "organization")

    def looked(conn: Connection) -> tuple[list[str], Report]:
        told = conn.execute(events.order_by(schema.events.c.number)).scalars()
        return list(told), verify(conn)

    told, report = await database.read(looked)
    assert report.ok, report.violations
    assert told == [
        "organization.made", "payment_secret.taken", "order_source.set", "order_source.removed",
    ]  # fmt: skip


@pytest.mark.parametrize("column", ["id", "tenant_id"])
async def test_an_organization_with_another_id_than_its_log_tells_is_named(
    database: Database, column: str
) -> None:
    """No row names an organization by these ids: clients, tokens and messages do."""
    org = (await database.write(open_shop)).org
    writer = Writer(database, now=now, new_id=new_id)
    await writer.submit(Envelope(await database.read(partial(_begun, org=org))))
    assert (await database.read(verify)).ok
    orgs = schema.organizations
    changed = update(orgs).where(orgs.c.org == org).values({column: b"x" * 16})
    await database.write(lambda conn: conn.execute(changed))
    [violation] = (await database.read(verify)).violations
    assert (violation.invariant, violation.count) == ("OWN_ORGANIZATION", 1)
    assert violation.witnesses[0]["org"] == org
