"""The process dies while the money of an order is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.faults.killed import repeat
from tests.faults.matrix import each, rows
from tests.faults.shop import TOTAL, USUAL, Shop, selling

from entrepot.testing.server import eventually


class Death(NamedTuple):
    """Where the process dies, how the service answers, and what comes of the order."""

    point: str
    script: str = USUAL
    status: str = "confirmed"
    held: int = TOTAL


@pytest.mark.parametrize(
    "death",
    rows(
        {"K6 authorised and not recorded": Death("answered.authorise")},
        K1_accepted=Death("committed.PlaceOrder"),
        K4_prepared_and_not_sent=Death("send.authorise"),
        K5_in_use=Death("answered.authorise", "sim-busy"),
        K6_the_answer_was_lost=Death("answered.authorise", "sim-lost"),
        K6_a_failure_was_saved=Death("answered.authorise", "sim-charged"),
        K6_too_many_requests=Death("answered.authorise", "sim-limited"),
        K7_declined_and_not_recorded=Death("answered.authorise", "sim-declined", "failed", 0),
        K8_not_written=Death("write.SettlePayment"),
        K8_not_committed=Death("commit.SettlePayment"),
        K11_confirmed_and_told_nobody=Death("committed.SettlePayment"),
    ),
)
@each
def test_the_money_is_held_once(
    service: str,
    engine: str,
    death: Death,
    fresh_database: Callable[[str], str],
    tmp_path: Path,
) -> None:
    with selling(service, fresh_database(engine), tmp_path, point=death.point) as shop:
        body = shop.killed(death.script)
        order_id = repeat(shop.world, body)
        assert shop.world.synq.until(order_id)["status"] == death.status
        shop.judge(order_id, held=death.held)
        assert shop.server.events("order.placed") == 1
        assert shop.server.events("order.confirmed") == int(death.held > 0)


@each
def test_a_request_that_is_under_way_when_the_process_dies(
    service: str, engine: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """K5: the service finishes after the death, and refuses the repeat meanwhile."""
    with selling(service, fresh_database(engine), tmp_path) as shop:
        shop.simulator.script("authorise", "slow", seconds=3)
        order_id = shop.placed()
        eventually(lambda: shop.simulator.called("authorise"), "the request came")
        shop.server.restart()
        assert shop.world.synq.until(order_id)["status"] == "confirmed"
        shop.judge(order_id, held=TOTAL)


@each
def test_a_notification_that_comes_before_the_answer(
    service: str, engine: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """K15: both ways lead to one hold, also when the process dies between them."""
    with selling(service, fresh_database(engine), tmp_path, point="answered.authorise") as shop:
        shop.simulator.control("notifications", mode="doubled")
        body = shop.killed("sim-late-1500")
        order_id = repeat(shop.world, body)
        assert shop.world.synq.until(order_id)["status"] == "confirmed"
        eventually(lambda: _all_sent(shop), "all notifications are taken")
        shop.judge(order_id, held=TOTAL)
        assert shop.server.events("order.confirmed") == 1


def _all_sent(shop: Shop) -> bool:
    return all(one["sent"] for one in shop.simulator.ledger()["notifications"])
