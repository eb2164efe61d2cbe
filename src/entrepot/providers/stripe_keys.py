"""Asking Stripe again past a failure that Stripe has saved under a key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import stripe

from entrepot.providers.exchange import key_of_now
from entrepot.providers.stripe_answers import SERVER_FAULT

TRIES = 3
Json = dict[str, Any]


def numbered(key: str, number: int) -> str:
    """The key of a try at one operation: the first try has the operation's own."""
    return key if number == 1 else f"{key}-{number}"


async def past_failures(
    ask: Callable[[str], Awaitable[Json]],
    key: str,
    intent: Callable[[], Awaitable[Json]],
    waits: frozenset[str],
) -> Json:
    """The PaymentIntent after `ask`, which is called with a key and changes the intent once.

    Stripe answers a saved failure to each repeat of its key, whatever came of the first call. So
    the intent is read: if its status is still one of `waits`, nothing came of the call, and the
    next key is tried. The intent itself prevents a second effect. Once Stripe has saved failures
    under all of them, the key of the moment is tried. Raises Stripe's errors.
    """
    keys = [*(numbered(key, number) for number in range(1, TRIES + 1)), key_of_now(key)]
    for one in keys:
        try:
            return await ask(one)
        except stripe.InvalidRequestError as error:
            if error.code != "payment_intent_unexpected_state":
                raise
            return await intent()
        except stripe.APIError as error:
            if error.http_status != SERVER_FAULT or one == keys[-1]:
                raise
            found = await intent()
            if found["status"] not in waits:
                return found
    raise AssertionError("the last try returns or raises")
