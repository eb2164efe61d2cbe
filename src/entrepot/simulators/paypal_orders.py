"""PayPal's orders: made, approved by the payer, authorised or captured."""

from __future__ import annotations

from typing import Any

from entrepot.simulators.exchange import Call, Fault, Json, Reply
from entrepot.simulators.paypal_objects import PayPalObjects, error, units_of, unprocessable
from entrepot.simulators.service import capitals

_VAULTED = ("vault_id", "stored_credential", "single_use_token")


class Orders:
    """The calls of ``/v2/checkout/orders``."""

    def __init__(self, service: PayPalObjects) -> None:
        self._service = service
        self._ledger = service.ledger

    def create(self, call: Call) -> Reply:
        """Make an order. One that is paid by a saved means is completed at once."""
        units, intent = call.params.get("purchase_units"), call.params.get("intent")
        if intent not in ("AUTHORIZE", "CAPTURE") or not isinstance(units, list) or not units:
            told = "Request is not well-formed, syntactically incorrect."
            raise Fault(error(400, "INVALID_REQUEST", told, "MISSING_REQUIRED_PARAMETER"))
        for unit in units:
            units_of(unit.get("amount"))
        name, source = capitals(17), call.params.get("payment_source") or {}
        body: Json = {
            "id": name, "intent": intent, "status": "CREATED", "create_time": self._service.at(),
            "payment_source": source,
            "purchase_units": [{"reference_id": "default", **unit} for unit in units],
            "links": [
                {"href": f"/v2/checkout/orders/{name}", "rel": "self", "method": "GET"},
                {"href": f"/checkoutnow?token={name}", "rel": "approve", "method": "GET"},
            ],
        }  # fmt: skip
        one: Json = {"id": name, "body": body, "source": str(source)}
        if _is_saved(source):
            self._pay(call, one)
        elif source:
            body["status"] = "PAYER_ACTION_REQUIRED"
        self._service.keep("order", one)
        return self._service.shown(call, one, 201)

    def retrieve(self, call: Call) -> Reply:
        """Show an order."""
        return self._service.shown(call, self._found(call))

    def authorise(self, call: Call) -> Reply:
        """Hold the money of an approved order."""
        return self._paid(call, "AUTHORIZE")

    def capture(self, call: Call) -> Reply:
        """Take the money of an approved order."""
        return self._paid(call, "CAPTURE")

    def approve(self, name: str) -> int:
        """The payer approves an order, or all that wait. How many there were."""
        waiting = [
            one for one in self._ledger.all("order")
            if one["body"]["status"] in ("CREATED", "PAYER_ACTION_REQUIRED")
            and (name in ("", one["id"]) or name in str(one["body"]["purchase_units"]))
        ]  # fmt: skip
        for one in waiting:
            one["body"]["status"] = "APPROVED"
            self._service.keep("order", one)
            self._service.event("CHECKOUT.ORDER.APPROVED", one["body"])
        return len(waiting)

    def _paid(self, call: Call, intent: str) -> Reply:
        one = self._found(call)
        body = one["body"]
        if body["intent"] != intent:
            raise unprocessable("ACTION_DOES_NOT_MATCH_INTENT", "The order has another intent.")
        if body["status"] == "COMPLETED":
            word = "AUTHORIZED" if intent == "AUTHORIZE" else "CAPTURED"
            raise unprocessable(f"ORDER_ALREADY_{word}", "The order is paid already.")
        if call.params.get("payment_source"):
            body["payment_source"] = call.params["payment_source"]
        elif body["status"] != "APPROVED":
            raise unprocessable("ORDER_NOT_APPROVED", "Payer has not yet approved the Order.")
        self._pay(call, one)
        self._service.keep("order", one)
        return self._service.shown(call, one, 201)

    def _pay(self, call: Call, one: Json) -> None:
        body = one["body"]
        if call.declined is not None:
            issue = call.declined or "INSTRUMENT_DECLINED"
            raise unprocessable(issue, "The instrument presented was declined.")
        for unit in body["purchase_units"]:
            if body["intent"] == "CAPTURE":
                at_once = {"id": None, "order": one["id"], "body": unit}
                taken = self._service.captured(call, at_once, unit["amount"], final=True)
                unit["payments"] = {"captures": [taken["body"]]}
                continue
            hold = self._service.authorised(call, unit, one["id"], one["source"])
            if call.pending:
                hold["body"] |= {"status": "PENDING",
                                 "status_details": {"reason": "PENDING_REVIEW"}}  # fmt: skip
                self._service.keep("authorization", hold)
            unit["payments"] = {"authorizations": [hold["body"]]}
        body["status"] = "COMPLETED"

    def _found(self, call: Call) -> Json:
        """An order with its payments as they are now."""
        one = self._service.found("order", call.found[0])
        for unit in one["body"]["purchase_units"]:
            paid = unit.get("payments")
            if paid is not None:
                unit["payments"] = self._payments(one["id"])
        return one

    def _payments(self, order: str) -> Json:
        found: Json = {}
        for kind, name in (("authorization", "authorizations"), ("capture", "captures"),
                           ("refund", "refunds")):  # fmt: skip
            listed = [one["body"] for one in self._ledger.all(kind) if one["order"] == order]
            if listed:
                found[name] = listed[::-1]
        return found


def _is_saved(source: Any) -> bool:
    """Whether the means of payment needs no payer: it was saved before."""
    if not isinstance(source, dict):
        return False
    if "token" in source:
        return True
    return any(name in one for one in source.values() if isinstance(one, dict) for name in _VAULTED)
