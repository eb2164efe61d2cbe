"""The process dies while the money of an order is taken, or given back after it was taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.faults.killed import died, start_again
from tests.faults.matrix import each, rows
from tests.faults.shop import TOTAL, Shop, selling

from entrepot.clock import new_id, now
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.money import Amount
from entrepot.core.refusal import Refusal
from entrepot.store.engines.opening import open_database
from entrepot.testing.clients import order_number
from entrepot.testing.server import eventually
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

PART = 1000


class Death(NamedTuple):
    """Where the process dies, and how the service answers the call."""

    point: str
    script: str = ""


@pytest.mark.parametrize(
    "death",
    rows(
        {"K16 taken and not recorded": Death("answered.capture")},
        K16_prepared_and_not_sent=Death("send.capture"),
        K16_the_answer_was_lost=Death("answered.capture", "lost"),
        K16_a_failure_was_saved=Death("answered.capture", "charged"),
        K16_not_written=Death("write.SettleOperation"),
    ),
)
@each
def test_the_money_is_taken_once(
    service: str,
    engine: str,
    death: Death,
    fresh_database: Callable[[str], str],
    tmp_path: Path,
) -> None:
    with selling(service, fresh_database(engine), tmp_path, point=death.point) as shop:
        shop.server.command("org", "capture", "Demo", "confirmation")
        if death.script:
            shop.simulator.script("capture", death.script)
        order_id = shop.placed()
        died(shop.server)
        shop.server.start()
        _stands(shop, order_id, "paid")
        shop.judge(order_id, taken=TOTAL)


@pytest.mark.parametrize(
    "death",
    rows(
        {"K17 given back and not recorded": Death("answered.refund")},
        K17_prepared_and_not_sent=Death("send.refund"),
        K17_the_answer_was_lost=Death("answered.refund", "lost"),
        K17_a_failure_was_saved=Death("answered.refund", "charged"),
    ),
)
@each
def test_money_that_was_taken_is_given_back_once(
    service: str,
    engine: str,
    death: Death,
    fresh_database: Callable[[str], str],
    tmp_path: Path,
) -> None:
    with selling(service, fresh_database(engine), tmp_path) as shop:
        shop.server.command("org", "capture", "Demo", "confirmation")
        order_id = shop.placed()
        _stands(shop, order_id, "paid")
        if death.script:
            shop.simulator.script("refund", death.script)
        start_again(shop.server, death.point)
        _refund(shop, order_id)
        died(shop.server)
        shop.server.start()
        _stands(shop, order_id, "partially_refunded")
        shop.judge(order_id, taken=TOTAL - PART, refunded=PART)


def _stands(shop: Shop, order_id: str, word: str) -> None:
    eventually(lambda: shop.explained(order_id)["payments"][0]["stands"] == word, word)


def _refund(shop: Shop, order_id: str) -> None:
    """Has a part of the money given back, by the book's own door."""

    async def refund() -> None:
        database = open_database(shop.server.database_url)
        writer = Writer(database, now=now, new_id=new_id)
        number = bytes.fromhex(order_number(order_id))
        command = RefundOrder(1, "operator", number, Amount(PART, 2), reason="broken")
        result = (await writer.submit(Envelope(command))).result
        assert not isinstance(result, Refusal), result
        await database.close()

    asyncio.run(refund())
