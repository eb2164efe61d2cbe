"""Stripe's refunds, of a PaymentIntent or of its charge."""

from __future__ import annotations

from entrepot.simulators.exchange import Call, Fault, Json, Reply
from entrepot.simulators.service import name_of
from entrepot.simulators.stripe_objects import StripeObjects
from entrepot.simulators.stripe_shapes import error, invalid


class Charges:
    """The calls of ``/v1/refunds``."""

    def __init__(self, service: StripeObjects) -> None:
        self._service = service
        self._ledger = service.ledger

    def refund(self, call: Call) -> Reply:
        """Give captured money back, all that is left or a part."""
        charge = self._charge_of(call)
        left = charge["amount_captured"] - charge["amount_refunded"]
        if left == 0:
            told = f"Charge {charge['id']} has already been refunded."
            raise Fault(error(400, "invalid_request_error", told, code="charge_already_refunded"))
        amount = int(call.params.get("amount", left))
        if not 0 < amount <= left:
            told = f"Refund amount is greater than the unrefunded amount on charge ({left})."
            raise Fault(error(400, "invalid_request_error", told, param="amount"))
        status = "succeeded"
        if call.declined is not None:
            status = "failed"
        elif call.pending:
            status = "pending"
        refund = {
            "id": name_of("re_3"), "object": "refund", "amount": amount, "charge": charge["id"],
            "payment_intent": charge["payment_intent"], "currency": charge["currency"],
            "created": int(self._service.now()), "status": status,
            "reason": call.params.get("reason"), "metadata": call.params.get("metadata") or {},
        }  # fmt: skip
        if status == "failed":
            refund["failure_reason"] = call.declined or "declined"
        self._ledger.put("refund", refund, self._service.now())
        if status != "failed":
            self._given_back(charge, refund, call)
        self._service.event("refund.created", refund)
        return self._service.shown(call, refund)

    def settle(self, name: str, outcome: str) -> int:
        """Say what becomes of refunds that wait; one that fails takes its money back."""
        waiting = [
            one for one in self._ledger.all("refund")
            if one["status"] == "pending" and name in ("", one["id"], one["payment_intent"])
        ]  # fmt: skip
        for refund in waiting:
            if outcome == "declined":
                self._failed(refund, "declined")
                continue
            refund["status"] = "succeeded"
            self._ledger.put("refund", refund, self._service.now())
            self._service.event("refund.updated", refund)
        return len(waiting)

    def undo(self, name: str, code: str) -> int:
        """Have refunds that succeeded fail after all. A capture at Stripe stays done."""
        done = [
            one for one in self._ledger.all("refund")
            if one["status"] == "succeeded" and name in ("", one["id"], one["payment_intent"])
        ]  # fmt: skip
        for refund in done:
            self._failed(refund, code or "lost_or_stolen_card")
        return len(done)

    def _failed(self, refund: Json, why: str) -> None:
        refund |= {"status": "failed", "failure_reason": why}
        charge = self._service.found("charge", refund["charge"])
        self._given_back(charge, refund | {"amount": -refund["amount"]}, None)
        self._ledger.put("refund", refund, self._service.now())
        self._service.event("refund.updated", refund)
        self._service.event("refund.failed", refund)

    def _charge_of(self, call: Call) -> Json:
        name = call.params.get("charge")
        if name is None:
            wanted = call.params.get("payment_intent")
            if wanted is None:
                told = "One of the following params should be provided: payment_intent, charge."
                raise Fault(invalid("payment_intent", told, "parameter_missing"))
            intent = self._service.found("intent", str(wanted))
            name = intent["latest_charge"]
            if name is None or intent["amount_received"] == 0:
                told = f"This PaymentIntent ({wanted}) does not have a successful charge to refund."
                raise Fault(error(400, "invalid_request_error", told))
        return self._service.found("charge", str(name))

    def _given_back(self, charge: Json, refund: Json, call: Call | None) -> None:
        charge["amount_refunded"] += refund["amount"]
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        self._ledger.put("charge", charge, self._service.now())
        self._service.enter(
            charge["payment_intent"], "refunded", refund["amount"], charge["currency"],
            refund["id"], call,
        )  # fmt: skip
        self._service.event("charge.refunded", charge)
