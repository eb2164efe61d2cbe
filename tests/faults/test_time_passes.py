"""K6b: the process is away for longer than the service remembers a key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import asyncpg
import pysqlite3
from tests.faults.killed import died, repeat, send, start_again
from tests.faults.matrix import each
from tests.faults.shop import TOTAL, Shop, selling

from entrepot.testing.clients import Body
from entrepot.testing.server import Server, eventually

HOUR = 3600


@each
def test_a_payment_that_is_found_after_its_key_was_forgotten(
    service: str, engine: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """K6b: the process is away for longer than the service remembers the key."""
    with selling(service, fresh_database(engine), tmp_path) as shop:
        body = _died_with_the_answer(shop)
        _days_pass(shop, 40)
        shop.server.start()
        order_id = repeat(shop.world, body)
        _decided(shop, order_id)
        live = [one for one in shop.payments(order_id) if one["held"] or one["taken"]]
        assert len(live) <= 1, "what was held before has lapsed at the service"


@each
def test_a_payment_that_is_looked_up_within_its_hold(
    service: str, engine: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """K6b: the key is forgotten, the hold lives: it is found and adopted."""
    with selling(service, fresh_database(engine), tmp_path) as shop:
        body = _died_with_the_answer(shop)
        _days_pass(shop, 2)
        shop.server.start()
        order_id = repeat(shop.world, body)
        assert shop.world.synq.until(order_id)["status"] == "confirmed"
        shop.judge(order_id, held=TOTAL)


def _decided(shop: Shop, order_id: str) -> None:
    """Waits until the order is confirmed, or until its step has been told that nobody knows."""

    def probe() -> bool:
        told = shop.server.told("pipeline.put_off")
        unknown = any("forgotten" in one["cause"] for one in told)
        return unknown or shop.world.synq.order(order_id)["status"] in ("confirmed", "failed")

    eventually(probe, "the payment is found, or nobody knows")


def _died_with_the_answer(shop: Shop) -> Body:
    start_again(shop.server, "answered.authorise")
    body = shop.order()
    send(shop.world, body)
    died(shop.server)
    return body


def _days_pass(shop: Shop, days: int) -> None:
    """Time passes at the service, and in the book, whose rows become so much older."""
    shop.simulator.control("clock", advance_seconds=days * 24 * HOUR)
    earlier = days * 24 * HOUR * 1_000_000
    for table in ("payments", "payment_operations"):
        _execute(shop.server, f"UPDATE {table} SET created_at = created_at - {earlier}")


def _execute(server: Server, statement: str) -> None:
    if server.database_url.startswith("sqlite"):
        path = server.database_url.removeprefix("sqlite:///")
        with closing(pysqlite3.connect(path)) as book, book:
            book.execute(statement)
        return

    async def execute() -> None:
        book = await asyncpg.connect(server.database_url)
        try:
            await book.execute(statement)
        finally:
            await book.close()

    asyncio.run(execute())
