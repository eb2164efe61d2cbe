"""PayPal, played: tokens, orders v2, payments v2, the lists of transactions and of disputes, and
notifications.
"""

from __future__ import annotations

import base64
import json
import uuid
from datetime import datetime
from functools import partial
from typing import Any

from entrepot.simulators.exchange import Call, Fault, Json, Reply
from entrepot.simulators.paypal_disputes import PATH, Disputes
from entrepot.simulators.paypal_objects import PayPalObjects, error
from entrepot.simulators.paypal_orders import Orders
from entrepot.simulators.paypal_payments import Payments
from entrepot.simulators.paypal_signing import ALGORITHM, Signing
from entrepot.simulators.service import DAY, capitals, name_of, route

TOKEN_SECONDS = 32_400
_ORDERS_HOURS, _PAYMENTS_DAYS = 6, 45
_CERTIFICATE = "/v1/notifications/certs/CERT-simulator"
_CODES = {"authorization": "T1300", "capture": "T0006", "refund": "T1107"}
_STATES = {"PENDING": "P", "DENIED": "D", "DECLINED": "D", "FAILED": "D", "VOIDED": "V"}


class PayPal(PayPalObjects):
    """PayPal's REST API, as far as holding, taking and giving back money goes."""

    name = "paypal"
    key_header = "paypal-request-id"
    key_seconds = _PAYMENTS_DAYS * DAY

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self.secret = self.secret or "8PT597110X687430LKGECATA"
        orders, payments, disputes = Orders(self), Payments(self), Disputes(self)
        self._orders, self._payments, self._disputes = orders, payments, disputes
        o, a, c = "/v2/checkout/orders", "/v2/payments/authorizations", "/v2/payments/captures"
        self.routes = [
            route("POST", "/v1/oauth2/token", "", self._token),
            route("POST", o, "create", orders.create),
            route("GET", f"{o}/{{}}", "look_up", orders.retrieve),
            route("POST", f"{o}/{{}}/authorize", "authorise", orders.authorise),
            route("POST", f"{o}/{{}}/capture", "capture", orders.capture),
            route("GET", f"{a}/{{}}", "look_up", partial(payments.show, "authorization")),
            route("POST", f"{a}/{{}}/capture", "capture", payments.capture),
            route("POST", f"{a}/{{}}/void", "void", payments.void),
            route("POST", f"{a}/{{}}/reauthorize", "authorise", payments.reauthorise),
            route("GET", f"{c}/{{}}", "look_up", partial(payments.show, "capture")),
            route("POST", f"{c}/{{}}/refund", "refund", payments.refund),
            route("GET", "/v2/payments/refunds/{}", "look_up", partial(payments.show, "refund")),
            route("GET", PATH, "look_up", disputes.listed),
            route("GET", f"{PATH}/{{}}", "look_up", disputes.show),
            route("GET", "/v1/reporting/transactions", "look_up", self._transactions),
            route("POST", "/v1/notifications/verify-webhook-signature", "", self._verify),
            route("GET", "/v1/notifications/certs/{}", "", self._certificate),
        ]

    def prepare(self) -> None:
        """See Service: makes the key that signs, once for a ledger."""
        if self.ledger.fact("signing") is None:
            self.ledger.set_fact("signing", Signing.made().written())

    @property
    def _signing(self) -> Signing:
        return Signing.read(self.ledger.fact("signing"))

    # ---------------------------------------------------------------- what a service says

    def refused(self, call: Call) -> Reply | None:
        """See Service: each call but those for a token and a certificate has a live token."""
        if call.path.startswith(("/v1/oauth2/", "/v1/notifications/certs/")):
            return None
        token = call.headers.get("authorization", "").removeprefix("Bearer ").strip()
        ends = self.ledger.fact(f"token {token}") if token else None
        if ends is not None and self.now() < ends:
            return None
        told = "Token signature verification failed or the token has expired"
        return Reply(401, {"error": "invalid_token", "error_description": told})

    def no_route(self, call: Call) -> Reply:  # noqa: ARG002 - see Service
        """See Service."""
        return error(404, "RESOURCE_NOT_FOUND", "The specified resource does not exist.")

    def refusal(self, kind: str, call: Call) -> Reply:  # noqa: ARG002 - see Service
        """See Service."""
        if kind == "mismatch":
            told = "The value of PayPal-Request-Id header has already been used."
            return error(422, "UNPROCESSABLE_ENTITY", told, "DUPLICATE_REQUEST_ID")
        if kind == "busy":
            told = "A previous request on this resource is currently in progress."
            return error(409, "RESOURCE_CONFLICT", told, "PREVIOUS_REQUEST_IN_PROGRESS")
        if kind == "limited":
            return error(429, "RATE_LIMIT_REACHED", "Too many requests.")
        if kind == "failed":
            return error(500, "INTERNAL_SERVER_ERROR", "An internal server error has occurred.")
        if kind == "unavailable":
            return error(503, "SERVICE_UNAVAILABLE", "Service Unavailable.")
        told = "Request is not well-formed, syntactically incorrect."
        return error(400, "INVALID_REQUEST", told, "MALFORMED_REQUEST")

    def saves(self, reply: Reply) -> bool:
        """See Service: what was done. A call that failed may be sent again."""
        return reply.status < 300

    def remembers(self, call: Call) -> float:
        """See Service: orders are remembered for hours, payments for days."""
        return _ORDERS_HOURS * 3600.0 if "/checkout/" in call.path else self.key_seconds

    def replayed(self, call: Call, saved: Reply) -> Reply:
        """See Service: the object as it is now, under 200."""
        name = (saved.body or {}).get("id")
        for kind in ("order", "authorization", "capture", "refund"):
            one = self.ledger.get(kind, name) if name else None
            if one is not None:
                return self.shown(call, one)
        return saved

    def texts(self, call: Call) -> str:
        """See Service: a call that names a payment has the texts of its order as well."""
        name, known = call.found[0] if call.found else "", [super().texts(call)]
        for kind in ("order", "authorization", "capture"):
            one = self.ledger.get(kind, name)
            if one is not None:
                order = self.ledger.get("order", one.get("order", "")) or one
                known.append(json.dumps(order["body"]))
        return " ".join(known)

    def notified(self, told: Json, *, forged: bool) -> tuple[dict[str, str], bytes]:
        """See Service: the signature stands in headers."""
        body, transmission, at = json.dumps(told).encode(), str(uuid.uuid4()), self.at()
        webhook = "forged" if forged else self.secret
        return {
            "content-type": "application/json",
            "paypal-transmission-id": transmission,
            "paypal-transmission-time": at,
            "paypal-transmission-sig": self._signing.sign(transmission, at, webhook, body),
            "paypal-auth-algo": ALGORITHM,
            "paypal-cert-url": f"{self.ledger.fact('address', '')}{_CERTIFICATE}",
        }, body

    def settle(self, name: str, outcome: str) -> int:
        """See Service; an order that waits for its payer is approved."""
        approved = self._orders.approve(name) if outcome == "authorised" else 0
        return approved + self._payments.settle(name, outcome)

    def undo(self, name: str, operation: str, code: str) -> int:
        """See Service. `code`: the event's type, such as `PAYMENT.CAPTURE.REVERSED`."""
        return self._payments.undo(name, operation, code)

    def dispute(self, name: str, outcome: str) -> int:
        """See Service: by the id of a capture, of its authorization or of its order."""
        return self._disputes.settle(name, outcome)

    def lapse(self) -> None:
        """See Service."""
        self._payments.lapse()

    def event(self, type_: str, thing: Json) -> None:
        """See PayPalObjects."""
        kind = type_.split(".")[1].lower()
        self.notify({
            "id": f"WH-{capitals(17)}-{capitals(17)}", "event_version": "1.0",
            "create_time": self.at(), "resource_type": kind, "event_type": type_,
            "summary": type_.replace(".", " ").lower(), "resource": thing,
            "resource_version": "2.0", "links": [],
        })  # fmt: skip

    # ---------------------------------------------------------------- calls of their own

    def _token(self, call: Call) -> Reply:
        scheme, _, told = call.headers.get("authorization", "").partition(" ")
        try:
            client, _, secret = base64.b64decode(told, validate=True).decode().partition(":")
        except ValueError:
            client = secret = ""
        if scheme != "Basic" or not client or not secret or self.credential not in ("", client):
            told = "Client Authentication failed"
            return Reply(401, {"error": "invalid_client", "error_description": told})
        if call.params.get("grant_type") != "client_credentials":
            return Reply(400, {"error": "unsupported_grant_type"})
        # The certificate of notifications is at the address that the client knows.
        self.ledger.set_fact("address", f"http://{call.headers.get('host', '')}")
        token = name_of("A21AA", 48)
        self.ledger.set_fact(f"token {token}", self.now() + TOKEN_SECONDS)
        return Reply(200, {
            "scope": "https://uri.paypal.com/services/payments/realtimepayment",
            "access_token": token, "token_type": "Bearer", "app_id": "APP-80W284485P519543T",
            "expires_in": TOKEN_SECONDS, "nonce": self.at() + capitals(12),
        })  # fmt: skip

    def _verify(self, call: Call) -> Reply:
        """Whether a notification is ours; its event stands in the call as it was sent."""
        told = call.params
        at = call.body.find(b'"webhook_event"')
        body = call.body[call.body.find(b"{", at) :].rstrip()[:-1] if at >= 0 else b""
        right = told.get("webhook_id") == self.secret and any(
            self._signing.is_right(
                str(told.get("transmission_sig", "")), str(told.get("transmission_id", "")),
                str(told.get("transmission_time", "")), self.secret, one,
            )
            for one in (body.rstrip(), json.dumps(told.get("webhook_event")).encode())
        )  # fmt: skip
        return Reply(200, {"verification_status": "SUCCESS" if right else "FAILURE"})

    def _certificate(self, call: Call) -> Reply:
        del call
        return Reply(200, self._signing.certificate(), {"content-type": "application/x-pem-file"})

    def _transactions(self, call: Call) -> Reply:
        """What moved money between two times, the oldest first."""
        try:
            first, last = (_moment(call.params[name]) for name in ("start_date", "end_date"))
        except (KeyError, ValueError):
            told = "Request is not well-formed, syntactically incorrect."
            raise Fault(error(400, "INVALID_REQUEST", told)) from None
        found = [
            (one["made"], kind, one) for kind in _CODES for one in self.ledger.all(kind)
            if first <= one["made"] <= last
        ]  # fmt: skip
        listed = [
            self._transaction(kind, one) for _, kind, one in sorted(found, key=lambda f: f[0])
        ]
        size, page = int(call.params.get("page_size", 100)), int(call.params.get("page", 1))
        return Reply(200, {
            "transaction_details": listed[(page - 1) * size : page * size], "page": page,
            "total_items": len(listed), "total_pages": max(1, -(-len(listed) // size)),
            "last_refreshed_datetime": self.at(),
        })  # fmt: skip

    def _transaction(self, kind: str, one: Json) -> Json:
        body = one["body"]
        amount = dict(body["amount"])
        if kind == "refund":
            amount["value"] = f"-{amount['value']}"
        info = {
            "transaction_id": one["id"], "transaction_event_code": _CODES[kind],
            "transaction_initiation_date": body["create_time"], "transaction_amount": amount,
            "transaction_status": _STATES.get(body["status"], "S"),
            "paypal_reference_id": one.get("capture") or one.get("authorization") or one["order"],
            "custom_field": body.get("custom_id"), "invoice_id": body.get("invoice_id"),
        }  # fmt: skip
        return {"transaction_info": {name: v for name, v in info.items() if v is not None}}


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
