"""The refunds of a PaymentIntent, by Stripe's list of refunds: ours, and those of other people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import stripe

from entrepot.core.exponents import at_places, places
from entrepot.core.refunds import RefundFound
from entrepot.providers.payment import Captured, Disputed, PaymentRequest
from entrepot.providers.stripe_answers import KEY, NAME

_PAGE = 100
A = TypeVar("A")
Json = dict[str, Any]


async def listed(client: stripe.StripeClient, intent: str | None) -> list[Json]:
    """The newest refunds of an intent."""
    params: Any = {"payment_intent": intent, "limit": _PAGE}
    return list((await client.v1.refunds.list_async(params)).to_dict()["data"])


def key_of(refund: Mapping[str, Any]) -> str | None:
    """Our key of a refund; None of one that somebody else made."""
    return (refund.get("metadata") or {}).get(KEY)


async def added(
    client: stripe.StripeClient, answer: A, intent: Mapping[str, Any], request: PaymentRequest
) -> A:
    """The answer, with the refunds of the intent if it was taken and something went back."""
    charge = intent.get("latest_charge")
    back = charge.get("amount_refunded") if isinstance(charge, Mapping) else 0
    if not back or not isinstance(answer, Captured | Disputed):
        return answer
    found = []
    for one in await listed(client, str(intent["id"])):
        units = at_places(one["amount"], places(NAME, request.currency), request.scale)
        if one["status"] == "succeeded" and units is not None:
            found.append(RefundFound(str(one["id"]), units, key_of(one)))
    return replace(answer, refunds=tuple(found))
