"""What the calls of PayPal's orders and payments share: amounts, shapes, errors, movements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import Any

from entrepot.simulators.exchange import Call, Fault, Json, Reply
from entrepot.simulators.service import DAY, Service, capitals

HOLD_SECONDS = 29 * DAY
HONOURED_SECONDS = 3 * DAY
_WHOLE = frozenset({"HUF", "JPY", "TWD"})


class PayPalObjects(Service, ABC):
    """The part of PayPal that its objects know."""

    @abstractmethod
    def event(self, type_: str, thing: Json) -> None:
        """Have a notification sent."""

    def found(self, kind: str, name: str) -> Json:
        """An object by its id. Raises Fault."""
        one = self.ledger.get(kind, name)
        if one is None:
            told = "The specified resource does not exist."
            raise Fault(error(404, "RESOURCE_NOT_FOUND", told, "INVALID_RESOURCE_ID"))
        return one

    def keep(self, kind: str, one: Json) -> Json:
        """Keep an object as it is now."""
        one["body"]["update_time"] = self.at()
        return self.ledger.put(kind, one, self.now())

    def at(self, ahead: float = 0.0) -> str:
        """A time as PayPal writes it."""
        when = datetime.fromtimestamp(self.now() + ahead, UTC)
        return when.isoformat(timespec="seconds").replace("+00:00", "Z")

    def shown(self, call: Call, one: Json, status: int = 200) -> Reply:
        """An object as the answer to a call: whole, or little of it where `Prefer` says so."""
        body = one["body"]
        whole = "representation" in call.headers.get("prefer", "") or call.method == "GET"
        if not whole:
            body = {name: body[name] for name in ("id", "status", "links") if name in body}
        return Reply(status, body, {"paypal-debug-id": capitals(13).lower()})

    def moved(self, one: Json, kind: str, units: int, call: Call | None) -> None:
        """Add a movement of money to the ledger; a payment is known by its first hold."""
        body = one["body"]
        about = {name: body[name] for name in ("custom_id", "invoice_id") if body.get(name)}
        about |= {"order": one.get("order", "")}
        currency = body["amount"]["currency_code"]
        self.enter(one["payment"], kind, units, currency, one["id"], call, about)

    def authorised(self, call: Call | None, unit: Json, order: str, source: str) -> Json:
        """Hold the money of one purchase unit of an order."""
        name = capitals(17)
        body = {
            "id": name, "status": "CREATED", "amount": unit["amount"],
            "expiration_time": self.at(HOLD_SECONDS), "create_time": self.at(),
            "supplementary_data": {"related_ids": {"order_id": order}},
            "seller_protection": {"status": "ELIGIBLE"}, **_named(unit),
            "links": links("authorizations", name, "capture", "void", "reauthorize"),
        }  # fmt: skip
        one: Json = {
            "id": name, "payment": name, "order": order, "source": source, "body": body,
            "held": units_of(unit["amount"]), "captured": 0, "lapses": self.now() + HOLD_SECONDS,
            "made": self.now(),
        }  # fmt: skip
        self.keep("authorization", one)
        self.moved(one, "authorised", one["held"], call)
        self.event("PAYMENT.AUTHORIZATION.CREATED", body)
        return one

    def captured(self, call: Call | None, of: Json, amount: Json, *, final: bool) -> Json:
        """Take held money; `of` is the hold, which has no id where the money is taken at once."""
        name, pending = capitals(17), call is not None and call.pending
        related = {"order_id": of["order"]}
        if of["id"] is not None:
            related["authorization_id"] = of["id"]
        body = {
            "id": name, "status": "PENDING" if pending else "COMPLETED", "amount": amount,
            "final_capture": final, "create_time": self.at(), **_named(of["body"]),
            "supplementary_data": {"related_ids": related},
            "links": links("captures", name, "refund"),
        }  # fmt: skip
        if call is not None:
            body |= {n: call.params[n] for n in ("invoice_id", "note_to_payer") if n in call.params}
        if pending:
            body["status_details"] = {"reason": "PENDING_REVIEW"}
        one: Json = {
            "id": name, "payment": name if of["id"] is None else of["payment"],
            "order": of["order"], "body": body, "authorization": of["id"],
            "captured": units_of(amount), "refunded": 0, "made": self.now(),
        }  # fmt: skip
        self.keep("capture", one)
        if of["id"] is None:
            self.moved(one, "authorised", one["captured"], call)
        if not pending:
            self.moved(one, "captured", one["captured"], call)
        done = "PENDING" if pending else "COMPLETED"
        self.event(f"PAYMENT.CAPTURE.{done}", body)
        return one


def error(status: int, name: str, message: str, issue: str = "", told: str = "") -> Reply:
    """An error in PayPal's envelope."""
    body: Json = {"name": name, "message": message, "debug_id": capitals(13).lower(), "links": []}
    if issue:
        body["details"] = [{"issue": issue, "description": told or message}]
    return Reply(status, body, {"paypal-debug-id": body["debug_id"]})


def unprocessable(issue: str, told: str) -> Fault:
    """A call that is understood, and that the state of things forbids."""
    message = "The requested action could not be performed, semantically incorrect."
    return Fault(error(422, "UNPROCESSABLE_ENTITY", message, issue, told))


def units_of(amount: Any) -> int:
    """An amount in the smallest unit of its currency, by PayPal's own table. Raises Fault."""
    currency = str((amount or {}).get("currency_code", ""))
    text = str((amount or {}).get("value", ""))
    whole, _, part = text.partition(".")
    places = 0 if currency in _WHOLE else 2
    if len(currency) != 3 or not (whole + (part or "0")).isdigit():
        told = "Request is not well-formed, syntactically incorrect."
        raise Fault(error(400, "INVALID_REQUEST", told, "INVALID_PARAMETER_SYNTAX"))
    if len(part) > places and part.strip("0"):
        issue = "DECIMALS_NOT_SUPPORTED" if not places else "DECIMAL_PRECISION"
        raise unprocessable(issue, "The amount has too many decimal places for its currency.")
    return int(whole + part[:places].ljust(places, "0"))


def amount_of(units: int, currency: str) -> Json:
    """An amount as PayPal writes it."""
    if currency in _WHOLE:
        return {"currency_code": currency, "value": str(units)}
    return {"currency_code": currency, "value": f"{units // 100}.{units % 100:02}"}


def links(kind: str, name: str, *more: str) -> list[Json]:
    """The links of an object: to itself, and to what can be done with it."""
    at = f"/v2/payments/{kind}/{name}"
    found = [{"href": at, "rel": "self", "method": "GET"}]
    return [*found, *({"href": f"{at}/{one}", "rel": one, "method": "POST"} for one in more)]


def _named(thing: Json) -> Json:
    return {name: thing[name] for name in ("custom_id", "invoice_id") if thing.get(name)}
