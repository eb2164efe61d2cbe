"""Adyen's disputes of payments, of which notifications alone tell."""

from __future__ import annotations

from entrepot.simulators.adyen_objects import AdyenObjects
from entrepot.simulators.exchange import Json
from entrepot.simulators.service import capitals

# The notifications of what becomes of a dispute, in their order.
_TOLD = {
    "opened": ("NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK"),
    "won": ("CHARGEBACK_REVERSED",),
    "lost": ("SECOND_CHARGEBACK",),
}
_DEFENDED = {"won": "Won", "lost": "Lost", "opened": "Undefended"}


class Disputes:
    """Disputes of payments of which money was captured."""

    def __init__(self, service: AdyenObjects) -> None:
        self._service = service
        self._ledger = service.ledger

    def settle(self, name: str, outcome: str) -> int:
        """Open a dispute of payments, or say what becomes of their disputes."""
        disputed = [
            one for one in self._ledger.all("payment")
            if one["captured"] and name in ("", one["id"], one["reference"])
        ]  # fmt: skip
        return sum([self._settled(payment, outcome) for payment in disputed])

    def _settled(self, payment: Json, outcome: str) -> int:
        if outcome == "opened":
            made = {"id": capitals(16), "payment": payment["id"]}
            disputes = [self._ledger.put("dispute", made, self._service.now())]
        else:
            known = self._ledger.all("dispute")
            disputes = [one for one in known if one["payment"] == payment["id"]]
        for dispute in disputes:
            for event in _TOLD[outcome]:
                told = {
                    "pspReference": dispute["id"], "originalReference": payment["id"],
                    "reason": "Other Fraud-Card Absent Environment",
                    "additionalData": {"disputeStatus": _DEFENDED[outcome]},
                }  # fmt: skip
                self._service.told_of(event, payment, told)
        return len(disputes)
