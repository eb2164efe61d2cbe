"""What the calls of Stripe's objects share: finding them, showing them, and telling of them."""

from __future__ import annotations

from abc import ABC

from entrepot.simulators.exchange import Call, Fault, Json, Reply
from entrepot.simulators.service import Service, name_of
from entrepot.simulators.stripe_shapes import missing

_EXPANDED = {"latest_charge": "charge", "charge": "charge", "payment_intent": "intent"}


class StripeObjects(Service, ABC):
    """The part of Stripe that its objects know."""

    def found(self, kind: str, name: str) -> Json:
        """An object by its id. Raises Fault."""
        one = self.ledger.get(kind, name)
        if one is None:
            raise Fault(missing(kind, name))
        return one

    def event(self, type_: str, thing: Json) -> None:
        """Make an event, list it, and have it sent."""
        now = self.now()
        event = {
            "id": name_of("evt_"), "object": "event", "api_version": "2025-09-30.clover",
            "created": int(now), "type": type_, "livemode": False, "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None}, "data": {"object": thing},
        }  # fmt: skip
        self.ledger.put("event", event, now)
        self.notify(event)

    def shown(self, call: Call, thing: Json) -> Reply:
        """An object as the answer to a call, with what the call wants expanded."""
        return Reply(200, self.expanded(thing, call.params, ""), {"request-id": name_of("req_")})

    def expanded(self, thing: Json, params: Json, prefix: str) -> Json:
        """An object with what the call wants expanded; `prefix` is that of its list."""
        shown = dict(thing)
        for path in params.get("expand", []):
            name = str(path).removeprefix(prefix)
            if isinstance(shown.get(name), str) and name in _EXPANDED:
                shown[name] = self.ledger.get(_EXPANDED[name], shown[name])
        return shown
