"""The process dies while a hold that ends soon is renewed: the money is held and taken once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from tests.factories import new_id
from tests.faults.killed import arm, died
from tests.faults.matrix import each, rows
from tests.faults.shop import TOTAL, Shop, selling
from tests.faults.test_amending import confirmed, judge, states

from entrepot.core import actor
from entrepot.core.decide.lapse import HoldLapses
from entrepot.core.refusal import Refusal
from entrepot.store.engines.opening import open_database
from entrepot.testing.server import eventually
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

DAY = 24 * 3600 * 1_000_000  # microseconds


@pytest.mark.parametrize(
    ("point", "script"),
    rows(
        {"authorised and not recorded": ("answered.authorise", "")},
        prepared_and_not_sent=("send.authorise", ""),
        the_answer_was_lost=("answered.authorise", "lost"),
        a_failure_was_saved=("answered.authorise", "charged"),
        the_outcome_was_not_written=("write.SettlePayment", ""),
        the_old_hold_was_not_let_go=("send.void", ""),
        the_old_hold_was_let_go_and_nobody_told=("answered.void", ""),
    ),
)
@each
def test_a_hold_that_is_renewed_is_held_once_and_taken_once(
    service: str, engine: str, point: str, script: str,
    fresh_database: Callable[[str], str], tmp_path: Path,
) -> None:  # fmt: skip
    with selling(service, fresh_database(engine), tmp_path) as shop:
        order_id = confirmed(shop)
        if script:
            shop.simulator.script("authorise", script)
        _ends_soon(shop, order_id, point)
        died(shop.server)
        shop.server.start()
        eventually(lambda: states(shop, order_id) == ["given_up", "done"], "one hold is left")
        judge(shop, order_id, held=TOTAL)
        shop.server.command("capture", order_id)
        eventually(lambda: shop.world.native.order(order_id)["payment"] == "paid", "it is taken")
        judge(shop, order_id, taken=TOTAL)


@each
def test_a_renewal_that_is_declined_leaves_the_old_hold(
    service: str, engine: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    with selling(service, fresh_database(engine), tmp_path) as shop:
        order_id = confirmed(shop)
        # PayPal saves no refusal, and refuses the repeat as well.
        shop.simulator.script("authorise", "declined", times=2 if service == "paypal" else 1)
        _ends_soon(shop, order_id, "answered.authorise")
        died(shop.server)
        shop.server.start()
        eventually(lambda: states(shop, order_id) == ["done", "declined"], "the old hold stays")
        told = shop.world.native.order(order_id)
        assert told["reason"].startswith(f"hold_lapses: {service} does not hold 39.85 EUR anew")
        judge(shop, order_id, held=TOTAL)


def _ends_soon(shop: Shop, order_id: str, point: str) -> None:
    """The order's hold is renewed by the organization's rule; the server dies at the point."""
    shop.server.command("org", "lapsing", "Demo", "renew")
    assert shop.server.terminate() == 0, shop.server.output()[-4000:]
    asyncio.run(_told(shop.server.database_url, UUID(order_id).bytes))
    arm(shop.server, point)
    shop.server.launch()


async def _told(url: str, order_id: bytes) -> None:
    """What the walk over the holds tells the book, an hour before the process dies."""
    database = open_database(url)
    try:
        now = time.time_ns() // 1000
        writer = Writer(database, now=lambda: now, new_id=new_id)
        lapses = HoldLapses(1, order_id, 1, now + DAY, several=True)
        outcome = await writer.submit(Envelope(lapses, actor=actor.step("lapse")))
        assert not isinstance(outcome.result, Refusal)
    finally:
        await database.close()
