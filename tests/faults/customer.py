"""A customer who pays on the shop's own pages, with Stripe's own client."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import stripe
from tests.faults.shop import TOTAL, Shop


class Customer:
    """One purchase: a PaymentIntent of the shop's, which the customer confirms with cards."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        client = stripe.StripeClient("sk_test_1", base_addresses={"api": shop.simulator.url})
        self._intents, self._refunds = client.v1.payment_intents, client.v1.refunds
        made: Any = {"amount": TOTAL, "currency": "eur", "capture_method": "manual"}
        self.intent = str(self._intents.create(made).id)

    def pays_with(self, card: str) -> None:
        """The customer confirms the payment with a card, which may be declined."""
        with suppress(stripe.CardError):
            self._intents.confirm(self.intent, {"payment_method": card})

    def cancels(self) -> None:
        """The shop gives the money back at Stripe."""
        self._intents.cancel(self.intent)

    def taken_by_the_shop(self, intent: str, cents: int) -> None:
        """Somebody of the shop takes a part of a payment at Stripe's own pages."""
        self._intents.capture(intent, {"amount_to_capture": cents})

    def is_given_back(self, intent: str, cents: int) -> None:
        """Somebody of the shop gives a part of a payment back at Stripe's own pages."""
        self._refunds.create({"payment_intent": intent, "amount": cents})

    def orders(self) -> str:
        """The id of the order that the shop places with the payment."""
        body = self._shop.world.synq_order(self.intent, payment_provider="stripe")
        order_id: str = self._shop.world.synq.create(body).json()["order_id"]
        return order_id
