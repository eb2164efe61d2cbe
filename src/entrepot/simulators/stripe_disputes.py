"""Stripe's disputes of charges: the calls that list them, and the events that tell of them."""

from __future__ import annotations

from entrepot.simulators.exchange import Json
from entrepot.simulators.service import name_of
from entrepot.simulators.stripe_objects import StripeObjects


class Disputes:
    """Disputes of charges of which money was captured."""

    def __init__(self, service: StripeObjects) -> None:
        self._service = service
        self._ledger = service.ledger

    def settle(self, name: str, outcome: str) -> int:
        """Open a dispute of charges, or say what becomes of their disputes. The charge says for
        ever that it was disputed.
        """
        charges = [
            one for one in self._ledger.all("charge")
            if one["amount_captured"] and name in ("", one["id"], one["payment_intent"])
        ]  # fmt: skip
        if outcome != "opened":
            ids = {one["id"] for one in charges}
            disputes = [one for one in self._ledger.all("dispute") if one["charge"] in ids]
            for dispute in disputes:
                dispute["status"] = outcome
                self._ledger.put("dispute", dispute, self._service.now())
                self._service.event("charge.dispute.closed", dispute)
            return len(disputes)
        for charge in charges:
            self._opened(charge)
        return len(charges)

    def _opened(self, charge: Json) -> None:
        dispute = {
            "id": name_of("du_1"), "object": "dispute", "amount": charge["amount_captured"],
            "charge": charge["id"], "payment_intent": charge["payment_intent"],
            "currency": charge["currency"], "created": int(self._service.now()),
            "livemode": False, "metadata": {}, "reason": "fraudulent", "status": "needs_response",
        }  # fmt: skip
        self._ledger.put("dispute", dispute, self._service.now())
        self._ledger.put("charge", charge | {"disputed": True}, self._service.now())
        self._service.event("charge.dispute.created", dispute)
