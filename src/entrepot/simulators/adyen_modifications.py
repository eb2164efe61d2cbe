"""Adyen's modifications of a payment: captures, cancels, refunds and reversals.

Each is answered with ``received``. What became of it is told by a notification alone.
"""

from __future__ import annotations

from entrepot.simulators.adyen_objects import AdyenObjects, amount_of, fault
from entrepot.simulators.exchange import Call, Fault, Json, Reply
from entrepot.simulators.service import capitals

# Merchant accounts of this end have agreed with Adyen on several captures of a payment.
SEVERAL = "SeveralCaptures"
_UNDONE = {"capture": "CAPTURE", "refund": "REFUND"}
_NO_BALANCE = "Insufficient balance on payment"


class Modifications:
    """The calls below ``/payments/{pspReference}``, and ``/cancels``."""

    def __init__(self, service: AdyenObjects) -> None:
        self._service = service
        self._ledger = service.ledger

    def capture(self, call: Call) -> Reply:
        """Take held money, all or a part. The first capture lets go of the rest, unless the account
        has an agreement on several.
        """
        return self._modified(call, "CAPTURE", self._found(call), amount_of(call))

    def refund(self, call: Call) -> Reply:
        """Give captured money back, all or a part."""
        return self._modified(call, "REFUND", self._found(call), amount_of(call))

    def cancel(self, call: Call) -> Reply:
        """Give held money back."""
        return self._modified(call, "CANCELLATION", self._found(call), None)

    def reverse(self, call: Call) -> Reply:
        """Give all back, held or captured."""
        return self._modified(call, "CANCEL_OR_REFUND", self._found(call), None)

    def cancel_by_reference(self, call: Call) -> Reply:
        """Give held money back by the merchant's own reference of the payment."""
        wanted = call.params.get("paymentReference")
        if not wanted:
            raise Fault(fault(422, "15_002", "Required field 'paymentReference' is not provided."))
        payments = [one for one in self._ledger.all("payment") if one["reference"] == wanted]
        for payment in payments:
            self._modified(call, "TECHNICAL_CANCEL", payment, None)
        name = capitals(16)
        if not payments:
            self._nothing_to_cancel(call, name)
        return self._received(call, name, {"paymentReference": wanted})

    def _nothing_to_cancel(self, call: Call, name: str) -> None:
        """Say by a notification that no payment has the reference."""
        nothing: Json = {
            "account": call.params["merchantAccount"], "metadata": {},
            "amount": {"currency": "EUR", "value": 0},
            "reference": call.params.get("reference") or call.params["paymentReference"],
        }  # fmt: skip
        told = {"pspReference": name, "success": "false", "reason": "No payment has the reference"}
        self._service.told_of("TECHNICAL_CANCEL", nothing, told)

    def settle(self, name: str, outcome: str) -> int:
        """Say what becomes of modifications that wait, by their id or payment, or all."""
        waiting = [
            one for one in self._ledger.all("modification")
            if one["waits"] and name in ("", one["id"], one["payment"], one["reference"])
        ]  # fmt: skip
        for one in waiting:
            one["waits"] = False
            self._ledger.put("modification", one, self._service.now())
            payment = self._ledger.get("payment", one["payment"])
            assert payment is not None, "a modification is of a payment"
            self._done(one, payment, None, declined=outcome == "declined")
        return len(waiting)

    def undo(self, name: str, operation: str, code: str) -> int:
        """Have captures and refunds that were done fail: `CAPTURE_FAILED`, and `REFUND_FAILED` or
        `REFUNDED_REVERSED`.
        """
        codes = [one for kind, one in _UNDONE.items() if operation in (kind, "any")]
        done = [
            one for one in self._ledger.all("modification")
            if one["code"] in codes and one.get("moved")
            and name in ("", one["id"], one["payment"], one["reference"])
        ]  # fmt: skip
        for one in done:
            self._undone(one, code)
        return len(done)

    def _undone(self, one: Json, code: str) -> None:
        payment = self._ledger.get("payment", one["payment"])
        assert payment is not None, "a modification is of a payment"
        kind, value = "captured" if one["code"] == "CAPTURE" else "refunded", one["amount"]["value"]
        self._service.moved(payment, kind, -value, one["id"], None)
        payment[kind] -= value
        if kind == "captured":
            payment["held"] += value
        self._service.kept(payment)
        self._ledger.put("modification", one | {"moved": False}, self._service.now())
        told = {"pspReference": one["id"], "originalReference": payment["id"],
                "reason": "Refused by the bank", **_named(one, payment)}  # fmt: skip
        self._service.told_of(code or f"{one['code']}_FAILED", payment, told)

    def _found(self, call: Call) -> Json:
        payment = self._ledger.get("payment", call.found[0])
        if payment is None:
            told = "Original pspReference required for this operation"
            raise Fault(fault(422, "167", told))
        return payment

    def _modified(self, call: Call, code: str, payment: Json, amount: Json | None) -> Reply:
        one: Json = {
            "id": capitals(16), "code": code, "payment": payment["id"],
            "reference": call.params.get("reference", ""), "amount": amount,
            "waits": call.pending,
        }  # fmt: skip
        self._ledger.put("modification", one, self._service.now())
        if not call.pending:
            self._done(one, payment, call, declined=call.declined is not None)
        more = {"paymentPspReference": payment["id"]}
        return self._received(call, one["id"], more | ({"amount": amount} if amount else {}))

    def _done(self, one: Json, payment: Json, call: Call | None, *, declined: bool) -> None:
        """Move the money, and say by a notification whether it moved."""
        code, moved = one["code"], False
        if not declined:
            moved = self._moved(one, payment, call)
            self._service.kept(payment)
        one["moved"] = moved
        self._ledger.put("modification", one, self._service.now())
        told: Json = {
            "pspReference": one["id"], "originalReference": payment["id"],
            "success": "true" if moved else "false", "reason": "" if moved else _NO_BALANCE,
            **_named(one, payment),
        }  # fmt: skip
        if code == "CANCEL_OR_REFUND":
            action = "refund" if payment["captured"] else "cancel"
            told["additionalData"] = {"modification.action": action}
        self._service.told_of(code, payment, told)

    def _moved(self, one: Json, payment: Json, call: Call | None) -> bool:
        code = one["code"]
        if code == "CAPTURE":
            value = one["amount"]["value"]
            if not 0 < value <= payment["held"] or not _same_currency(one, payment):
                return False
            self._service.moved(payment, "captured", value, one["id"], call)
            payment["held"] -= value
            payment["captured"] += value
            if payment["held"] and not payment["account"].endswith(SEVERAL):
                self._service.moved(payment, "released", payment["held"], one["id"], call)
                payment["held"] = 0
            return True
        left = payment["captured"] - payment["refunded"]
        if code == "REFUND" or (code == "CANCEL_OR_REFUND" and payment["captured"]):
            value = one["amount"]["value"] if one["amount"] else left
            if not 0 < value <= left:
                return False
            self._service.moved(payment, "refunded", value, one["id"], call)
            payment["refunded"] += value
            return True
        if payment["state"] not in ("authorised", "pending") or payment["captured"]:
            return False
        if payment["held"]:
            self._service.moved(payment, "voided", payment["held"], one["id"], call)
        payment |= {"held": 0, "state": "cancelled"}
        return True

    @staticmethod
    def _received(call: Call, name: str, more: Json) -> Reply:
        told = {
            "merchantAccount": call.params["merchantAccount"], "pspReference": name,
            "reference": call.params.get("reference", ""), "status": "received",
        }  # fmt: skip
        return Reply(201, told | more)


def _named(one: Json, payment: Json) -> Json:
    """What a notification of a modification says of it, beside its outcome."""
    told: Json = {"merchantReference": one["reference"] or payment["reference"]}
    return told | ({"amount": one["amount"]} if one["amount"] else {})


def _same_currency(one: Json, payment: Json) -> bool:
    return bool(one["amount"]["currency"] == payment["amount"]["currency"])
