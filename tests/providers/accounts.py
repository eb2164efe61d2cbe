"""Accounts at the payment services, as they come out of the book, for tests."""

from __future__ import annotations

from entrepot.providers import account

STRIPE_SECRET = "whsec_test"


def at_stripe(url: str) -> dict[str, str]:
    """An account at a Stripe that listens at this address."""
    given = {"api_key": "sk_test_1", "webhook_secret": STRIPE_SECRET, "base_url": url}
    return account.unpacked("stripe", account.packed("stripe", given))
