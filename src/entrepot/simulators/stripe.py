"""Stripe, played: PaymentIntents, charges, refunds and events of its API of 2025."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from typing import Any

from entrepot.simulators.exchange import Call, Fault, Json, Reply
from entrepot.simulators.service import DAY, name_of, route
from entrepot.simulators.stripe_charges import Charges
from entrepot.simulators.stripe_disputes import Disputes
from entrepot.simulators.stripe_intents import Intents
from entrepot.simulators.stripe_objects import StripeObjects
from entrepot.simulators.stripe_shapes import error, invalid

_SEARCHED = re.compile(r"metadata\[[\"']([^\"']+)[\"']\]\s*:\s*[\"']([^\"']*)[\"']")
_PAGE = 10
_BOUNDS = {"gte": lambda a, b: a >= b, "gt": lambda a, b: a > b,
           "lte": lambda a, b: a <= b, "lt": lambda a, b: a < b}  # fmt: skip


class Stripe(StripeObjects):
    """Stripe's API v1, as far as holding, taking and giving back money goes."""

    name = "stripe"
    key_header = "idempotency-key"
    key_seconds = DAY

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self.secret = self.secret or "whsec_simulator"
        intents, charges = Intents(self), Charges(self)
        self._intents, self._charges, self._disputes = intents, charges, Disputes(self)
        v1 = "/v1/payment_intents"
        self.routes = [
            route("POST", v1, "create", intents.create),
            route("GET", v1, "look_up", lambda call: self._list(call, "intent", v1)),
            route("GET", f"{v1}/search", "look_up", self._search),
            route("GET", f"{v1}/{{}}", "look_up", intents.retrieve),
            route("POST", f"{v1}/{{}}", "update", intents.update),
            route("POST", f"{v1}/{{}}/confirm", "authorise", intents.confirm),
            route("POST", f"{v1}/{{}}/capture", "capture", intents.capture),
            route("POST", f"{v1}/{{}}/cancel", "void", intents.cancel),
            route("POST", "/v1/refunds", "refund", charges.refund),
            route("GET", "/v1/refunds", "look_up",
                  lambda call: self._list(call, "refund", "/v1/refunds")),
            route("GET", "/v1/refunds/{}", "look_up", lambda call: self._one(call, "refund")),
            route("GET", "/v1/charges", "look_up",
                  lambda call: self._list(call, "charge", "/v1/charges")),
            route("GET", "/v1/charges/{}", "look_up", lambda call: self._one(call, "charge")),
            route("GET", "/v1/disputes", "look_up",
                  lambda call: self._list(call, "dispute", "/v1/disputes")),
            route("GET", "/v1/disputes/{}", "look_up", lambda call: self._one(call, "dispute")),
            route("GET", "/v1/events", "look_up",
                  lambda call: self._list(call, "event", "/v1/events")),
            route("GET", "/v1/events/{}", "look_up", lambda call: self._one(call, "event")),
            route("POST", "/v1/webhook_endpoints", "", self._endpoint),
        ]  # fmt: skip

    # ---------------------------------------------------------------- what a service says

    def refused(self, call: Call) -> Reply | None:
        """See Service."""
        key = call.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if key and self.credential in ("", key):
            return None
        return error(401, "invalid_request_error", f"Invalid API Key provided: {key[:7]}***")

    def no_route(self, call: Call) -> Reply:
        """See Service."""
        told = f"Unrecognized request URL ({call.method}: {call.path})."
        return error(404, "invalid_request_error", told)

    def refusal(self, kind: str, call: Call) -> Reply:
        """See Service."""
        if kind == "mismatch":
            told = (
                "Keys for idempotent requests can only be used with the same parameters they were "
                f"first used with. Try using a key other than '{call.key}' if you meant to execute "
                "a different request."
            )
            return error(400, "idempotency_error", told)
        if kind == "busy":
            told = "There is currently another in-progress request using this Idempotent Key."
            return error(409, "invalid_request_error", told, code="idempotency_key_in_use")
        if kind == "limited":
            return error(429, "invalid_request_error", "Too many requests.", code="rate_limit")
        if kind in ("failed", "unavailable"):
            status = 500 if kind == "failed" else 503
            return error(status, "api_error", "An unknown error occurred")
        return error(400, "invalid_request_error", f"The request cannot be read: {kind}")

    def saves(self, reply: Reply) -> bool:
        """See Service: all results, once the execution has begun, also failures."""
        body = reply.body if isinstance(reply.body, dict) else {}
        param = body.get("error", {}).get("param")
        return reply.status not in (401, 404, 409, 429, 503) and param is None

    def replayed(self, call: Call, saved: Reply) -> Reply:  # noqa: ARG002 - see Service
        """See Service."""
        return Reply(saved.status, saved.body, saved.headers | {"idempotent-replayed": "true"})

    def operation_of(self, call: Call, operation: str) -> str:
        """See Service: a PaymentIntent may be made and confirmed by one call."""
        confirmed = operation == "create" and call.params.get("confirm") == "true"
        return "authorise" if confirmed else operation

    def texts(self, call: Call) -> str:
        """See Service: a call that names an intent has the texts of that intent as well."""
        name = call.found[0] if call.found else str(call.params.get("payment_intent", ""))
        intent = self.ledger.get("intent", name) or {}
        known = [intent.get("payment_method"), intent.get("metadata"), intent.get("description")]
        return super().texts(call) + json.dumps(known)

    def notified(self, told: Json, *, forged: bool) -> tuple[dict[str, str], bytes]:
        """See Service: `Stripe-Signature`, with the time that the event leaves."""
        body, at = json.dumps(told).encode(), int(time.time())
        secret = "whsec_forged" if forged else self.secret
        signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"stripe-signature": f"t={at},v1={signed}", "content-type": "application/json"}
        return headers, body

    def settle(self, name: str, outcome: str) -> int:
        """See Service."""
        return self._intents.settle(name, outcome) + self._charges.settle(name, outcome)

    def undo(self, name: str, operation: str, code: str) -> int:
        """See Service. `code`: the reason of the failure, such as `expired_or_canceled_card`."""
        return 0 if operation == "capture" else self._charges.undo(name, code)

    def dispute(self, name: str, outcome: str) -> int:
        """See Service."""
        return self._disputes.settle(name, outcome)

    def lapse(self) -> None:
        """See Service."""
        self._intents.lapse()

    # ---------------------------------------------------------------- reading

    def _one(self, call: Call, kind: str) -> Reply:
        return self.shown(call, self.found(kind, call.found[0]))

    def _list(self, call: Call, kind: str, url: str) -> Reply:
        params = call.params
        listed = [one for one in self.ledger.all(kind) if _is_wanted(one, params)]
        after = params.get("starting_after")
        if after is not None:
            ids = [one["id"] for one in listed]
            listed = listed[ids.index(after) + 1 :] if after in ids else []
        return self._page(call, listed, url)

    def _search(self, call: Call) -> Reply:
        wanted = _SEARCHED.findall(str(call.params.get("query", "")))
        if not wanted:
            raise Fault(invalid("query", "The search query is not supported here."))
        listed = [
            one for one in self.ledger.all("intent")
            if all(one["metadata"].get(name) == value for name, value in wanted)
        ]  # fmt: skip
        return self._page(call, listed, "/v1/payment_intents/search", "search_result")

    def _page(self, call: Call, listed: list[Json], url: str, kind: str = "list") -> Reply:
        limit = int(call.params.get("limit", _PAGE))
        shown = [self.expanded(one, call.params, "data.") for one in listed[:limit]]
        page = {"object": kind, "url": url, "has_more": len(listed) > limit, "data": shown}
        if kind == "search_result":
            page["next_page"] = None
        return Reply(200, page, {"request-id": name_of("req_")})

    def _endpoint(self, call: Call) -> Reply:
        url = str(call.params.get("url", ""))
        self.ledger.set_fact("notices_url", url)
        return Reply(200, {
            "id": name_of("we_"), "object": "webhook_endpoint", "url": url, "status": "enabled",
            "enabled_events": call.params.get("enabled_events", ["*"]), "livemode": False,
            "secret": self.secret, "created": int(self.now()), "metadata": {},
        })  # fmt: skip


def _is_wanted(one: Json, params: Json) -> bool:
    for bound, value in params.get("created", {}).items():
        if bound in _BOUNDS and not _BOUNDS[bound](one["created"], int(value)):
            return False
    asked = {name: params[name] for name in ("payment_intent", "charge", "customer", "type")
             if name in params}  # fmt: skip
    return all(one.get(name) == value for name, value in asked.items())
