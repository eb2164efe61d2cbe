"""From a secret or a token to its caller. A look-up is remembered for one second at most, so a
revocation holds everywhere within one second.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from entrepot.asked_once import AskedOnce
from entrepot.edge.rate_limit import SharedTokenBuckets, TokenBuckets
from entrepot.edge.wrong_credentials import WrongCredentials
from entrepot.store import accounts
from entrepot.store.engine import Database, Work
from entrepot.store.reading import integrations

if TYPE_CHECKING:
    from entrepot.edge.tokens import TokenVerifier

T = TypeVar("T")
REMEMBERED_SECONDS = 1.0
REMEMBERED_MAX = 10_000


class Admission:
    """Credentials, tokens and the request rate of every organization."""

    def __init__(
        self,
        database: Database,
        *,
        monotonic: Callable[[], float],
        rate: float | None,
        tokens: TokenVerifier | None = None,
        shared_buckets: SharedTokenBuckets | None = None,
    ) -> None:
        self._database = database
        self._monotonic = monotonic
        self._buckets = shared_buckets or TokenBuckets(rate)
        self._remembered: dict[object, tuple[float, Any]] = {}
        self._asking = AskedOnce(REMEMBERED_SECONDS, monotonic)
        # Secrets that stand for nobody, by their digests, and until when that is believed.
        self._unknown: dict[bytes, float] = {}
        # Keys that were revoked here. A look-up that was under way then may still find them.
        self._revoked: set[bytes] = set()
        self.tokens = tokens
        self.wrong = WrongCredentials(monotonic)

    async def credential(self, secret: str) -> accounts.Credential | None:
        """The credential of this secret; None if the secret is unknown or revoked."""
        known = self._remembered.get(secret)
        if known is None and self._unknown:
            until = self._unknown.get(accounts.digest(secret))
            if until is not None and until > self._monotonic():
                return None
        found = await self._remember(secret, lambda conn: accounts.credential(conn, secret))
        if found is None:
            if len(self._unknown) >= REMEMBERED_MAX:
                self._unknown.clear()
            until = self._monotonic() + REMEMBERED_SECONDS
            self._unknown[accounts.digest(secret)] = until
        return found

    def known(self, secret: str) -> accounts.Credential | None:
        """The credential of this secret, if it was looked up within the last second; else None."""
        known = self._remembered.get(secret)
        if known is None or known[0] <= self._monotonic():
            return None
        found: accounts.Credential = known[1]
        return found

    def look_again(self, org_id: bytes) -> None:
        """Look the organization's keys up anew: what is known of them has changed."""
        found = [
            at
            for at, (_, one) in self._remembered.items()
            if getattr(one, "org_id", None) == org_id
        ]
        for at in found:
            del self._remembered[at]

    def forget(self, key_id: bytes) -> None:
        """Take the key with this id no more: it was revoked a moment ago."""
        if len(self._revoked) >= REMEMBERED_MAX:
            self._revoked.clear()
        self._revoked.add(key_id)
        found = [at for at, (_, one) in self._remembered.items() if one.id == key_id]
        for at in found:
            del self._remembered[at]

    async def organization(self, tenant_id: bytes, org_id: bytes) -> accounts.Organization | None:
        """The organization that a token's claims name; None when there is none in that tenant."""
        return await self._remember(
            (tenant_id, org_id),
            lambda conn: accounts.organization_by_ids(conn, tenant_id, org_id),
        )

    async def connection(self, name: str) -> integrations.Connected | None:
        """The connection that an event names, whichever organization has the connection."""
        return await self._database.read(partial(integrations.connected, name=name))

    def seconds_to_wait(self, org: int) -> float:
        """Spend one request of the organization's allowance; above zero, it has none left."""
        return self._buckets.take(org, self._monotonic())

    async def _remember(self, key: object, look_up: Work[T | None]) -> T | None:
        now = self._monotonic()
        known = self._remembered.get(key)
        if known is not None and known[0] > now:
            remembered: T = known[1]
            return remembered
        return await self._asking.ask(key, partial(self._ask, key, look_up, now))

    async def _ask(self, key: object, look_up: Work[T | None], now: float) -> T | None:
        found = await self._database.read(look_up)
        if getattr(found, "id", None) in self._revoked:
            found = None
        if found is not None:
            if len(self._remembered) >= REMEMBERED_MAX:
                self._remembered.clear()
            self._remembered[key] = (now + REMEMBERED_SECONDS, found)
        else:
            self._remembered.pop(key, None)
        return found
