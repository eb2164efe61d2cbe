"""Statements that batches send to the database, one by one, as they were recorded.

The order of the statements and of their parts is the order of the locks (docs/adr/0012, 0015,
0019). To change them, record them anew, with RECORD_STATEMENTS=1 in the environment of this test,
and read the difference.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.factories import Shop, open_shop
from tests.quantities import much

from entrepot.clock import new_id, now
from entrepot.core.commands import Command, CustomerRef, DraftLine, LineChange, VariantRef
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.notify import NotifyOrder
from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import DeferJob
from entrepot.core.facts import Facts
from entrepot.core.money import Amount
from entrepot.core.order import Job, Order
from entrepot.core.results import NotedResult, OrderResult, OrdersResult
from entrepot.printed_statements import printed_statements
from entrepot.store.engine import Database
from entrepot.store.engines import sql
from entrepot.store.engines.postgres_types import NUMBERS_OF_TYPES
from entrepot.writer.batch import Batched, run_batch
from entrepot.writer.envelope import Answer, Envelope, Idempotency

RECORDED = Path(__file__).parent / "composed_statements"
MINUTE = 60_000_000


class Listening:
    """A driver's connection that notes what it is told."""

    def __init__(self, driver: Any, said: list[str]) -> None:
        self._driver, self._said = driver, said

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._driver, name)
        if name not in ("execute", "executemany", "fetch", "fetchrow"):
            return method

        def told(statement: str, *values: Any) -> Any:
            rows = f"-- {len(values[0])} rows\n" if name == "executemany" else ""
            # Which types a connection lacks depends on what it has written before.
            if not statement.startswith("CREATE TYPE") and statement != NUMBERS_OF_TYPES:
                self._said.append(rows + statement)
            return method(statement, *values)

        return told


class Heard:
    """Batches of one shop, and what each of them said."""

    def __init__(self, database: Database, shop: Shop, said: list[str]) -> None:
        self._database, self.shop, self._said = database, shop, said
        self.jobs: list[Job] = []

    async def said_by(self, *commands: Command, key: str = "", leased: bool = True) -> list[str]:
        """The statements of a batch of these commands, read and written."""
        facts = Facts(now(), new_id, leased_until=now() + MINUTE if leased else 0)
        envelopes = [
            Envelope(command, "req", *_asked(key and f"{key}-{number}"))
            for number, command in enumerate(commands)
        ]

        def work(conn: Connection) -> Batched:
            self._said.clear()
            return run_batch(conn, envelopes, facts, first_step if leased else None)

        self.outcomes, self.jobs = await self._database.write_guarded(work)
        return list(self._said)

    @property
    def order(self) -> Order:
        """The one order of the last batch."""
        result = self.outcomes[0].result
        if isinstance(result, OrdersResult):
            return result.orders[0]
        assert isinstance(result, OrderResult), result
        return result.order


def _asked(key: str) -> tuple[Any, ...]:
    if not key:
        return ()
    return Idempotency(key, "order", ("all",), b"12345678"), lambda _: Answer(201, b"{}")


def first_step(job: Job) -> ReserveStock:
    order_id = job.order_id or b""
    return ReserveStock(
        job.org, order_id, job.id, job.fence, b"secret", frozenset(), now() + 10**9, "sandbox"
    )


@pytest.fixture(params=["sqlite", "direct"])
def database_url(request: pytest.FixtureRequest, fresh_database: Callable[[str], str]) -> str:
    """Connected directly: behind a pooler whole rows go there by columns."""
    return fresh_database(request.param)


@pytest.fixture
async def heard(database: Database, monkeypatch: pytest.MonkeyPatch) -> Heard:
    shop = await database.write(open_shop)
    said: list[str] = []
    real = sql.driver_of
    monkeypatch.setattr(sql, "driver_of", lambda conn: Listening(real(conn), said))
    return Heard(database, shop, said)


async def placed(heard: Heard) -> list[str]:
    """Two orders, with a key, and their stock at once."""
    await heard.said_by(heard.shop.stocked(10))
    customer = CustomerRef(None, (("email", "a@b.c"),), first_name="Ada", email="a@b.c")
    orders = [heard.shop.order(properties='{"a":1}', external_id=f"x{n}") for n in range(2)]
    return await heard.said_by(*[one._replace(customer=customer) for one in orders], key="k1")


async def settled(heard: Heard) -> list[str]:
    """A payment that was authorised."""
    await heard.said_by(heard.shop.stocked(10))
    await heard.said_by(heard.shop.order())
    return await heard.said_by(_settle(heard.jobs[0], "authorized"))


async def declined(heard: Heard) -> list[str]:
    """A payment that was declined: stock and claim are given back."""
    await heard.said_by(heard.shop.stocked(10))
    await heard.said_by(heard.shop.order())
    return await heard.said_by(_settle(heard.jobs[0], "declined"))


async def amended(heard: Heard) -> list[str]:
    """A confirmed order with a line more, one less and a changed one, and another note."""
    await heard.said_by(heard.shop.stocked(10))
    order = heard.shop.order(None, properties='{"a":1}')
    await heard.said_by(order._replace(lines=order.lines * 2))
    made = heard.order
    return await heard.said_by(AmendOrder(
        heard.shop.org, "polinate", made.id, said={"notes": "n"}, properties={"a": 2},
        create_lines=(
            DraftLine("c", VariantRef(names=(("sku", "other"),)), much(1), currency="EUR"),
        ),
        update_lines=(LineChange("u", made.lines[0].id, much(3)),),
        delete_lines=(("d", made.lines[1].id),),
    ))  # fmt: skip


async def mirrored(heard: Heard) -> list[str]:
    """An array: new orders with new customers and goods, and one that is told again."""
    drafts = [_draft(heard, n, "paid") for n in range(3)]
    await heard.said_by(MirrorOrders(heard.shop.org, "konvo", (drafts[0],)))
    again = drafts[0]._replace(digest=b"another digest..", words=(("konvo", "shipped"),))
    array = (again, *drafts[1:], drafts[2]._replace(digest=b"again, its digest"))
    return await heard.said_by(MirrorOrders(heard.shop.org, "konvo", array), key="k2")


async def noted(heard: Heard) -> list[str]:
    """An order is announced."""
    return await heard.said_by(NotifyOrder(heard.shop.org, "polinate", "x1"))


async def brought(heard: Heard) -> list[str]:
    """The order comes that was announced."""
    await noted(heard)
    assert heard.outcomes[0].result == NotedResult(fetching=True)
    return await heard.said_by(heard.shop.order(None, external_id="x1"))


async def adjusted(heard: Heard) -> list[str]:
    """Stock of a variant and at a place that nobody knew, and of one that is known."""
    await heard.said_by(heard.shop.stocked(10))
    known = heard.shop.stocked(5)
    return await heard.said_by(
        known, known._replace(variant_id=b"v" * 16), known._replace(location_id=b"l" * 16)
    )


async def waiting(heard: Heard) -> list[str]:
    """A step that is put off, and an order that says for what."""
    await heard.said_by(heard.shop.stocked(10))
    await heard.said_by(heard.shop.order())
    job = heard.jobs[0]
    return await heard.said_by(
        DeferJob(job.org, job.id, job.fence, now() + MINUTE, "no answer", order_id=job.order_id,
                 waiting="the provider")
    )  # fmt: skip


async def cancelled(heard: Heard) -> list[str]:
    """An order whose step another process has in hand: the step must be as it was read."""
    await heard.said_by(heard.shop.stocked(10))
    await heard.said_by(heard.shop.order())
    words = (("synq", "cancelled"),)
    return await heard.said_by(
        AmendOrder(heard.shop.org, "synq", heard.order.id, words=words), leased=False
    )


def _settle(job: Job, outcome: str) -> SettlePayment:
    assert job.order_id is not None
    return SettlePayment(job.org, job.order_id, job.id, job.fence, outcome, "said", "ref")


def _draft(heard: Heard, number: int, word: str) -> OrderDraft:
    lines = tuple(
        DraftLine(
            f"{number}.{n}", VariantRef(names=(("sku", f"s{n}"),)), much(1), Amount(100, 2), "EUR"
        )
        for n in range(2)
    )
    customer = CustomerRef(None, (), ("konvo", f"c{number}"), f"Name {number}")
    return OrderDraft(
        f"[{number}]", f"k-{number}", b"digest of it all", "EUR", Amount(200, 2), lines, customer,
        (("konvo", word),), {"properties": '{"b":[1]}'},
    )  # fmt: skip


BATCHES: Sequence[Callable[[Heard], Any]] = (
    placed, settled, declined, amended, cancelled, mirrored, noted, brought, adjusted, waiting,
)  # fmt: skip


def _printed(said: list[str]) -> str:
    """Statements a line, and a part of a composed one a line."""
    return "".join(
        re.sub(r"(, )(\w+ AS (MATERIALIZED )?\()", r",\n  \2", one) + ";\n" for one in said
    )


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: batch.__name__)
async def test_a_batch_says_what_was_recorded(
    heard: Heard, database: Database, batch: Callable[[Heard], Any]
) -> None:
    printed = _printed(await batch(heard))
    kept = RECORDED / f"{batch.__name__}-{database.dialect}.sql"
    if os.environ.get("RECORD_STATEMENTS"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(printed)
    assert printed == kept.read_text()


@pytest.mark.parametrize("batch", [placed, settled], ids=lambda batch: batch.__name__)
def test_the_document_has_what_a_batch_was_recorded_to_say(batch: Callable[[Heard], Any]) -> None:
    """docs/statements.md is composed without a PostgreSQL, and yet has what one was told."""
    document = "".join(printed_statements().split())
    recorded = (RECORDED / f"{batch.__name__}-postgresql.sql").read_text(encoding="utf-8")
    statements = ["".join(one.split()) for one in recorded.split(";\n") if one.strip()]
    assert statements
    assert [one for one in statements if one not in document] == []
