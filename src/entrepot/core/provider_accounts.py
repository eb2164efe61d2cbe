"""An organization's account at a payment service, as the book keeps it: sealed."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Kind, TextKey, by


class ProviderAccount(NamedTuple):
    """An account at a payment service, whose name is in small letters.

    `sealed`: what the service knows the organization by, encrypted; None where nothing is kept.
    `added_at`: microseconds UTC.
    """

    org: int
    service: str
    sealed: bytes | None
    added_at: int = 0


ACCOUNTS: Kind[TextKey, ProviderAccount] = Kind(
    "provider account", ProviderAccount, by(ProviderAccount, "org", "service")
)
