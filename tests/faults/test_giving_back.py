"""The process dies while the money of an order is given back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.faults.killed import died, start_again
from tests.faults.matrix import each, rows
from tests.faults.shop import TOTAL, Shop, selling

from entrepot.testing.server import eventually


@pytest.mark.parametrize(
    ("point", "script"),
    rows(
        {"K10 voided, and the answer not recorded": ("answered.void", "")},
        K9_decided_and_not_sent=("send.void", ""),
        K10_the_answer_was_lost=("answered.void", "lost"),
        K10_a_failure_was_saved=("answered.void", "charged"),
        K10_not_committed=("write.SettlePayment", ""),
    ),
)
@each
def test_the_hold_of_a_cancelled_order_ends(
    service: str, engine: str, point: str, script: str,
    fresh_database: Callable[[str], str], tmp_path: Path,
) -> None:  # fmt: skip
    with selling(service, fresh_database(engine), tmp_path) as shop:
        order_id = shop.placed()
        assert shop.world.synq.until(order_id)["status"] == "confirmed"
        if script:
            shop.simulator.script("void", script)
        start_again(shop.server, point)
        shop.cancelled(order_id)
        died(shop.server)
        shop.server.start()
        _given_back(shop, order_id)
        shop.judge(order_id)


@each
def test_an_order_is_cancelled_while_nobody_knows_of_its_payment(
    service: str, engine: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """K13: the answers are lost, the client cancels, and the process dies giving back."""
    with selling(service, fresh_database(engine), tmp_path, point="send.void") as shop:
        shop.simulator.script("authorise", "lost", times=1000)
        order_id = shop.placed()
        eventually(lambda: shop.payments(order_id), "the money is held, and nobody knows")
        shop.cancelled(order_id)
        died(shop.server)
        shop.server.start()
        _given_back(shop, order_id)
        shop.judge(order_id)
        assert shop.world.synq.order(order_id)["status"] == "cancelled"


@each
def test_a_payment_that_is_made_after_its_order_ended(
    service: str, engine: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """K14: the customer pays while the server is dead, and the order is cancelled already."""
    with selling(service, fresh_database(engine), tmp_path, point="send.void") as shop:
        order_id = shop.placed("sim-pending")
        eventually(lambda: shop.explained(order_id)["payments"][0]["operations"][0]["state"]
                   == "running", "the customer has to act")  # fmt: skip
        shop.cancelled(order_id)
        died(shop.server)
        shop.simulator.control("settle", reference="", outcome="authorised")
        [late] = shop.payments(order_id)
        assert late["held"] == TOTAL
        shop.server.start()
        _given_back(shop, order_id)
        shop.judge(order_id)
        assert shop.world.synq.order(order_id)["status"] == "cancelled"


def _given_back(shop: Shop, order_id: str) -> None:
    eventually(
        lambda: shop.explained(order_id)["payments"][0]["stands"] in ("voided", "declined"),
        "the money is given back",
    )
