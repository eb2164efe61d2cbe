"""K19: a process that was paused wakes after another one took its job over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.faults.customer import Customer
from tests.faults.matrix import on_postgres
from tests.faults.shop import TOTAL, selling

from entrepot.testing.clients import speaking
from entrepot.testing.server import beside, eventually

LEASE = {"ENTREPOT_LEASE_SECONDS": "2"}


@on_postgres
def test_what_the_first_process_brings_home_is_refused(
    service: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    with (
        selling(service, fresh_database("postgres"), tmp_path, env=LEASE) as shop,
        beside(shop.server) as second,
        speaking(second) as other,
    ):
        # Either process may take the job: that one is paused which asked the service.
        shop.simulator.script("authorise", "late", seconds=6)
        order_id = shop.placed()
        eventually(lambda: shop.payments(order_id), "the money is held, and not answered")
        with shop.frozen():
            assert other.synq.until(order_id)["status"] == "confirmed"
        eventually(lambda: shop.server.told("pipeline.lease_lost") or True, "it woke")
        shop.judge(order_id, held=TOTAL)
        assert shop.server.events("order.confirmed") == 1


def test_an_answer_of_yesterday_fails_no_order_that_is_being_paid(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """The first process was told that the card is declined, and is paused. The customer takes
    another card, for which the second process waits: the job is there when the first one wakes.
    """
    env = LEASE | {"ENTREPOT_LOG_LEVEL": "debug"}
    with (
        selling("stripe", fresh_database("postgres"), tmp_path, env=env) as shop,
        beside(shop.server) as second,
        speaking(second) as other,
    ):
        customer = Customer(shop)
        customer.pays_with("pm_card_chargeDeclined")
        shop.simulator.script("look_up", "late", seconds=2)
        order_id = customer.orders()
        eventually(lambda: shop.simulator.called("look_up"), "Stripe has been asked")
        with shop.frozen():
            customer.pays_with("pm_card_authenticationRequired")
            eventually(
                lambda: second.number(_RUNNING) == 1, "the second process waits for the customer"
            )
        eventually(
            lambda: shop.server.told("pipeline.lease_lost")
            or shop.server.events("payment.declined"), "the first process woke",
        )  # fmt: skip
        assert other.synq.order(order_id)["status"] == "pending_payment"
        shop.simulator.control("settle", reference=customer.intent, outcome="authorised")
        assert other.synq.until(order_id)["status"] == "confirmed"
        assert sum(one["held"] for one in shop.simulator.payments()) == TOTAL
        assert shop.server.events("payment.declined") == 0
        shop.server.verify()


_RUNNING = "SELECT count(*) FROM payment_operations WHERE state = 'running'"
