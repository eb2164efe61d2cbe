"""The shapes of Stripe's objects and errors."""

from __future__ import annotations

from typing import Any

from entrepot.simulators.exchange import Json, Reply
from entrepot.simulators.service import DAY, name_of

HOLD_SECONDS = 7 * DAY
# What Stripe's own test methods do, and the codes that they answer.
DECLINED_METHODS = {
    "chargeDeclined": "generic_decline",
    "chargeDeclinedInsufficientFunds": "insufficient_funds",
    "chargeDeclinedLostCard": "lost_card",
    "chargeDeclinedStolenCard": "stolen_card",
    "chargeDeclinedExpiredCard": "expired_card",
    "chargeDeclinedProcessingError": "processing_error",
}
CUSTOMER_ACTS = ("authenticationRequired", "threeDSecure2Required", "threeDSecureRequired")
# Codes that stand in `code` itself; the others are details of `card_declined`.
_OWN_CODES = frozenset({"expired_card", "processing_error", "incorrect_cvc"})


def error(status: int, type_: str, message: str, **more: Any) -> Reply:
    """An error in Stripe's envelope."""
    return Reply(status, {"error": {"type": type_, "message": message, **more}})


def invalid(param: str, message: str, code: str = "parameter_invalid") -> Reply:
    """A parameter that is wrong: the call does not begin to execute."""
    return error(400, "invalid_request_error", message, code=code, param=param)


def missing(kind: str, name: str) -> Reply:
    """The answer where there is no such object."""
    word = {"intent": "payment_intent"}.get(kind, kind)
    told = f"No such {word}: '{name}'"
    return error(404, "invalid_request_error", told, code="resource_missing", param=kind)


def unexpected(intent: Json, verb: str) -> Reply:
    """A call that the state of the intent forbids."""
    told = f"This PaymentIntent could not be {verb} because it has a status of {intent['status']}."
    code = "payment_intent_unexpected_state"
    return error(400, "invalid_request_error", told, code=code, payment_intent=intent)


def card_error(intent: Json, charge: str) -> Reply:
    """A decline: 402, with the intent as it is now."""
    told = intent["last_payment_error"] | {"payment_intent": intent, "charge": charge}
    return Reply(402, {"error": told})


def payment_error(code: str) -> Json:
    """What an intent keeps of a decline."""
    code = code or "generic_decline"
    own = code in _OWN_CODES
    return {
        "type": "card_error",
        "code": code if own else "card_declined",
        "decline_code": code,
        "message": "Your card was declined.",
    }


def new_intent(params: Json, now: float) -> Json:
    """A PaymentIntent as it is made."""
    name = name_of("pi_3")
    method = params.get("payment_method")
    data = params.get("payment_method_data") or {}
    if method is None and data:
        token = (data.get("card") or {}).get("token") or data.get("type", "card")
        method = f"pm_{token}"
    return {
        "id": name, "object": "payment_intent", "amount": int(params["amount"]),
        "amount_capturable": 0, "amount_received": 0, "canceled_at": None,
        "cancellation_reason": None, "capture_method": params.get("capture_method", "automatic"),
        "client_secret": f"{name}_secret", "confirmation_method": "automatic",
        "created": int(now), "currency": str(params["currency"]).lower(),
        "customer": params.get("customer"), "description": params.get("description"),
        "last_payment_error": None, "latest_charge": None, "livemode": False,
        "metadata": dict(params.get("metadata") or {}), "next_action": None,
        "payment_method": method, "payment_method_types": ["card"],
        "payment_method_options": params.get("payment_method_options") or {},
        "status": "requires_confirmation" if method else "requires_payment_method",
    }  # fmt: skip


def new_charge(intent: Json, now: float, error_: Json | None = None) -> Json:
    """A charge: one attempt at the money of an intent."""
    takes = intent["capture_method"] != "manual" and error_ is None
    amount = intent["amount"]
    card = {
        "brand": "visa", "last4": "4242",
        "capture_before": None if error_ or takes else int(now + HOLD_SECONDS),
        "multicapture": {"status": "available" if several_captures(intent) else "unavailable"},
    }  # fmt: skip
    return {
        "id": name_of("ch_3"), "object": "charge", "amount": amount,
        "amount_captured": amount if takes else 0, "amount_refunded": 0, "captured": takes,
        "created": int(now), "currency": intent["currency"], "disputed": False,
        "failure_code": error_ and error_["code"], "failure_message": error_ and error_["message"],
        "livemode": False, "metadata": intent["metadata"], "paid": error_ is None,
        "payment_intent": intent["id"], "payment_method": intent["payment_method"],
        "payment_method_details": {"type": "card", "card": card}, "refunded": False,
        "status": "failed" if error_ else "succeeded",
    }  # fmt: skip


def several_captures(intent: Json) -> bool:
    """Whether the intent asked to be captured in parts."""
    card = (intent.get("payment_method_options") or {}).get("card") or {}
    return str(card.get("request_multicapture", "")) == "if_available"
