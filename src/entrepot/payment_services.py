"""The payment services by name, and how an account becomes a provider.

A service's client is imported where an account of the service is used, and not before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from entrepot import sealing
from entrepot.providers import account
from entrepot.providers.payment import PaymentProvider
from entrepot.providers.unusable import Unusable
from entrepot.store.accounts import ProviderAccount

# Makes a provider of an account's members, with so many calls under way at most.
Make = Callable[[Mapping[str, str], int], PaymentProvider]
NOTHING_KEPT = "nothing is kept of this account; add it again with `entrepot provider add`"


def _stripe(members: Mapping[str, str], calls_max: int) -> PaymentProvider:
    from entrepot.providers.stripe import StripeProvider  # noqa: PLC0415

    return StripeProvider(members, calls_max)


PROVIDERS: Mapping[str, Make] = MappingProxyType({"stripe": _stripe})


def members_of(kept: ProviderAccount, keys: tuple[bytes, ...]) -> dict[str, str]:
    """What the service knows the organization by. Raises Unsealable."""
    if kept.sealed is None:
        raise sealing.Unsealable(NOTHING_KEPT)
    about = sealing.about_account(kept.org, kept.service)
    return account.unpacked(kept.service, sealing.unseal(keys, kept.sealed, about))


def connect(kept: ProviderAccount, *, keys: tuple[bytes, ...], calls_max: int) -> PaymentProvider:
    """The provider of an account. One that cannot be opened says so in each answer."""
    try:
        return PROVIDERS[kept.service](members_of(kept, keys), calls_max)
    except sealing.Unsealable as why:
        return Unusable(kept.service, f"the account at {kept.service} cannot be used: {why}")


def connectors(
    keys: tuple[bytes, ...], calls_max: int
) -> Mapping[str, Callable[[ProviderAccount], PaymentProvider]]:
    """For each service a function that connects to the service for one account."""
    return {name: partial(connect, keys=keys, calls_max=calls_max) for name in PROVIDERS}
