"""Stripe's PaymentIntents: made, confirmed, captured, cancelled, and lapsed."""

from __future__ import annotations

from entrepot.simulators.exchange import Call, Fault, Json, Reply
from entrepot.simulators.stripe_objects import StripeObjects
from entrepot.simulators.stripe_shapes import (
    CUSTOMER_ACTS,
    DECLINED_METHODS,
    card_error,
    error,
    invalid,
    new_charge,
    new_intent,
    payment_error,
    several_captures,
    unexpected,
)

_CONFIRMABLE = ("requires_confirmation", "requires_payment_method", "requires_action")
_CANCELABLE = (*_CONFIRMABLE, "requires_capture", "processing")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


class Intents:
    """The calls of ``/v1/payment_intents``."""

    def __init__(self, service: StripeObjects) -> None:
        self._service = service
        self._ledger = service.ledger

    def create(self, call: Call) -> Reply:
        """Make an intent, and confirm it if the call says so."""
        params = call.params
        for name in ("amount", "currency"):
            if name not in params:
                told = f"Missing required param: {name}."
                raise Fault(invalid(name, told, "parameter_missing"))
        if int(params["amount"]) <= 0:
            raise Fault(invalid("amount", "This value must be greater than or equal to 1."))
        intent = new_intent(params, self._service.now())
        self._keep(intent)
        self._service.event("payment_intent.created", intent)
        if params.get("confirm") == "true":
            return self._confirmed(call, intent)
        return self._service.shown(call, intent)

    def retrieve(self, call: Call) -> Reply:
        """Show an intent."""
        return self._service.shown(call, self._found(call))

    def update(self, call: Call) -> Reply:
        """Add to the metadata of an intent."""
        intent = self._found(call)
        intent["metadata"] |= call.params.get("metadata") or {}
        self._keep(intent)
        return self._service.shown(call, intent)

    def confirm(self, call: Call) -> Reply:
        """Ask for the money of an intent."""
        intent = self._found(call)
        if intent["status"] not in _CONFIRMABLE:
            raise Fault(unexpected(intent, "confirmed"))
        intent["payment_method"] = call.params.get("payment_method", intent["payment_method"])
        if intent["payment_method"] is None:
            raise Fault(unexpected(intent, "confirmed"))
        return self._confirmed(call, intent)

    def capture(self, call: Call) -> Reply:
        """Take held money, all or a part; the last capture lets go of the rest."""
        intent = self._found(call)
        if intent["status"] != "requires_capture":
            raise Fault(unexpected(intent, "captured"))
        left = intent["amount_capturable"]
        amount = int(call.params.get("amount_to_capture") or left)
        if not 0 < amount <= left:
            told = f"The amount_to_capture is greater than the {left} that can be captured."
            raise Fault(error(400, "invalid_request_error", told, code="amount_too_large",
                              param="amount_to_capture"))  # fmt: skip
        final = call.params.get("final_capture", "true") == "true"
        if not final and not several_captures(intent):
            raise Fault(invalid("final_capture", "This PaymentIntent takes one capture only."))
        self._enter(intent, "captured", amount, call)
        intent["amount_received"] += amount
        intent["amount_capturable"] = 0 if final else left - amount
        if final:
            intent["status"] = "succeeded"
            if left > amount:
                self._enter(intent, "released", left - amount, call)
        charge = self._service.found("charge", intent["latest_charge"])
        charge |= {"amount_captured": intent["amount_received"], "captured": final}
        self._ledger.put("charge", charge, self._service.now())
        intent["metadata"] |= call.params.get("metadata") or {}
        self._keep(intent)
        if final:
            self._service.event("payment_intent.succeeded", intent)
        return self._service.shown(call, intent)

    def cancel(self, call: Call) -> Reply:
        """Give held money back, or forbid that it is asked for."""
        intent = self._found(call)
        if intent["status"] not in _CANCELABLE:
            raise Fault(unexpected(intent, "canceled"))
        reason = call.params.get("cancellation_reason")
        if reason is not None and reason not in _REASONS:
            raise Fault(invalid("cancellation_reason", "Invalid cancellation_reason."))
        self._ended(intent, "voided", reason, call)
        return self._service.shown(call, intent)

    # ---------------------------------------------------------------- later

    def settle(self, name: str, outcome: str) -> int:
        """Say what becomes of intents that wait, by their id or method, or all."""
        waiting = [
            one for one in self._ledger.all("intent")
            if one["status"] in ("requires_action", "processing")
            and name in ("", one["id"], one["payment_method"])
        ]  # fmt: skip
        for intent in waiting:
            if outcome == "authorised":
                self._hold(intent, None)
            else:
                self._decline(intent, "generic_decline", None)
        return len(waiting)

    def lapse(self) -> None:
        """Cancel what was held for longer than a card's hold."""
        now = self._service.now()
        for intent in self._ledger.all("intent"):
            if intent["status"] != "requires_capture":
                continue
            charge = self._service.found("charge", intent["latest_charge"])
            if now > charge["payment_method_details"]["card"]["capture_before"]:
                self._ended(intent, "expired", "automatic", None)

    # ---------------------------------------------------------------- what they share

    def _confirmed(self, call: Call, intent: Json) -> Reply:
        method = str(intent["payment_method"])
        test = method.rpartition("_")[2]
        code = DECLINED_METHODS.get(test) if call.declined is None else call.declined
        if code is not None:
            charge = self._decline(intent, code, call)
            return card_error(intent, charge)
        if call.pending or test in CUSTOMER_ACTS:
            intent["status"] = "requires_action"
            intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
            self._keep(intent)
            self._service.event("payment_intent.requires_action", intent)
        else:
            self._hold(intent, call)
        return self._service.shown(call, intent)

    def _hold(self, intent: Json, call: Call | None) -> None:
        charge = new_charge(intent, self._service.now())
        self._ledger.put("charge", charge, self._service.now())
        intent |= {"latest_charge": charge["id"], "last_payment_error": None, "next_action": None}
        self._enter(intent, "authorised", intent["amount"], call)
        if intent["capture_method"] == "manual":
            intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
            type_ = "payment_intent.amount_capturable_updated"
        else:
            self._enter(intent, "captured", intent["amount"], call)
            intent |= {"status": "succeeded", "amount_received": intent["amount"]}
            type_ = "payment_intent.succeeded"
        self._keep(intent)
        self._service.event(type_, intent)

    def _decline(self, intent: Json, code: str, call: Call | None) -> str:
        told = payment_error(code)
        charge = new_charge(intent, self._service.now(), told)
        self._ledger.put("charge", charge, self._service.now())
        intent |= {
            "status": "requires_payment_method", "last_payment_error": told,
            "latest_charge": charge["id"], "next_action": None,
        }  # fmt: skip
        self._enter(intent, "declined", 0, call)
        self._keep(intent)
        self._service.event("payment_intent.payment_failed", intent)
        return str(charge["id"])

    def _ended(self, intent: Json, kind: str, reason: str | None, call: Call | None) -> None:
        if intent["amount_capturable"]:
            self._enter(intent, kind, intent["amount_capturable"], call)
        intent |= {
            "status": "canceled", "cancellation_reason": reason, "amount_capturable": 0,
            "canceled_at": int(self._service.now()),
        }  # fmt: skip
        self._keep(intent)
        self._service.event("payment_intent.canceled", intent)

    def _found(self, call: Call) -> Json:
        return self._service.found("intent", call.found[0])

    def _keep(self, intent: Json) -> None:
        self._ledger.put("intent", intent, self._service.now())

    def _enter(self, intent: Json, kind: str, units: int, call: Call | None) -> None:
        self._service.enter(
            intent["id"], kind, units, intent["currency"], intent["id"], call,
            {**intent["metadata"], "method": intent["payment_method"]},
        )  # fmt: skip
