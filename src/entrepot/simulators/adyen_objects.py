"""What the calls of Adyen's payments and modifications share."""

from __future__ import annotations

from abc import ABC, abstractmethod

from entrepot.simulators.exchange import Call, Fault, Json, Reply
from entrepot.simulators.service import DAY, Service, capitals

HOLD_SECONDS = 28 * DAY
# Answers of the issuer, by Adyen's numbers of refusal reasons.
REFUSALS = {"2": "Refused", "3": "Referral", "5": "Blocked Card", "6": "Expired Card",
            "12": "Not enough balance", "20": "FRAUD"}  # fmt: skip


class AdyenObjects(Service, ABC):
    """The part of Adyen that its payments know."""

    @abstractmethod
    def told_of(self, code: str, payment: Json, told: Json) -> None:
        """Have a notification sent: `told` has `pspReference`, `amount`, `success` and more."""

    def kept(self, payment: Json) -> None:
        """Keep a payment as it is now."""
        self.ledger.put("payment", payment, self.now())

    def moved(self, payment: Json, kind: str, units: int, thing: str, call: Call | None) -> None:
        """Add a movement of a payment's money to the ledger."""
        about = {"reference": payment["reference"], "method": payment["method"]}
        about |= payment["metadata"]
        currency = payment["amount"]["currency"]
        self.enter(payment["id"], kind, units, currency, thing, call, about)

    def held(self, payment: Json, call: Call | None) -> None:
        """Hold a payment's money, and take the money at once if the payment says so."""
        value = payment["amount"]["value"]
        payment |= {"state": "authorised", "held": value, "lapses": self.now() + HOLD_SECONDS}
        self.moved(payment, "authorised", value, payment["id"], call)
        self.told_of("AUTHORISATION", payment, {"pspReference": payment["id"]})
        if payment["at_once"]:
            self.moved(payment, "captured", value, payment["id"], call)
            payment |= {"held": 0, "captured": value}
            told = {"pspReference": capitals(16), "originalReference": payment["id"]}
            self.told_of("CAPTURE", payment, told)
        self.kept(payment)

    def refused_by_issuer(self, payment: Json, code: str, call: Call | None) -> None:
        """Hold nothing."""
        payment |= {"state": "refused", "refusal": code if code in REFUSALS else "2"}
        self.moved(payment, "declined", 0, payment["id"], call)
        reason = REFUSALS[payment["refusal"]]
        told = {"pspReference": payment["id"], "success": "false", "reason": reason}
        self.told_of("AUTHORISATION", payment, told)
        self.kept(payment)


def fault(status: int, code: str, message: str, type_: str = "validation") -> Reply:
    """An error in Adyen's envelope."""
    return Reply(status, {
        "status": status, "errorCode": code, "message": message, "errorType": type_,
        "pspReference": capitals(16),
    })  # fmt: skip


def amount_of(call: Call) -> Json:
    """The amount of a call. Raises Fault."""
    amount = call.params.get("amount")
    if not isinstance(amount, dict) or not isinstance(amount.get("value"), int):
        raise Fault(fault(422, "100", "Required field 'amount' is not provided."))
    return {"currency": str(amount.get("currency", "")).upper(), "value": amount["value"]}
