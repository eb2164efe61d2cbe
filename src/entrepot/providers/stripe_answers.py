"""What Stripe's objects and errors say, as answers of the contract. Nothing here calls out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import stripe

from entrepot.core.exponents import at_places, places
from entrepot.core.notice import Topics
from entrepot.core.payment import CaptureFound
from entrepot.providers.exchange import DETAIL_MAX, failure, retry_after, was_not_sent
from entrepot.providers.payment import (
    Authorised,
    Captured,
    Declined,
    Differs,
    Disputed,
    Found,
    FoundState,
    Misconfigured,
    NotSent,
    OperationRequest,
    PaymentRequest,
    Pending,
    Refunded,
    Running,
    Unknown,
    Voided,
)

NAME = "stripe"
# Members of the metadata of what is made here, and of what is taken.
ORDER, KEY, CAPTURE = "entrepot_order", "entrepot_key", "entrepot_capture"
_MICROSECONDS = 1_000_000
_CONFLICT, SERVER_FAULT = 409, 500
# Errors after which the same request can never succeed, because of what the client's reference is,
# of the amount, or of what happened to the object meanwhile.
_DEFINITE = frozenset({
    "resource_missing", "payment_intent_unexpected_state", "payment_method_unexpected_state",
    "amount_too_small", "amount_too_large", "charge_already_refunded", "charge_already_captured",
    "charge_disputed", "charge_expired_for_capture", "charge_not_refundable",
    "refund_disputed_payment", "invalid_charge_amount", "token_already_used",
    "payment_intent_authentication_failure", "payment_intent_incompatible_payment_method",
    "payment_method_customer_decline", "payment_intent_payment_attempt_failed",
    "payment_method_currency_mismatch", "invalid_charge_amount_no_decimal_compatible",
})  # fmt: skip

# Parameters in which an error without a code says that the amount is wrong.
_AMOUNTS = frozenset({"amount", "amount_to_capture"})

_STATES: Mapping[str, FoundState] = {
    "requires_capture": "authorised",
    "succeeded": "captured",
    "canceled": "voided",
    "processing": "running",
}


def amount_of(request: PaymentRequest, units: int) -> int | None:
    """Units of the payment's scale as Stripe's integer; None where Stripe has none so fine."""
    return at_places(units, request.scale, places(NAME, request.currency))


def too_fine(request: PaymentRequest) -> Misconfigured:
    """An amount that never reaches Stripe. Placing refuses such an order beforehand."""
    return Misconfigured(f"the amount is finer than Stripe's smallest unit of {request.currency}")


def differs(intent: Mapping[str, Any], request: PaymentRequest) -> Differs | None:
    """Both amounts, where the intent is of another amount or currency than the payment. A part of
    its amount may have been taken.
    """
    amount, currency = intent["amount"], str(intent["currency"]).upper()
    if intent["status"] == "succeeded":
        amount = max(amount, intent["amount_received"])
    if (amount, currency) == (amount_of(request, request.units), request.currency):
        return None
    return Differs(amount, places(NAME, currency), currency, intent["id"])


def of_intent(
    intent: Mapping[str, Any], request: PaymentRequest
) -> Authorised | Captured | Declined | Pending | Running | Differs:
    """What a PaymentIntent is, for the payment that it pays."""
    id_, status = str(intent["id"]), str(intent["status"])
    if status == "canceled":
        return Declined("the PaymentIntent is canceled", intent.get("cancellation_reason"))
    if other := differs(intent, request):
        return other
    if status == "requires_capture":
        return Authorised(id_)
    if status == "succeeded":
        return Captured(id_, _part_of(intent, request))
    if status == "processing":
        return Running("Stripe is processing the payment", id_)
    error = intent.get("last_payment_error")
    if status == "requires_payment_method" and error:
        code = error.get("decline_code") or error.get("code")
        return Declined(_text(error.get("message"), "declined"), code, id_)
    if status == "requires_confirmation":
        return Running("the PaymentIntent is not confirmed yet", id_)
    return Pending(f"the customer must act: {status}", id_)


def _part_of(intent: Mapping[str, Any], request: PaymentRequest) -> tuple[CaptureFound, ...]:
    """The capture of an intent of which a part was taken, and the rest let go; none of another."""
    taken = intent["amount_received"]
    part = at_places(taken, places(NAME, request.currency), request.scale)
    is_whole = taken >= intent["amount"] or part is None
    return () if is_whole or part is None else (CaptureFound(str(intent["id"]), part),)


def was_disputed(intent: Mapping[str, Any]) -> Disputed | None:
    """A dispute of taken money, which may have ended, where the intent was read with its latest
    charge: the charge says for ever that it was disputed.
    """
    charge = intent.get("latest_charge")
    if intent["status"] == "succeeded" and isinstance(charge, Mapping) and charge.get("disputed"):
        return Disputed("the customer disputes the charge at Stripe", str(intent["id"]))
    return None


def of_refund(refund: Mapping[str, Any]) -> Refunded | Declined | Running:
    """What a Refund is."""
    id_, status = str(refund["id"]), str(refund["status"])
    if status == "succeeded":
        return Refunded(id_)
    if status in _FAILED:
        return Declined(f"the refund is {status}", refund.get("failure_reason"))
    return Running(f"the refund is {status}", id_)


def of_capture(
    intent: Mapping[str, Any], request: OperationRequest
) -> Captured | Declined | Running:
    """What became of a capture of this intent. One that names no request was made by a person."""
    status = str(intent["status"])
    if status == "succeeded":
        by = (intent.get("metadata") or {}).get(CAPTURE)
        if by not in (None, request.key):
            return Declined("another capture took the money already", "charge_already_captured")
        if intent["amount_received"] == amount_of(request.payment, request.units):
            return Captured(str(intent["id"]))
        return Declined("another amount was captured already", "charge_already_captured")
    if status == "canceled":
        return Declined("the hold has ended", intent.get("cancellation_reason"))
    return Running(f"the PaymentIntent is {status}", str(intent["id"]))


def of_void(intent: Mapping[str, Any]) -> Voided | Declined | Running:
    """What became of a void of this intent."""
    if intent["status"] == "canceled":
        return Voided(str(intent["id"]))
    if intent["status"] == "succeeded":
        return Declined("the money was taken already", "charge_already_captured")
    return Running(f"the PaymentIntent is {intent['status']}", str(intent["id"]))


def found(intent: Mapping[str, Any]) -> Found:
    """An intent of Stripe's list, for reconciling."""
    metadata = intent.get("metadata") or {}
    currency = str(intent["currency"]).upper()
    charge = intent.get("latest_charge")
    told = charge if isinstance(charge, Mapping) else {}
    state = _STATES.get(intent["status"], "pending")
    if state == "pending" and intent.get("last_payment_error"):
        state = "declined"
    card = (told.get("payment_method_details") or {}).get("card") or {}
    lapses = card.get("capture_before") if state == "authorised" else None
    return Found(
        provider_reference=str(intent["id"]),
        order=metadata.get(ORDER),
        key=metadata.get(KEY),
        units=intent["amount"],
        scale=places(NAME, currency),
        currency=currency,
        state="disputed" if was_disputed(intent) else state,
        captured=intent.get("amount_received") or 0,
        refunded=told.get("amount_refunded") or 0,
        created_at=intent["created"] * _MICROSECONDS,
        lapses_at=None if lapses is None else lapses * _MICROSECONDS,
    )


def of_error(error: Exception) -> Declined | NotSent | Unknown | Misconfigured:
    """The class of an error of Stripe's client, by the table in docs/payments.md."""
    if not isinstance(error, stripe.StripeError):
        return Unknown(f"an answer of Stripe could not be read: {failure(error)}")
    if isinstance(error, stripe.APIConnectionError):
        told = failure(error)
        if was_not_sent(error):
            return NotSent(f"not reached: {told}")
        return Unknown(f"no answer: {told}")
    status, code = error.http_status or 0, error.code or ""
    said = _text(error.user_message, type(error).__name__)
    if isinstance(error, stripe.RateLimitError):
        return NotSent("429: too many requests", retry_after(error.headers))
    if isinstance(error, stripe.CardError):
        detail = error.error
        intent = getattr(detail, "payment_intent", None)
        decline_code = getattr(detail, "decline_code", None)
        return Declined(said, decline_code or code, str(intent["id"]) if intent else None)
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        return Misconfigured(f"{status}: Stripe does not take the API key")
    if isinstance(error, stripe.IdempotencyError):
        return Misconfigured(f"the key is known with other content: {said}")
    if status == _CONFLICT or status >= SERVER_FAULT or not status:
        return Unknown(f"{status or 'unreadable'}: {said}")
    if isinstance(error, stripe.InvalidRequestError) and _is_definite(error):
        return Declined(said, code or None)
    if status == 200:
        return Unknown(f"an answer of Stripe could not be read: {said}")
    return Misconfigured(f"{status}: {said}")


def _is_definite(error: stripe.InvalidRequestError) -> bool:
    """Whether the same request can never succeed. A refund of more than is left has no code."""
    return error.code in _DEFINITE or (not error.code and error.param in _AMOUNTS)


def is_replayed(told: Any) -> bool:
    """Whether an answer was saved under its key before: the object may have moved on since."""
    headers = getattr(getattr(told, "last_response", None), "headers", None) or {}
    return str(headers.get("idempotent-replayed", "")).lower() == "true"


_FAILED = ("failed", "canceled")  # a refund that gave no money back
# Events which tell that money is held, or was taken.
_OF_MONEY = frozenset({
    "payment_intent.amount_capturable_updated", "payment_intent.succeeded", "charge.succeeded",
    "charge.captured",
})  # fmt: skip
# Events which tell that a hold is no more: its money was taken, or let go.
_OF_HOLDS = frozenset({
    "payment_intent.succeeded", "payment_intent.canceled", "charge.captured", "charge.expired",
})  # fmt: skip


def topics_of(event: Mapping[str, Any]) -> Topics:
    """What an event tells of. A refund may fail after it succeeded."""
    about, type_ = event["data"]["object"], event["type"]
    what = about.get("object")
    return Topics(
        money=type_ in _OF_MONEY,
        failure=what == "refund" and about.get("status") in _FAILED,
        dispute=what == "dispute",
        hold=type_ in _OF_HOLDS,
        refund=what == "refund" or type_ == "charge.refunded",
    )


def references_of(event: Mapping[str, Any]) -> tuple[str, ...]:
    """What an event is about: the object, its PaymentIntent, and the order, where told."""
    about = cast("Mapping[str, Any]", event["data"]["object"])
    named = [about.get("id"), about.get("payment_intent"), (about.get("metadata") or {}).get(ORDER)]
    return tuple(dict.fromkeys(one for one in named if isinstance(one, str) and one))


def _text(said: Any, otherwise: str) -> str:
    return str(said or otherwise)[:DETAIL_MAX]
