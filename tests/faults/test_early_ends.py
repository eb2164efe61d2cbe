"""The shop's own pages had money held or taken at PayPal or Adyen, and the order ends before its
payment begins: nothing stays with the service.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.faults.shop import ACCOUNTS, TOTAL, Shop, selling
from tests.faults.test_without_stock import stands
from tests.simulators import test_adyen as adyen
from tests.simulators import test_paypal as paypal

from entrepot.testing.clients import Body
from entrepot.testing.server import eventually
from entrepot.testing.simulated import Simulated

OTHER = TOTAL + 100  # of a payment that is not the order's amount


class PayPal:
    """The payer approves at PayPal, and the shop's page has the money held or taken."""

    def __init__(self, simulator: Simulated) -> None:
        self._shop, self._simulator = paypal.Shop(simulator), simulator

    def _order(self, intent: str = "AUTHORIZE", units: int = TOTAL) -> str:
        amount = {"currency_code": "EUR", "value": f"{units / 100:.2f}"}
        order = self._shop.made(intent=intent, amount=amount)
        self._simulator.control("settle", reference=order.id, outcome="authorised")
        return str(order.id)

    def authorization(self) -> str:
        return self._shop.authorise(self._order())

    def of_another_amount(self) -> str:
        return self._shop.authorise(self._order(units=OTHER))

    def order(self) -> str:
        order = self._order()
        self._shop.authorise(order)
        return order

    def approved(self) -> str:
        return self._order()

    def taken(self) -> str:
        order = self._order("CAPTURE")
        self._shop.orders.capture_order({"id": order})
        return order

    def captured(self) -> str:
        hold = self.authorization()
        self._shop.capture(hold)
        return hold


class OfAdyen:
    """The customer pays in the shop's Drop-in."""

    def __init__(self, simulator: Simulated) -> None:
        self._shop = adyen.Shop(simulator)
        self._shop.account = ACCOUNTS["adyen"]["merchant_account"]
        self._paid = 0

    def _pays(self, units: int = TOTAL, **more: Any) -> str:
        self._paid += 1
        amount = {"currency": "EUR", "value": units}
        told = self._shop.pay(
            f"cart-{self._paid}", amount=amount, merchantAccount=self._shop.account, **more
        )
        return str(told["pspReference"])

    def payment(self) -> str:
        return self._pays()

    def of_another_amount(self) -> str:
        return self._pays(OTHER)

    def taken(self) -> str:
        return self._pays(captureDelayHours=0)

    def refused(self) -> str:
        method = {"type": "scheme", "storedPaymentMethodId": "8415", "holderName": "DECLINED"}
        return self._pays(paymentMethod=method)

    def cancelled(self) -> str:
        psp = self._pays()
        self._shop.modify("cancel_authorised_payment_by_psp_reference", psp)
        return psp


# The stand that the order comes to, and the end of its sentence.
CASES: dict[str, tuple[Any, dict[str, tuple[str, str]]]] = {
    "paypal": (PayPal, {
        "authorization": ("voided", "; paypal let go of {}"),
        "of_another_amount": ("voided", "; paypal let go of {}"),
        "order": ("voided", "; paypal let go of {}"),
        "approved": ("voided", "; paypal held no money of {}"),
        "taken": ("refunded", " wanted"),
        "captured": ("refunded", " wanted"),
    }),
    "adyen": (OfAdyen, {
        "payment": ("voided", "; adyen let go of {}"),
        "of_another_amount": ("voided", "; adyen let go of {}"),
        "taken": ("refunded", " wanted"),
        "refused": ("voided", "; adyen held no money of {}"),
        "cancelled": ("voided", "; adyen held no money of {}"),
    }),
}  # fmt: skip


def order_of(shop: Shop, reference: str, *, of: int = 1) -> Body:
    lines = [shop.world.synq_line(0, "39.85"), shop.world.synq_line(1, "0.00", of)]
    return shop.world.synq_order(reference, payment_provider=shop.service, items=lines)


@pytest.mark.parametrize("service", list(CASES))
def test_money_of_an_order_that_ends_before_its_payment_begins_goes_back(
    service: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    made, cases = CASES[service]
    with selling(service, fresh_database("sqlite"), tmp_path) as shop:
        customer = made(shop.simulator)
        orders = {}
        for how in cases:
            reference = getattr(customer, how)()
            body = order_of(shop, reference, of=2_000_000)
            orders[shop.world.synq.create(body).json()["order_id"]] = how, reference
        for order_id, (how, reference) in orders.items():
            stand, says = cases[how]
            eventually(lambda one=order_id, is_=stand: stands(shop, one) == is_, how)  # type: ignore[misc]
            assert shop.explained(order_id)["sentence"].endswith(says.format(reference)), how
        for one in shop.simulator.payments():
            assert (one["held"], one["taken"]) == (0, 0), one
        shop.server.verify()
