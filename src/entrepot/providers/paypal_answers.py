"""What PayPal's objects and errors say, as answers of the contract. Nothing here calls out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from paypalserversdk.exceptions.api_exception import ApiException

from entrepot.core.exponents import at_places, places
from entrepot.core.notice import Topics
from entrepot.core.payment import CaptureFound
from entrepot.core.refunds import RefundFound
from entrepot.providers.exchange import DETAIL_MAX, failure, retry_after, was_not_sent
from entrepot.providers.payment import (
    Authorised,
    Captured,
    Declined,
    Differs,
    LookUpAnswer,
    Misconfigured,
    Notification,
    NotSent,
    PaymentRequest,
    Pending,
    Refunded,
    Running,
    Unknown,
    Voided,
    order_of,
)

A = TypeVar("A")
NAME = "paypal"
VAULT = "vault/"
_ID = re.compile(r"[A-Za-z0-9-]{6,64}\Z")
NOT_FOUND, CONFLICT, PROCESSED, SERVER_FAULT = 404, 409, 422, 500
# Issues of 422 that are faults of the request, and no word about the money.
_OUR_FAULTS = frozenset({
    "DUPLICATE_INVOICE_ID", "DUPLICATE_REQUEST_ID", "PAYPAL_REQUEST_ID_PREVIOUSLY_USED",
    "PAYEE_NOT_CONSENTED", "PAYEE_NOT_ENABLED_FOR_CARD_PROCESSING", "PERMISSION_DENIED",
})  # fmt: skip
# Events which tell that money is held, or was taken.
OF_MONEY = frozenset({"PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.CAPTURE.COMPLETED"})
# Events which tell that a hold is no more: its money was taken, or let go.
OF_HOLDS = frozenset({"PAYMENT.AUTHORIZATION.VOIDED", "PAYMENT.CAPTURE.COMPLETED"})
# Events which tell that money was given back, by whomever.
OF_REFUNDS = frozenset({"PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED"})
# Events which tell that a capture or a refund failed, perhaps after it was done.
FAILED = frozenset({
    "PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.DECLINED", "PAYMENT.CAPTURE.REVERSED",
    "PAYMENT.CAPTURE.FAILED", "PAYMENT.REFUND.FAILED", "PAYMENT.REFUND.CANCELLED",
})  # fmt: skip
# Events which tell of a dispute, or of its end.
OF_DISPUTES = frozenset({
    "CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED",
    "RISK.DISPUTE.CREATED",
})  # fmt: skip
_NAMED = ("order_id", "authorization_id", "capture_id", "refund_id")
# States of a capture that took money.
_TAKEN = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})
# States of an authorization that holds no money any more.
_ENDED = frozenset({"DENIED", "VOIDED", "EXPIRED"})
DONE_BEFORE = frozenset({"ORDER_ALREADY_AUTHORIZED", "ORDER_ALREADY_CAPTURED"})
VOIDED_BEFORE = frozenset({"AUTHORIZATION_VOIDED", "PREVIOUSLY_VOIDED"})


class TokenFault(Exception):
    """No access token could be had, so that the call itself was never sent.

    `status` is that of PayPal's answer; 0 where there was none, or none with a token.
    """

    def __init__(self, status: int, why: str = "") -> None:
        super().__init__(why or f"status {status}")
        self.status = status


def is_reference(reference: str) -> bool:
    """Whether PayPal may know a client's reference: an id, or a payment token of the vault."""
    return bool(_ID.match(reference.removeprefix(VAULT)))


def amount_of(request: PaymentRequest, units: int) -> dict[str, str] | None:
    """Units of the payment's scale as PayPal's amount; None where PayPal has none so fine."""
    digits = places(NAME, request.currency)
    whole = at_places(units, request.scale, digits)
    if whole is None:
        return None
    value = Decimal(whole).scaleb(-digits)
    return {"currency_code": request.currency, "value": f"{value:.{digits}f}"}


def order_for(request: PaymentRequest) -> dict[str, Any]:
    """The order that PayPal is asked to make for a payment."""
    unit = {"amount": amount_of(request, request.units), "custom_id": request.label}
    return {"intent": "AUTHORIZE", "purchase_units": [unit]}


def too_fine(request: PaymentRequest) -> Misconfigured:
    """An amount that never reaches PayPal. Placing refuses such an order beforehand."""
    return Misconfigured(f"the amount is finer than PayPal's smallest unit of {request.currency}")


def units_of(amount: Mapping[str, Any]) -> tuple[int, int, str]:
    """PayPal's amount as units, scale and currency. Raises ValueError for none."""
    currency = str(amount["currency_code"])
    digits = places(NAME, currency)
    try:
        return int(Decimal(str(amount["value"])).scaleb(digits)), digits, currency
    except InvalidOperation:
        raise ValueError("no amount") from None


def differs(amount: Mapping[str, Any], id_: str, request: PaymentRequest) -> Differs | None:
    """Both amounts, where the object is of another amount or currency than the payment."""
    units, scale, currency = units_of(amount)
    if currency == request.currency and units == at_places(request.units, request.scale, scale):
        return None
    return Differs(units, scale, currency, id_)


def named_by(about: Mapping[str, Any]) -> tuple[str, ...]:
    """What an object of a notification names: PayPal's ids, and ours."""
    related = (about.get("supplementary_data") or {}).get("related_ids") or {}
    named = [about.get("id"), *[related.get(name) for name in _NAMED]]
    label = about.get("custom_id")
    named.append(capture_above(about))
    named += [one.get("seller_transaction_id") for one in about.get("disputed_transactions") or ()]
    named += [label, order_of(label) if isinstance(label, str) else None, about.get("invoice_id")]
    return tuple(dict.fromkeys(one for one in named if isinstance(one, str) and one))


def notification_of(body: bytes) -> Notification | None:
    """What a notification of PayPal's names and tells of; None where it is none."""
    try:
        event = json.loads(body)
        named, type_ = named_by(event["resource"]), event.get("event_type")
        topics = Topics(
            type_ in OF_MONEY, type_ in FAILED, type_ in OF_DISPUTES, type_ in OF_HOLDS,
            type_ in OF_REFUNDS,
        )  # fmt: skip
        return Notification(str(event["id"]), named, topics)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def capture_above(about: Mapping[str, Any]) -> str | None:
    """The capture that a refund is of, by the refund's link upwards."""
    links = [one.get("href", "") for one in about.get("links") or () if one.get("rel") == "up"]
    above = str(links[0]) if links else ""
    return above.rpartition("/")[2] if "/captures/" in above else None


def payments_of(order: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """The order's authorizations, captures or refunds."""
    units = order.get("purchase_units") or [{}]
    return list((units[0].get("payments") or {}).get(kind) or [])


def of_order(
    order: Mapping[str, Any], request: PaymentRequest
) -> Authorised | Captured | Declined | Pending | Running | Differs:
    """What an order of PayPal's is, for the payment that it pays."""
    captures = payments_of(order, "captures")
    if authorizations := payments_of(order, "authorizations"):
        return of_authorization(authorizations[-1], request, captures)
    if taken := [one for one in captures if one["status"] in _TAKEN]:
        last = taken[-1]
        other = differs(last["amount"], last["id"], request) if len(taken) == 1 else None
        return other or Captured(str(last["id"]), captures_found(taken, request))
    if captures:
        return of_capture(captures[-1])
    status, id_ = str(order["status"]), str(order["id"])
    if status == "VOIDED":
        return Declined("the order is voided at PayPal", status)
    if status == "COMPLETED":
        return Running("PayPal has completed the order and shows no payment of it yet", id_)
    return Pending(f"the customer must act: {status}", id_)


def of_authorization(
    told: Mapping[str, Any], request: PaymentRequest, captures: list[dict[str, Any]]
) -> Authorised | Captured | Declined | Running | Differs:
    """What an authorization is, for the payment that it pays; with the captures of it.

    One that holds no money any more is `Captured` by all that was taken, which may be less.
    """
    status, id_ = str(told["status"]), str(told["id"])
    taken = [one for one in captures if one["status"] in _TAKEN]
    if status in _ENDED and not taken:
        return Declined(f"the authorization is {status.lower()}", status)
    if other := differs(told["amount"], id_, request):
        return other
    ended = status in _ENDED or status == "CAPTURED" or any(map(_is_final, taken))
    if ended and any(one["status"] == "PENDING" for one in captures):
        return Running("a capture of the authorization is pending", id_)
    if ended and taken:
        return Captured(str(taken[-1]["id"]), captures_found(taken, request))
    if ended and captures:
        return Declined("every capture of the authorization failed", status)
    if status in ("CREATED", "PARTIALLY_CAPTURED", "CAPTURED"):
        return Authorised(id_, captures_found(taken, request))
    return Running(f"the authorization is {status.lower()}", id_)


def captures_found(
    captures: list[dict[str, Any]], request: PaymentRequest
) -> tuple[CaptureFound, ...]:
    """The captures of PayPal's that took money, at the payment's scale; none where that is too
    coarse for one.
    """
    found = []
    for one in captures:
        units, scale, _ = units_of(one["amount"])
        mine = at_places(units, scale, request.scale)
        if one["status"] in _TAKEN and mine is not None:
            found.append(CaptureFound(str(one["id"]), mine))
    return tuple(found)


def with_refunds(answer: A, order: Mapping[str, Any], request: PaymentRequest) -> A:
    """The answer, with what went back of the captures of an order."""
    if not isinstance(answer, Authorised | Captured | Voided):
        return answer
    found = []
    for one in payments_of(order, "refunds"):
        units, scale, _ = units_of(one["amount"])
        mine = at_places(units, scale, request.scale)
        if one["status"] == "COMPLETED" and mine is not None:
            of = capture_above(one)
            found.append(RefundFound(str(one["id"]), mine, one.get("invoice_id"), of))
    return replace(answer, refunds=tuple(found))


def with_money_taken(answer: LookUpAnswer) -> Authorised | Captured | None:
    """The answer, if money was taken of the payment; also where the rest was let go then."""
    if isinstance(answer, Voided) and answer.captures:
        return Captured(answer.captures[-1].reference, answer.captures, refunds=answer.refunds)
    if isinstance(answer, Captured) or (isinstance(answer, Authorised) and answer.captures):
        return answer
    return None


def _is_final(capture: Mapping[str, Any]) -> bool:
    return bool(capture.get("final_capture"))


def of_capture(told: Mapping[str, Any]) -> Captured | Declined | Running:
    """What a capture is."""
    status, id_ = str(told["status"]), str(told["id"])
    if status in _TAKEN:
        return Captured(id_)
    if status in ("DECLINED", "FAILED"):
        return Declined(f"the capture is {status.lower()}", status)
    return Running(f"the capture is {status.lower()}", id_)


def of_refund(told: Mapping[str, Any]) -> Refunded | Declined | Running:
    """What a refund is."""
    status, id_ = str(told["status"]), str(told["id"])
    if status == "COMPLETED":
        return Refunded(id_)
    if status in ("FAILED", "CANCELLED"):
        return Declined(f"the refund is {status.lower()}", status)
    return Running(f"the refund is {status.lower()}", id_)


def of_void(told: Mapping[str, Any]) -> Voided | Declined | None:
    """What became of a void of this authorization; None where it was not voided."""
    status = str(told["status"])
    if status == "VOIDED":
        return Voided(str(told["id"]))
    if status == "CAPTURED":
        return Declined("the money was taken already", status)
    return Voided(None) if status in ("DENIED", "EXPIRED") else None


def of_void_refused(issue: str, told: Mapping[str, Any], id_: str) -> Voided | Declined | None:
    """What became of an authorization whose void PayPal refuses, by PayPal's code of the reason and
    the authorization, which is empty where PayPal does not show it; None where it is not known.
    """
    if issue in VOIDED_BEFORE:
        return Voided(id_)
    return of_void(told) if told else None


def declined_of(order: Mapping[str, Any], error: ApiException) -> Declined:
    """The decline of an order's payment. Raises an error that is no decline."""
    refused = of_error(error)
    if not isinstance(refused, Declined):
        raise error
    return replace(refused, provider_reference=str(order["id"]))


def issue_of(error: ApiException) -> str:
    """PayPal's code of what is wrong with a request, such as INSTRUMENT_DECLINED."""
    told = _told(error)
    details = told.get("details") or [{}]
    return str(details[0].get("issue") or told.get("name") or "")


def of_error(error: Exception) -> Declined | Pending | NotSent | Unknown | Misconfigured:
    """The class of an error of PayPal's client."""
    if isinstance(error, TokenFault):
        if error.status in (400, 401, 403):
            return Misconfigured(f"{error.status}: PayPal does not take the client id and secret")
        return NotSent(f"no access token: {error}")
    if not isinstance(error, ApiException):
        told = failure(error)
        if was_not_sent(error):
            return NotSent(f"not reached: {told}")
        return Unknown(f"no answer: {told}")
    status, issue = int(error.response_code), issue_of(error)
    said = str(_told(error).get("message") or error.reason)[:DETAIL_MAX]
    if status == 429:
        headers = {name.lower(): value for name, value in dict(error.response.headers).items()}
        return NotSent("429: too many requests", retry_after(headers))
    if status == 401:
        return NotSent("401: PayPal does not take the access token any more")
    if status == 403:
        return Misconfigured(f"403: {issue}: {said}")
    if status == CONFLICT or status >= SERVER_FAULT or status < 400:
        return Unknown(f"{status}: {said}")
    if issue == "ORDER_NOT_APPROVED":
        return Pending("the customer must act: ORDER_NOT_APPROVED")
    if status == NOT_FOUND or (status == PROCESSED and issue not in _OUR_FAULTS):
        return Declined(said, issue or None)
    return Misconfigured(f"{status}: {issue}: {said}")


def _told(error: ApiException) -> dict[str, Any]:
    try:
        told = json.loads(error.response.text)
    except (ValueError, TypeError):
        return {}
    return told if isinstance(told, dict) else {}
