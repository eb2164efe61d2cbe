"""PayPal's disputes of captures: the calls that show them, and the events that tell of them."""

from __future__ import annotations

from entrepot.simulators.exchange import Call, Json, Reply
from entrepot.simulators.paypal_objects import PayPalObjects
from entrepot.simulators.service import capitals

PATH = "/v1/customer/disputes"
_TAKEN = ("COMPLETED", "PARTIALLY_REFUNDED")
_OUTCOMES = {"won": "RESOLVED_SELLER_FAVOUR", "lost": "RESOLVED_BUYER_FAVOUR"}
# The members of a dispute that a list of disputes has.
_LISTED = (
    "dispute_id", "create_time", "update_time", "reason", "status", "dispute_state",
    "dispute_amount", "links",
)  # fmt: skip


class Disputes:
    """The calls of ``/v1/customer/disputes``, and the customers who dispute captures."""

    def __init__(self, service: PayPalObjects) -> None:
        self._service = service
        self._ledger = service.ledger

    def listed(self, call: Call) -> Reply:
        """List the disputes, or those of one capture."""
        of = call.params.get("disputed_transaction_id")
        items = [
            {name: one["body"][name] for name in _LISTED} for one in self._ledger.all("dispute")
            if of in (None, one["capture"])
        ]  # fmt: skip
        return Reply(200, {"items": items, "links": []})

    def show(self, call: Call) -> Reply:
        """Show a dispute, with its outcome."""
        return self._service.shown(call, self._service.found("dispute", call.found[0]))

    def settle(self, name: str, outcome: str) -> int:
        """Open a dispute of each capture, or say what becomes of the disputes of these captures."""
        captures = [
            one for one in self._ledger.all("capture")
            if one["body"]["status"] in _TAKEN
            and name in ("", one["id"], one["payment"], one["order"])
        ]  # fmt: skip
        if outcome == "opened":
            for capture in captures:
                self._opened(capture)
            return len(captures)
        ids = {one["id"] for one in captures}
        disputes = [one for one in self._ledger.all("dispute") if one["capture"] in ids]
        for dispute in disputes:
            dispute["body"] |= {
                "status": "RESOLVED", "dispute_state": "RESOLVED",
                "dispute_outcome": {"outcome_code": _OUTCOMES[outcome]},
            }  # fmt: skip
            self._service.keep("dispute", dispute)
            self._service.event("CUSTOMER.DISPUTE.RESOLVED", dispute["body"])
        return len(disputes)

    def _opened(self, capture: Json) -> None:
        name = f"PP-D-{capitals(5)}"
        body: Json = {
            "dispute_id": name, "create_time": self._service.at(),
            "disputed_transactions": [{"seller_transaction_id": capture["id"]}],
            "reason": "UNAUTHORISED", "status": "WAITING_FOR_SELLER_RESPONSE",
            "dispute_state": "REQUIRED_ACTION", "dispute_amount": capture["body"]["amount"],
            "dispute_life_cycle_stage": "CHARGEBACK",
            "links": [{"href": f"{PATH}/{name}", "rel": "self", "method": "GET"}],
        }  # fmt: skip
        dispute = {"id": name, "capture": capture["id"], "order": capture["order"], "body": body}
        self._service.keep("dispute", dispute)
        self._service.event("CUSTOMER.DISPUTE.CREATED", body)
