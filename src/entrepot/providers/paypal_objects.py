"""PayPal's orders, authorizations, captures and refunds, as PayPal shows them. Each call blocks."""

from __future__ import annotations

from typing import Any

from entrepot.providers import paypal_answers as answers
from entrepot.providers.payment import OperationRequest
from entrepot.providers.paypal_client import asked_for

Json = dict[str, Any]


class Objects:
    """What PayPal's client reads. `orders` and `payments` are controllers of the client."""

    def __init__(self, orders: Any, payments: Any) -> None:
        self._orders, self._payments = orders, payments

    def order(self, id_: str) -> Json | None:
        """An order; None where PayPal does not know it."""
        return asked_for(lambda: self._orders.get_order({"id": id_}))

    def authorization(self, id_: str) -> Json | None:
        """An authorization; None where PayPal does not know it."""
        asked = {"authorization_id": id_}
        return asked_for(lambda: self._payments.get_authorized_payment(asked))

    def capture(self, id_: str) -> Json | None:
        """A capture; None where PayPal does not know it."""
        return asked_for(lambda: self._payments.get_captured_payment({"capture_id": id_}))

    def captures_of(self, told: Json) -> list[Json]:
        """The captures of the order that an authorization is of."""
        return answers.payments_of(self.order_that_has(told) or {}, "captures")

    def order_of_capture(self, id_: str | None) -> Json | None:
        """The order of a capture that is a payment's reference: the money of an order with the
        intent CAPTURE is known by its capture alone. None where PayPal knows no such capture.
        """
        made = None if id_ is None else self.capture(id_)
        if made is None:
            return None
        alone = {"amount": made["amount"], "payments": {"captures": [made]}}
        return self.order_that_has(made) or {
            "id": made["id"], "status": "COMPLETED", "purchase_units": [alone],
        }  # fmt: skip

    def made_under(self, request: OperationRequest, kind: str) -> Json | None:
        """The capture or refund that bears this request's key, by the order that it is of."""
        of = request.of or ""
        told = self.authorization(of) if kind == "captures" else self.capture(of)
        order = self.order_that_has(told or {})
        listed = answers.payments_of(order, kind) if order else []
        return next((one for one in listed if one.get("invoice_id") == request.key), None)

    def order_that_has(self, told: Json) -> Json | None:
        """The order that an authorization or a capture is of; None where PayPal shows none."""
        related = (told.get("supplementary_data") or {}).get("related_ids") or {}
        return self.order(str(related["order_id"])) if related.get("order_id") else None
