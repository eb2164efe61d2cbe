"""What a dialect asks of the accounts at payment services: members in, nothing secret out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from entrepot.core.provider_accounts import ProviderAccount


class Told(NamedTuple):
    """An account without what is secret in it.

    `members` may be shown; `secrets` says of each secret member whether it is kept. `unusable`:
    why the account cannot be opened; then nothing is known of its members.
    """

    members: Mapping[str, str]
    secrets: Mapping[str, bool]
    unusable: str | None = None


class ProviderAccounts(Protocol):
    """The payment services, and the keys by which accounts are sealed in the book."""

    def faults(self, service: str, given: Mapping[str, str]) -> list[tuple[str, str]]:
        """Why these members make no account: of each faulty one its name, and a sentence."""
        ...

    def no_seal(self) -> str | None:
        """Why nothing can be sealed here; None where it can."""
        ...

    def sealed(self, org: int, service: str, given: Mapping[str, str]) -> bytes:
        """The members, sealed for this organization and service."""
        ...

    def told(self, kept: ProviderAccount) -> Told:
        """The account, without what is secret in it."""
        ...

    async def check(self, kept: ProviderAccount) -> str | None:
        """Ask the service whether the account works: why not, or None. Nothing is charged."""
        ...
