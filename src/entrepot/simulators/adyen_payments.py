"""Adyen's payments: made by one call, which holds the money."""

from __future__ import annotations

from entrepot.simulators.adyen_objects import REFUSALS, AdyenObjects, amount_of, fault
from entrepot.simulators.exchange import Call, Fault, Json, Reply
from entrepot.simulators.service import capitals

# Names of card holders that Adyen's own test cards go by.
_BY_HOLDER = {"DECLINED": "2", "NOT_ENOUGH_BALANCE": "12", "CARD_EXPIRED": "6", "FRAUD": "20"}


class Payments:
    """The calls of ``/payments``."""

    def __init__(self, service: AdyenObjects) -> None:
        self._service = service
        self._ledger = service.ledger

    def pay(self, call: Call) -> Reply:
        """Ask for money: held, refused, or told of later."""
        params, amount = call.params, amount_of(call)
        if not params.get("reference"):
            raise Fault(fault(422, "130", "Required field 'reference' is not provided."))
        method = params.get("paymentMethod")
        if not isinstance(method, dict):
            raise Fault(fault(422, "14_006", "Required object 'paymentMethod' is not provided."))
        data = params.get("additionalData") or {}
        named = method.get("storedPaymentMethodId") or method.get("encryptedCardNumber")
        payment: Json = {
            "id": capitals(16), "account": params["merchantAccount"], "amount": amount,
            "reference": params["reference"], "method": named or method.get("type"),
            "metadata": params.get("metadata") or {},
            "at_once": params.get("captureDelayHours") == 0 or data.get("manualCapture") == "false",
            "state": "pending", "held": 0, "captured": 0, "refunded": 0, "lapses": 0.0,
        }  # fmt: skip
        code = call.declined
        if code is None:
            code = _BY_HOLDER.get(str(method.get("holderName", "")))
        if code is not None:
            self._service.refused_by_issuer(payment, code, call)
        elif call.pending or amount["value"] < 0:
            self._service.kept(payment)
        else:
            self._service.held(payment, call)
        return self._shown(payment)

    def details(self, call: Call) -> Reply:
        """Show what became of a payment whose customer came back."""
        details = call.params.get("details") or {}
        name = str(details.get("redirectResult") or details.get("payload") or "")
        payment = self._ledger.get("payment", name)
        if payment is None:
            raise Fault(fault(422, "14_018", "Invalid payload provided"))
        return self._shown(payment)

    def methods(self, call: Call) -> Reply:
        """Show the means of payment: a call that changes nothing."""
        del call
        return Reply(200, {"paymentMethods": [{"name": "Cards", "type": "scheme"}]})

    def settle(self, name: str, outcome: str) -> int:
        """Say what becomes of pending payments, by their id, reference or method, or all."""
        pending = [one for one in self._ledger.all("payment") if one["state"] == "pending"]
        waiting = [
            one for one in pending if name in ("", one["id"], one["reference"], one["method"])
        ]
        for payment in waiting:
            if outcome == "authorised":
                self._service.held(payment, None)
            else:
                self._service.refused_by_issuer(payment, "2", None)
        return len(waiting)

    def lapse(self) -> None:
        """Let go of what was held for longer than Adyen holds."""
        now = self._service.now()
        for payment in self._ledger.all("payment"):
            if payment["held"] and now > payment["lapses"]:
                self._service.moved(payment, "expired", payment["held"], payment["id"], None)
                told = {"pspReference": payment["id"]}
                self._service.told_of("EXPIRE", payment, told)
                payment |= {"held": 0, "state": "expired"}
                self._service.kept(payment)

    def _shown(self, payment: Json) -> Reply:
        told: Json = {
            "pspReference": payment["id"], "amount": payment["amount"],
            "merchantReference": payment["reference"],
        }  # fmt: skip
        if payment["state"] == "pending":
            action = {
                "type": "redirect", "method": "GET", "paymentMethodType": "scheme",
                "url": f"https://checkoutshopper-test.adyen.com/{payment['id']}",
            }  # fmt: skip
            told |= {"resultCode": "RedirectShopper", "action": action}
        elif payment["state"] == "refused":
            code = payment["refusal"]
            told |= {"resultCode": "Refused", "refusalReason": REFUSALS[code],
                     "refusalReasonCode": code}  # fmt: skip
        else:
            told |= {"resultCode": "Authorised"}
        return Reply(200, told)
