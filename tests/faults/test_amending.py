"""The process dies while a paid order comes to cost more, or less again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from tests.faults.killed import died, start_again
from tests.faults.matrix import each, rows
from tests.faults.shop import TOTAL, Shop, of_book, selling

from entrepot.testing.clients import accepted
from entrepot.testing.server import eventually

MORE = 1250  # a third piece of the first line, in cents
# References with which a service takes a second payment.
AGAIN = {"stripe": "cus_faults/pm_card-visa", "adyen": "shopper/card-visa",
         "paypal": "vault/card-visa"}  # fmt: skip


@pytest.mark.parametrize(
    ("point", "script"),
    rows(
        {"authorised and not recorded": ("answered.authorise", "")},
        prepared_and_not_sent=("send.authorise", ""),
        the_answer_was_lost=("answered.authorise", "lost"),
        a_failure_was_saved=("answered.authorise", "charged"),
        the_outcome_was_not_written=("write.SettlePayment", ""),
        amended_and_nobody_told=("committed.AmendOrder", ""),
    ),
)
@each
def test_what_is_added_is_held_once_and_taken_with_the_rest(
    service: str, engine: str, point: str, script: str,
    fresh_database: Callable[[str], str], tmp_path: Path,
) -> None:  # fmt: skip
    with selling(service, fresh_database(engine), tmp_path) as shop:
        order_id = confirmed(shop)
        if script:
            shop.simulator.script("authorise", script)
        start_again(shop.server, point)
        with suppress(httpx.TransportError):
            amended(shop, order_id, 3)
        died(shop.server)
        shop.server.start()
        eventually(lambda: states(shop, order_id) == ["done", "done"], "both are held")
        judge(shop, order_id, held=TOTAL + MORE)
        shop.server.command("capture", order_id)
        eventually(lambda: shop.world.native.order(order_id)["payment"] == "paid", "all is taken")
        judge(shop, order_id, taken=TOTAL + MORE)


@each
def test_an_order_is_amended_back_while_nobody_knows_of_what_was_added(
    service: str, engine: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """The answers are lost, the order costs what it did, and the process dies giving back."""
    with selling(service, fresh_database(engine), tmp_path) as shop:
        order_id = confirmed(shop)
        shop.simulator.script("authorise", "lost", times=1000)
        start_again(shop.server, "send.void")
        amended(shop, order_id, 3)
        eventually(lambda: len(shop.payments(order_id)) > 1, "more is held, and nobody knows")
        with suppress(httpx.TransportError):
            amended(shop, order_id, 2)
        died(shop.server)
        shop.server.start()
        eventually(lambda: states(shop, order_id) == ["done", "given_up"], "no more is held")
        judge(shop, order_id, held=TOTAL)
        assert shop.world.native.order(order_id)["payment"] == "authorized"


def confirmed(shop: Shop) -> str:
    body = shop.order() | {"payment_reference": AGAIN[shop.service]}
    order_id: str = accepted(shop.world.synq.create(body))["order_id"]
    assert shop.world.synq.until(order_id)["status"] == "confirmed"
    return order_id


def amended(shop: Shop, order_id: str, quantity: int) -> None:
    """Has so many pieces of the first line wanted."""
    line = min(shop.world.native.order(order_id)["lines"], key=lambda one: one["number"])
    change = {"lines": {"change": [{"id": line["id"], "quantity": quantity}]}}
    accepted(shop.world.native.send("PATCH", f"/orders/{order_id}", change), 200)


def states(shop: Shop, order_id: str) -> list[str]:
    """The states of the authorisations of an order."""
    operations = shop.world.native.order(order_id)["payment_operations"]
    return [one["state"] for one in operations if one["kind"] == "authorise"]


def judge(shop: Shop, order_id: str, *, held: int = 0, taken: int = 0) -> None:
    """Both ledgers have these sums for the order, and no payment twice."""
    found = shop.payments(order_id)
    live = [one for one in found if one["held"] or one["taken"]]
    assert len(live) == len({one["payment"] for one in live}) <= 2, found
    assert (sum(one["held"] for one in found), sum(one["taken"] for one in found)) == (held, taken)
    paid = list(map(of_book, shop.explained(order_id)["payments"]))
    assert (sum(one[0] for one in paid), sum(one[1] for one in paid)) == (held, taken), paid
    shop.server.verify()
