"""The state of a PaymentIntent's disputes, by Stripe's list of disputes.

A charge says for ever that it was disputed, also once the dispute is won:
https://docs.stripe.com/api/disputes/list
"""

from __future__ import annotations

from typing import Any

import stripe

from entrepot.providers.payment import Disputed

# Disputes that the shop has won, and those that took no money: inquiries that were closed.
_WITHOUT_LOSS = frozenset({"won", "warning_closed", "prevented"})
_PAGE = 100


async def unless_ended(client: stripe.StripeClient, disputed: Disputed) -> Disputed | None:
    """The dispute, unless each dispute of the PaymentIntent has ended and the shop has its money.

    A lost dispute stays one. So does every dispute, where the key may not read disputes: then the
    charge is all that Stripe tells. Raises Stripe's other errors.
    """
    params: Any = {"payment_intent": disputed.provider_reference, "limit": _PAGE}
    try:
        listed = (await client.v1.disputes.list_async(params)).data
    except stripe.PermissionError:
        return disputed
    return disputed if any(one.status not in _WITHOUT_LOSS for one in listed) else None
