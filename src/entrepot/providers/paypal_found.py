"""Payments at PayPal that the book may not know: as PayPal has notified them, and as PayPal's list
of transactions has them, which is hours behind.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from entrepot.providers.payment import Found, FoundState, order_of
from entrepot.providers.paypal_answers import capture_above, units_of
from entrepot.providers.paypal_unseen import Missing

Json = dict[str, Any]
_PAGE, _PAGES_MAX = 500, 40
# PayPal lists 31 days at a time.
_SPAN = timedelta(days=31)
# How far the list is behind at most, and how far the clocks of both may be apart.
_BEHIND, _CLOCKS = timedelta(hours=3), timedelta(hours=1)
# The beginnings of PayPal's codes of transactions.
_PAYMENTS, _REFUNDS, _AUTHORIZATIONS = "T00", "T11", "T13"
_WITHOUT_MONEY = frozenset({"D", "V"})
_ENDED = frozenset({"DENIED", "VOIDED", "EXPIRED", "DECLINED", "FAILED"})


class Transactions:
    """PayPal's list of transactions. `controller` is that of PayPal's client."""

    def __init__(self, controller: Any) -> None:
        self._controller = controller

    def since(self, since: int) -> list[Found]:
        """The payments since a time, in microseconds UTC. Raises what the client raises."""
        first, now = datetime.fromtimestamp(since / 1_000_000, UTC), _now()
        found = _Gathered()
        while first < now:
            last = min(first + _SPAN, now)
            for one in self._listed(first, last):
                _transaction(found, one)
            first = last
        return found.payments()

    def named(self, label: str, made_at: int | None) -> str | Missing:
        """The newest authorization, or else capture, of the last month that has a payment's label
        and was not denied; else up to when there is none. `made_at`: no earlier one is looked for,
        in microseconds UTC.
        """
        now = _now()
        first = now - _SPAN
        if made_at is not None:
            first = max(first, datetime.fromtimestamp(made_at / 1_000_000, UTC) - _CLOCKS)
        listed, missing = [], Missing(None)
        for page in self._pages(min(first, now), now):
            missing = Missing(_upto(page, now) if _is_last(page) else None)
            listed += [
                one for one in _of(page)
                if one.get("custom_field") == label and one.get("transaction_status") != "D"
            ]  # fmt: skip
        for kind in (_AUTHORIZATIONS, _PAYMENTS):
            of_kind = [one for one in listed if str(one["transaction_event_code"]).startswith(kind)]
            if of_kind:
                return str(of_kind[-1]["transaction_id"])
        return missing

    def _listed(self, first: datetime, last: datetime) -> Iterator[Json]:
        """The transactions between two times, the oldest first."""
        for page in self._pages(first, last):
            yield from _of(page)

    def _pages(self, first: datetime, last: datetime) -> Iterator[Json]:
        asked = {
            "start_date": _text(first), "end_date": _text(last), "page_size": _PAGE,
            "fields": "transaction_info",
        }  # fmt: skip
        for page in range(1, _PAGES_MAX + 1):
            answer = self._controller.search_transactions({**asked, "page": page})
            told = {"page": page} | json.loads(answer.text)
            yield told
            if _is_last(told):
                return


def _of(page: Json) -> Iterator[Json]:
    for one in page.get("transaction_details") or ():
        yield one["transaction_info"]


def _is_last(page: Json) -> bool:
    return int(page["page"]) >= int(page.get("total_pages") or 1)


def _upto(page: Json, now: datetime) -> int:
    """Up to when the list has every transaction, in microseconds UTC."""
    upto = now - _BEHIND
    with suppress(KeyError, TypeError, ValueError):
        upto = datetime.fromisoformat(page["last_refreshed_datetime"])
    return int(upto.timestamp() * 1_000_000)


def notified(kept: Iterable[tuple[int, Json]]) -> list[Found]:
    """The payments of which these notifications tell, with the times at which they came; the
    oldest first.
    """
    found = _Gathered()
    for at, event in kept:
        # An object of another API of PayPal's writes its amount in another way: it is no payment
        # that is known here.
        with suppress(KeyError, TypeError, ValueError, AttributeError):
            _told(found, at, event)
    return found.payments()


def _told(found: _Gathered, at: int, event: Json) -> None:
    kind, _, outcome = str(event["event_type"]).removeprefix("PAYMENT.").partition(".")
    about = event["resource"]
    related = (about.get("supplementary_data") or {}).get("related_ids") or {}
    if kind == "AUTHORIZATION":
        state: FoundState = "voided" if outcome in _ENDED else "authorised"
        found.held(str(about["id"]), about, at, state, related.get("order_id"))
    elif kind == "CAPTURE" and outcome == "COMPLETED":
        found.taken(str(about["id"]), about, at, related.get("authorization_id"),
                    related.get("order_id"))  # fmt: skip
    elif kind == "CAPTURE" and outcome in ("REFUNDED", "REVERSED"):
        # PayPal gave the money back itself where the capture was reversed.
        found.refunded(str(about["id"]), about, related.get("capture_id") or capture_above(about))


class _Gathered:
    """Payments by PayPal's ids: an authorization with its captures, or a capture alone."""

    def __init__(self) -> None:
        self._found: dict[str, Found] = {}
        self._of_capture: dict[str, str] = {}  # the payment that a capture is of
        self._refunds: dict[str, tuple[str, int]] = {}  # of which capture, and how much

    def payments(self) -> list[Found]:
        """What was gathered. A refund may have come before its capture."""
        found = dict(self._found)
        for capture, given in self._refunds.values():
            payment = self._of_capture.get(capture)
            if payment is not None:
                found[payment] = found[payment]._replace(refunded=found[payment].refunded + given)
        return list(found.values())

    def held(self, id_: str, about: Mapping[str, Any], at: int, state: FoundState,
             order: str | None) -> None:  # fmt: skip
        """An authorization. What was taken of it stays, and one that ended does not come back,
        whatever order notifications come in.
        """
        known = self._found.get(id_)
        if known is None:
            self._found[id_] = _new(id_, about, at, state, order)
        elif known.state == "authorised":
            self._found[id_] = known._replace(state=state)

    def taken(self, id_: str, about: Mapping[str, Any], at: int, of: str | None,
              order: str | None) -> None:  # fmt: skip
        """A capture, of an authorization or of none."""
        if id_ in self._of_capture:
            return
        payment = of or id_
        self._of_capture[id_] = payment
        known = self._found.get(payment) or _new(payment, about, at, "captured", order)
        self._found[payment] = known._replace(
            state="captured", captured=known.captured + units_of(about["amount"])[0],
            also=(*known.also, id_),
        )  # fmt: skip

    def refunded(self, id_: str, about: Mapping[str, Any], capture: str | None) -> None:
        """A refund of a capture, however often it is told."""
        self._refunds[id_] = capture or "", abs(units_of(about["amount"])[0])


def _new(
    id_: str, about: Mapping[str, Any], at: int, state: FoundState, order: str | None
) -> Found:
    units, scale, currency = units_of(about["amount"])
    also = (order,) if order else ()
    label = about.get("custom_id") or None
    return Found(id_, order_of(label), None, units, scale, currency, state, 0, 0, at,
                 None, also, label)  # fmt: skip


def _transaction(found: _Gathered, one: Mapping[str, Any]) -> None:
    code, id_ = str(one.get("transaction_event_code")), str(one["transaction_id"])
    about = {"amount": one["transaction_amount"], "custom_id": one.get("custom_field")}
    made = datetime.fromisoformat(str(one["transaction_initiation_date"]))
    at, of = int(made.timestamp() * 1_000_000), one.get("paypal_reference_id")
    moves = str(one.get("transaction_status")) not in _WITHOUT_MONEY
    if code.startswith(_AUTHORIZATIONS):
        found.held(id_, about, at, "authorised" if moves else "voided", of)
    elif code.startswith(_PAYMENTS) and moves:
        found.taken(id_, about, at, of, None)
    elif code.startswith(_REFUNDS) and moves:
        found.refunded(id_, about, of)


def _now() -> datetime:
    """The end of this second: PayPal takes whole ones."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
