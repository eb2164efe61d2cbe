"""Accounts at the payment services, as they come out of the book, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

from entrepot.providers import account

STRIPE_SECRET = "whsec_test"


def at_stripe(url: str) -> dict[str, str]:
    """An account at a Stripe that listens at this address."""
    given = {"api_key": "sk_test_1", "webhook_secret": STRIPE_SECRET, "base_url": url}
    return account.unpacked("stripe", account.packed("stripe", given))


ADYEN_HMAC = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
ADYEN_MERCHANT = "AcmeECOM"


def at_adyen(url: str) -> dict[str, str]:
    """An account at an Adyen that listens at this address."""
    given = {
        "api_key": "AQE1", "merchant_account": ADYEN_MERCHANT, "hmac_key": ADYEN_HMAC,
        "base_url": url,
    }  # fmt: skip
    return account.unpacked("adyen", account.packed("adyen", given))


PAYPAL_WEBHOOK = "WH-1"


def at_paypal(url: str) -> dict[str, str]:
    """An account at a PayPal that listens at this address."""
    given = {
        "client_id": "app", "client_secret": "hidden", "webhook_id": PAYPAL_WEBHOOK,
        "base_url": url,
    }  # fmt: skip
    return account.unpacked("paypal", account.packed("paypal", given))


class Told(list[bytes]):
    """Notifications that are kept, in place of the book; their times are 0, 1, 2 ..."""

    async def __call__(self, references: tuple[str, ...]) -> list[bytes]:
        return [one for one in self if any(name.encode() in one for name in references)]

    async def since(self, time: int) -> AsyncIterator[tuple[int, bytes]]:
        for at, body in enumerate(self):
            if at >= time:
                yield at, body
