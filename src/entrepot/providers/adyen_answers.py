"""What Adyen's answers, errors and notifications say, as answers of the contract."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from Adyen.exceptions import AdyenAPIResponseError
from Adyen.util import is_valid_hmac_notification

from entrepot.core.exponents import at_places, places
from entrepot.core.notice import Topics
from entrepot.core.payment import CaptureFound
from entrepot.core.refunds import RefundFound
from entrepot.providers import adyen_disputes as disputes
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
    Notification,
    NotSent,
    OperationFound,
    OperationRequest,
    PaymentRequest,
    Pending,
    Refunded,
    Running,
    Unknown,
    Voided,
)

NAME = "adyen"
ORDER = "entrepot_order"
_ACTING = ("RedirectShopper", "IdentifyShopper", "ChallengeShopper", "PresentToShopper")
_REFUSED = ("Refused", "Cancelled", "Error")
_IN_USE = "704"  # the request is processed already, or is in progress
_PROCESSED, _SERVER_FAULT, _TOO_MANY = 422, 500, 429
# Errors of a payment because of what the client's reference or the amount is.
_DEFINITE = frozenset({"101", "103", "129", "130", "132", "137", "138", "800", "803", "905"})
# The notifications that tell the outcome of an operation.
_EVENTS: Mapping[str, tuple[str, ...]] = {
    "capture": ("CAPTURE", "CAPTURE_FAILED"),
    "void": ("CANCELLATION", "TECHNICAL_CANCEL", "CANCEL_OR_REFUND"),
    "refund": ("REFUND", "REFUND_FAILED", "REFUNDED_REVERSED", "CANCEL_OR_REFUND"),
}
# The notifications that nothing is held any more, or that all of it was given back.
_ENDS = ("CANCELLATION", "TECHNICAL_CANCEL", "CANCEL_OR_REFUND", "EXPIRE")
_OF_MONEY = ("AUTHORISATION", "CAPTURE")
# The notifications that an operation came to nothing after it was done: of a refund that failed, or
# whose money came back from the bank of the customer.
_FAILED = ("CAPTURE_FAILED", "REFUND_FAILED", "REFUNDED_REVERSED")
# The notifications that a hold is no more: its money was taken, or let go, or the hold has ended.
_OF_HOLDS = frozenset({"CAPTURE", *_ENDS})
# The notifications that tell of money, if they tell a success.
_MOVES = frozenset({"AUTHORISATION", "CAPTURE", "REFUND", *_FAILED, *_ENDS})
_ABSENT = ("originalReference", "merchantReference")  # members that a notification may lack


class Item(NamedTuple):
    """A notification that Adyen has signed. Only what the signature covers is taken from it."""

    event: str
    is_success: bool
    psp: str
    original: str
    merchant_reference: str
    value: int
    currency: str
    reason: str  # is not covered by the signature: for people only
    order: str = ""  # is not covered either: only wakes the step of an order that it names


def amount_of(request: PaymentRequest, units: int) -> dict[str, Any] | None:
    """Units of the payment's scale as Adyen's amount; None where Adyen has none so fine."""
    value = at_places(units, request.scale, places(NAME, request.currency))
    return None if value is None else {"currency": request.currency, "value": value}


def too_fine(request: PaymentRequest) -> Misconfigured:
    """An amount that never reaches Adyen. Placing refuses such an order beforehand."""
    return Misconfigured(f"the amount is finer than Adyen's smallest unit of {request.currency}")


def of_payment(
    told: Mapping[str, Any], request: PaymentRequest
) -> Authorised | Declined | Pending | Running | Differs:
    """What the answer to a payment says."""
    result, psp = str(told["resultCode"]), str(told.get("pspReference") or "")
    if result == "Authorised":
        amount = told.get("amount")
        if amount and (other := _differs(amount["value"], amount["currency"], psp, request)):
            return other
        return Authorised(psp)
    if result in _REFUSED:
        reason = str(told.get("refusalReason") or result)[:DETAIL_MAX]
        return Declined(reason, str(told.get("refusalReasonCode") or result), psp or None)
    if result in _ACTING:
        return Pending(f"the customer must act: {result}", psp or None)
    return Running(f"Adyen has the payment: {result}", psp or None)


def of_heard(
    items: Iterable[Item], request: PaymentRequest
) -> Authorised | Captured | Declined | Differs | Voided | None:
    """What the notifications of a payment say by now; None where none tells an outcome. A capture
    takes all of a payment, or a part of it and leaves nothing held.
    """
    said: Authorised | Declined | Differs | None = None
    ended: Voided | None = None
    taken = 0
    for item in items:
        if item.event == "AUTHORISATION":
            if item.is_success:
                other = _differs(item.value, item.currency, item.psp, request)
                said = other or Authorised(item.psp)
            elif said is None:
                said = Declined(item.reason or "refused")
        elif item.event == "OFFER_CLOSED" and item.is_success and said is None:
            said = Declined("the customer did not pay in time")
        elif item.event in _ENDS and item.is_success:
            own = item.psp if item.event == "EXPIRE" else None
            ended = Voided(item.original or own)
        elif item.event in ("CAPTURE", "CAPTURE_FAILED"):
            taken += _captured(item)
    if ended is not None and taken <= 0:
        return ended
    return _taken(said, taken, request) if isinstance(said, Authorised) and taken > 0 else said


def _captured(item: Item) -> int:
    """What a notification adds to what is captured."""
    if item.event == "CAPTURE_FAILED":
        return -item.value
    return item.value if item.is_success else 0


def _taken(said: Authorised, taken: int, request: PaymentRequest) -> Captured:
    psp, asked = said.provider_reference, amount_of(request, request.units)
    if asked is None or taken >= asked["value"]:
        return Captured(psp, (CaptureFound(psp, request.units),))
    part = at_places(taken, places(NAME, request.currency), request.scale)
    return Captured(psp, () if part is None else (CaptureFound(psp, part),))


def of_taken(
    items: Sequence[Item], request: PaymentRequest, known: str | None
) -> Authorised | Captured | Declined | Differs | Disputed | Voided | None:
    """What `of_heard` says, and whether the customer disputes the payment. `known`: Adyen's
    reference of the payment.
    """
    said = of_heard(items, request)
    if isinstance(said, Captured):
        said = replace(said, refunds=_refunds(items, request))
    stands = disputes.standing(items)
    if stands is None or isinstance(said, Declined | Differs | Voided):
        return said
    item = next(one for one in items if one.event in disputes.EVENTS)
    psp = known or item.original or item.psp
    if stands == "open":
        taken = said if isinstance(said, Captured) else Captured(psp)
        why = "the customer disputes the payment at Adyen"
        return Disputed(why, psp, taken.captures, refunds=taken.refunds)
    # Only money that was taken is disputed.
    return said or Captured(psp)


def _refunds(items: Sequence[Item], request: PaymentRequest) -> tuple[RefundFound, ...]:
    """The refunds of a payment that Adyen has notified, without those that failed after all."""
    failed = {one.psp for one in items if one.event in _FAILED}
    found = []
    for one in {one.psp: one for one in items if one.event == "REFUND" and one.is_success}.values():
        units = at_places(one.value, places(NAME, one.currency), request.scale)
        if units is not None and one.psp not in failed:
            found.append(RefundFound(one.psp, units, one.merchant_reference or None))
    return tuple(found)


def of_operation(
    items: Sequence[Item], request: OperationRequest, known: str | None = None
) -> OperationFound | None:
    """What the notifications of an operation say by now; None where none tells an outcome. One that
    an operation failed after all takes back one that it was done, whichever came first. `known`:
    Adyen's reference of the operation, which all of its notifications have.
    """
    its = [one for one in items if one.event in _EVENTS[request.kind]]
    named = {known} | {one.psp for one in its if one.merchant_reference == request.key}
    its = [one for one in its if one.merchant_reference == request.key or one.psp in named]
    failed = [one for one in its if one.event in _FAILED]
    done = [one for one in its if one.is_success and one not in failed]
    if len(done) <= len(failed):
        bad = failed or [one for one in its if not one.is_success]
        return Declined(bad[-1].reason or f"{bad[-1].event} failed") if bad else None
    item = done[-1]
    if request.kind == "capture":
        # A refund is asked of the payment itself.
        return Captured(item.original or request.of or item.psp)
    if request.kind == "void":
        return Voided(item.original or request.of)
    return Refunded(item.psp)


def was_reversed(items: Iterable[Item], request: OperationRequest) -> bool:
    """Whether Adyen has told what came of a reversal that was asked for in place of a void."""
    its = [one for one in items if one.merchant_reference == request.key]
    return any(one.event == "CANCEL_OR_REFUND" for one in its)


def told_twice(items: Iterable[Item], request: OperationRequest) -> bool:
    """Whether Adyen has told the outcome of a void, and of the one that was asked for after it."""
    its = ("TECHNICAL_CANCEL", request.key)
    return len({one.psp for one in items if (one.event, one.merchant_reference) == its}) > 1


def of_error(error: Exception, *, modifies: bool) -> Declined | NotSent | Unknown | Misconfigured:
    """The class of an error of Adyen's client. `modifies`: it is of an operation on a payment."""
    if not isinstance(error, AdyenAPIResponseError):
        told = failure(error)
        if was_not_sent(error):
            return NotSent(f"not reached: {told}")
        return Unknown(f"no answer: {told}")
    status, code = int(error.status_code or 0), str(error.error_code or "")
    headers = {str(name).lower(): value for name, value in dict(error.headers or {}).items()}
    said = _message(error)
    if status == _TOO_MANY:
        return NotSent("429: too many requests", retry_after(headers))
    if code == _IN_USE or str(headers.get("transient-error", "")).lower() == "true":
        return Unknown(f"{status}: Adyen is still at work on this request")
    if status in (401, 403):
        return Misconfigured(f"{status}: Adyen does not take the API key")
    if status >= _SERVER_FAULT or status < 400:
        return Unknown(f"{status}: {said}", saved=status >= _SERVER_FAULT)
    if status == _PROCESSED and (modifies or code in _DEFINITE):
        return Declined(said, code or None)
    return Misconfigured(f"{status}: {said}")


def notification(body: bytes, hmac_keys: Sequence[str], merchant_account: str) -> list[Item] | None:
    """The items of a notification that are of this merchant account; None unless each item of it is
    signed with one of these keys.
    """
    try:
        told = json.loads(body)["notificationItems"]
        items = [one["NotificationRequestItem"] for one in told]
        if not items:
            return None
        for item in items:
            for name in _ABSENT:  # nothing is signed for a member that is null
                item[name] = item.get(name) or ""
            if not any(is_valid_hmac_notification(item, key) for key in hmac_keys):
                return None
        its = [one for one in items if one["merchantAccountCode"] == merchant_account]
        return [_item(item) for item in its]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def told_by(items: list[Item]) -> Notification:
    """What is taken of a notification: nothing, where it is of other merchant accounts alone. Adyen
    sends what was refused again, and what comes after it waits.
    """
    if not items:
        return Notification("of another merchant account", ())
    first = items[0]
    id_ = f"{first.event}|{first.psp}|{first.is_success}|{len(items)}"
    named = [
        one for item in items
        for one in (item.psp, item.original, item.merchant_reference, item.order)
    ]  # fmt: skip
    done = {item.event for item in items if item.is_success}
    told = {item.event for item in items}
    topics = Topics(
        money=not done.isdisjoint(_OF_MONEY),
        failure=not told.isdisjoint(_FAILED),
        dispute=not told.isdisjoint(disputes.EVENTS),
        hold=not done.isdisjoint(_OF_HOLDS),
        refund="REFUND" in done,
    )
    return Notification(id_, tuple(dict.fromkeys(one for one in named if one)), topics)


def found_by(heard: Iterable[tuple[int, Item]]) -> list[Found]:
    """The payments of which these items tell, with the times at which they came; oldest first."""
    found: dict[str, Found] = {}
    disputed: dict[str, list[Item]] = {}
    ended: set[str] = set()
    for at, item in heard:
        if not item.is_success:
            continue
        psp = item.original or item.psp
        if item.event in disputes.EVENTS:
            disputed.setdefault(psp, []).append(item)
        if item.event not in _MOVES:
            continue
        known = found.get(psp) or Found(
            psp, None, None, item.value, places(NAME, item.currency), item.currency, "authorised",
            0, 0, at, None,
        )  # fmt: skip
        if item.event == "AUTHORISATION":
            key = item.merchant_reference or None
            known = known._replace(key=key, units=item.value)
        elif item.event in ("CAPTURE", "CAPTURE_FAILED"):
            known = known._replace(captured=known.captured + _captured(item))
        elif item.event in _ENDS:
            ended.add(psp)
        else:
            back = item.value if item.event == "REFUND" else -item.value
            known = known._replace(refunded=known.refunded + back)
        found[psp] = known
    for psp, known in found.items():
        state: FoundState = "captured" if known.captured > 0 else known.state
        if known.captured <= 0 and psp in ended:
            state = "voided"
        if disputes.standing(disputed.get(psp, [])) == "open":
            state = "disputed"
        found[psp] = known._replace(state=state)
    return list(found.values())


def _item(told: Mapping[str, Any]) -> Item:
    return Item(
        event=str(told["eventCode"]),
        is_success=str(told["success"]).lower() == "true",
        psp=str(told["pspReference"]),
        original=str(told.get("originalReference") or ""),
        merchant_reference=str(told.get("merchantReference") or ""),
        value=int(told["amount"]["value"]),
        currency=str(told["amount"]["currency"]),
        reason=str(told.get("reason") or "")[:DETAIL_MAX],
        order=str((told.get("additionalData") or {}).get(f"metadata.{ORDER}") or ""),
    )


def _differs(value: int, currency: str, psp: str, request: PaymentRequest) -> Differs | None:
    if {"currency": currency, "value": value} == amount_of(request, request.units):
        return None
    return Differs(value, places(NAME, currency), currency, psp)


def _message(error: AdyenAPIResponseError) -> str:
    told = error.message
    said = told.get("message") if isinstance(told, Mapping) else told
    return str(said or type(error).__name__)[:DETAIL_MAX]
