"""Adyen, played: Checkout payments and their modifications, with notifications under an HMAC.

Modifications are received at once, and their outcome is told by a notification, as Adyen does.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any

from entrepot.simulators.adyen_disputes import Disputes
from entrepot.simulators.adyen_modifications import Modifications
from entrepot.simulators.adyen_objects import AdyenObjects, fault
from entrepot.simulators.adyen_payments import Payments
from entrepot.simulators.exchange import Call, Json, Reply
from entrepot.simulators.service import DAY, Route

_SIGNED = (
    "pspReference", "originalReference", "merchantAccountCode", "merchantReference", "value",
    "currency", "eventCode", "success",
)  # fmt: skip
_REFUSALS = {
    "mismatch": (422, "704", "validation", "request already processed or in progress"),
    "busy": (422, "704", "validation", "request already processed or in progress"),
    "limited": (429, "000", "validation", "Too Many Requests"),
    "failed": (500, "905", "internal", "Payment details are not supported"),
    "unavailable": (503, "000", "internal", "Service Unavailable"),
    "unreadable": (400, "702", "validation", "Structure of the request is invalid"),
    "key_too_long": (422, "703", "validation", "The idempotency key is too long"),
}
_HMAC_KEY = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
_HEX = re.compile(r"([0-9A-Fa-f]{2})+")


class Adyen(AdyenObjects):
    """Adyen's Checkout API, as far as holding, taking and giving back money goes."""

    name = "adyen"
    key_header = "idempotency-key"
    key_seconds = 31 * DAY

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self.secret = self.secret or _HMAC_KEY
        if not _HEX.fullmatch(self.secret):
            raise ValueError("an HMAC key of Adyen is pairs of hexadecimal digits")
        self._payments = Payments(self)
        self._modifications = Modifications(self)
        self._disputes = Disputes(self)
        of = self._modifications
        self.routes = [
            _route("/payments", "authorise", self._payments.pay),
            _route("/payments/details", "authorise", self._payments.details),
            _route("/cancels", "void", of.cancel_by_reference),
            _route("/payments/([^/]+)/cancels", "void", of.cancel),
            _route("/payments/([^/]+)/captures", "capture", of.capture),
            _route("/payments/([^/]+)/refunds", "refund", of.refund),
            _route("/payments/([^/]+)/reversals", "void", of.reverse),
            _route("/paymentMethods", "look_up", self._payments.methods),
        ]

    def refused(self, call: Call) -> Reply | None:
        """See Service."""
        key = call.headers.get("x-api-key", "")
        if not key or self.credential not in ("", key):
            told = "HTTP Status Response - Unauthorized"
            return fault(401, "000", told, "security")
        if call.method == "POST" and not call.params.get("merchantAccount"):
            return fault(403, "901", "Invalid Merchant Account", "security")
        return None

    def no_route(self, call: Call) -> Reply:  # noqa: ARG002 - see Service
        """See Service."""
        return fault(404, "000", "Not Found", "validation")

    def refusal(self, kind: str, call: Call) -> Reply:  # noqa: ARG002 - see Service
        """See Service."""
        status, code, type_, told = _REFUSALS[kind]
        reply = fault(status, code, told, type_)
        passing = kind in ("busy", "unavailable")
        return Reply(reply.status, reply.body, {"transient-error": "true"} if passing else {})

    def saves(self, reply: Reply) -> bool:
        """See Service: what was processed, also a failure that does not pass."""
        return reply.status < 300 or reply.status == 500

    def replayed(self, call: Call, saved: Reply) -> Reply:
        """See Service: the key in the answer says that it was found."""
        return Reply(saved.status, saved.body, saved.headers | {"idempotency-key": call.key or ""})

    def texts(self, call: Call) -> str:
        """See Service: a call that names a payment has the texts of that payment as well."""
        payment = self.ledger.get("payment", call.found[0] if call.found else "") or {}
        return super().texts(call) + json.dumps([payment.get("reference"), payment.get("method")])

    def notified(self, told: Json, *, forged: bool) -> tuple[dict[str, str], bytes]:
        """See Service: the signature stands in the notification's `additionalData`."""
        flat = told | {"value": told["amount"]["value"], "currency": told["amount"]["currency"]}
        text = ":".join(str(flat.get(name, "")) for name in _SIGNED)
        key = b"forged" if forged else binascii.a2b_hex(self.secret)
        signed = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
        data = told.get("additionalData", {}) | {"hmacSignature": signed}
        item = {"NotificationRequestItem": told | {"additionalData": data}}
        body = json.dumps({"live": "false", "notificationItems": [item]}).encode()
        return {"content-type": "application/json"}, body

    def settle(self, name: str, outcome: str) -> int:
        """See Service."""
        return self._payments.settle(name, outcome) + self._modifications.settle(name, outcome)

    def undo(self, name: str, operation: str, code: str) -> int:
        """See Service. `code`: the event's code, such as `REFUNDED_REVERSED`."""
        return self._modifications.undo(name, operation, code)

    def dispute(self, name: str, outcome: str) -> int:
        """See Service: each dispute has a reference of its own."""
        return self._disputes.settle(name, outcome)

    def lapse(self) -> None:
        """See Service."""
        self._payments.lapse()

    def told_of(self, code: str, payment: Json, told: Json) -> None:
        """See AdyenObjects."""
        at = datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="seconds")
        usual = {
            "eventCode": code, "eventDate": at, "merchantAccountCode": payment["account"],
            "merchantReference": payment["reference"], "success": "true", "reason": "",
            "paymentMethod": "visa", "amount": payment["amount"],
        }  # fmt: skip
        data = {f"metadata.{name}": value for name, value in payment["metadata"].items()}
        self.notify(usual | told | {"additionalData": data | told.get("additionalData", {})})


def _route(path: str, operation: str, perform: Any) -> Route:
    """Below any version, as the client spells it, and below `/checkout` as the live address has."""
    return Route("POST", re.compile(rf"(?:/checkout)?/v\d+{path}"), operation, perform)
