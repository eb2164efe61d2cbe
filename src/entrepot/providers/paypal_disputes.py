"""The state of a payment's disputes, by PayPal's list of disputes.

PayPal's client has no calls for disputes: https://developer.paypal.com/api/customer-disputes/v1/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from entrepot.providers.blocking import BoundedSession
from entrepot.providers.payment import Authorised, Captured, Disputed, NotSent
from entrepot.providers.paypal_client import token

# Outcomes with which the shop keeps the money. A dispute that is lost stays one.
_WITHOUT_LOSS = frozenset({
    "RESOLVED_SELLER_FAVOUR", "RESOLVED_SELLER_FAVOR", "RESOLVED_WITH_PAYOUT", "CANCELED_BY_BUYER",
    "DENIED", "NONE",
})  # fmt: skip
_DETAIL = "the customer disputes the payment at PayPal"
_PATH = "/v1/customer/disputes"
_OK = 200
# The app has no permission for disputes, or the service that plays PayPal has none.
_CLOSED = frozenset({401, 403, 404})


class _NoWord(Exception):
    """PayPal does not say anything of disputes. `status`: that of its answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class Disputes:
    """PayPal's list of disputes for one account. Each call blocks."""

    def __init__(self, base_url: str, session: BoundedSession, oauth: Any) -> None:
        """`oauth`: what PayPal's client has access tokens from."""
        self._base_url, self._session, self._oauth = base_url, session, oauth

    def of(self, taken: Authorised | Captured) -> Authorised | Captured | Disputed | NotSent:
        """Money that was taken, perhaps a part of what was held: disputed, where a dispute of one
        of its captures is open or lost. Where PayPal does not open the list to the app, nothing is
        known of disputes.
        """
        captures = [one.reference for one in taken.captures] or [taken.provider_reference]
        try:
            if self._any(captures):
                detail, held = _DETAIL, isinstance(taken, Authorised)
                return Disputed(
                    detail, taken.provider_reference, taken.captures, held, taken.refunds
                )
        except _NoWord as error:
            if error.status not in _CLOSED:
                return NotSent(f"PayPal's list of disputes: status {error.status}")
            return replace(taken, disputes_told=False)
        return taken

    def _any(self, captures: Iterable[str]) -> bool:
        for capture in captures:
            listed = self._asked(_PATH, {"disputed_transaction_id": capture}).get("items") or ()
            if any(self._stands(one) for one in listed):
                return True
        return False

    def _stands(self, dispute: dict[str, Any]) -> bool:
        if dispute.get("status") != "RESOLVED":
            return True
        whole = self._asked(f"{_PATH}/{dispute['dispute_id']}", {})
        return (whole.get("dispute_outcome") or {}).get("outcome_code") not in _WITHOUT_LOSS

    def _asked(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        held = self._oauth._o_auth_token or token(None, self._oauth)  # noqa: SLF001 - as in paypal
        headers = {"Authorization": f"Bearer {held.access_token}"}
        answer = self._session.request(
            "GET", f"{self._base_url}{path}", params=params, headers=headers
        )
        if answer.status_code != _OK:
            raise _NoWord(answer.status_code)
        return dict(answer.json())
