"""Systems outside of the book: payment services, and sources of notified orders."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

from entrepot.asked_once import AskedOnce
from entrepot.core.claims import Claim
from entrepot.core.decide.mirror import OrderDraft
from entrepot.core.integrations import ACTIVE, Connection, Push, Pushed
from entrepot.core.notice import NoticeKey
from entrepot.core.products import FullProduct
from entrepot.core.provider_accounts import ProviderAccount
from entrepot.pipeline.breaker import Breaker
from entrepot.pipeline.counted import Counted
from entrepot.providers.payment import PaymentProvider
from entrepot.store import accounts
from entrepot.store.accounts import Organization
from entrepot.store.engine import Database
from entrepot.store.reading import claims, integrations, notices, products

if TYPE_CHECKING:
    from entrepot.pipeline.source_client import SourceClient

_SETTINGS_SECONDS = 1.0
_ORGANIZATIONS_MAX = 10_000
SANDBOX = "sandbox"  # the service that answers in place of those without an account


class SourceDialect(NamedTuple):
    """The dialect of a source of orders: its name, the spelling of an organization's id, and its
    orders.

    `read` takes the document, the id that was asked for, and the organization's number. It raises
    Refused for a document that is no order.
    """

    name: str
    business: Callable[[bytes], str]
    read: Callable[[bytes, str, int], OrderDraft]


# Makes the provider that speaks to a payment service for the account of one organization.
Connect = Callable[[ProviderAccount], PaymentProvider]


class Shops(Protocol):
    """The integration service, which tells connected shops of products."""

    async def push(self, connection: Connection, told: Push, product: FullProduct | None) -> Pushed:
        """Tell a connection of a product; without `product` the product is gone."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


class _Reached(NamedTuple):
    """A service as it is reached for one account, and when the account was looked at."""

    account: ProviderAccount
    provider: Counted
    looked_at: float


class Outside:
    """Payment services by organization, and a client for order sources, made when it is needed.

    `services` connect to the service of their name, in small letters. The sandbox, under its own
    name, answers for everybody. What is known of an account is at most `account_seconds` old.
    """

    def __init__(
        self,
        services: Mapping[str, Connect],
        sandbox: PaymentProvider | None,
        database: Database,
        dialect: SourceDialect,
        *,
        account_seconds: float = 0.0,
        shops: Shops | None = None,
    ) -> None:
        """`shops`: who tells connected shops of products; None where nobody is set up."""
        self.dialect = dialect
        self.shops = shops
        self.pushes = Breaker(time.monotonic, random.random)
        self._services, self._sandbox = services, sandbox
        self._database = database
        self._reached: dict[tuple[int, str], _Reached] = {}
        self._account_seconds = account_seconds
        self._left: list[PaymentProvider] = []  # of accounts that were changed or removed
        self._reaching = asyncio.Lock()
        self._source: SourceClient | None = None
        self._captures: dict[int, tuple[float, str]] = {}
        self._asking = AskedOnce(_SETTINGS_SECONDS, time.monotonic)

    async def service(self, org: int, name: str) -> PaymentProvider | None:
        """The service, as it is asked for this organization; None where nobody can ask."""
        if name == SANDBOX:
            return self._sandbox
        connect = self._services.get(name)
        if connect is None:
            return None
        found = self._reached.get((org, name))
        if found is None or time.monotonic() - found.looked_at >= self._account_seconds:
            async with self._reaching:
                found = await self._reach(org, name, connect)
        return None if found is None else found.provider

    async def _reach(self, org: int, name: str, connect: Connect) -> _Reached | None:
        """The service for an account as the book has it now."""
        known, now = self._reached.get((org, name)), time.monotonic()
        if known is not None and now - known.looked_at < self._account_seconds:
            return known
        find = partial(accounts.provider_account, org=org, service=name)
        account = await self._database.read(find)
        if known is not None and known.account == account:
            self._reached[org, name] = known = known._replace(looked_at=now)
            return known
        if known is not None:
            self._left.append(known.provider)
            del self._reached[org, name]
        if account is None:
            return None
        # In a thread: the client of a service is imported here first.
        provider = await asyncio.to_thread(connect, account)
        counted = Counted(provider, name, Breaker(time.monotonic, random.random))
        found = self._reached[org, name] = _Reached(account, counted, now)
        return found

    async def capture(self, org: int) -> str:
        """When the organization takes the money of its orders: at most a second old."""
        known = self._captures.get(org)
        if known is not None and time.monotonic() - known[0] <= _SETTINGS_SECONDS:
            return known[1]
        # Hundreds of steps are under way when the second is over.
        return await self._asking.ask(org, partial(self._look_up_capture, org))

    async def _look_up_capture(self, org: int) -> str:
        now = time.monotonic()
        found = await self._database.read(partial(accounts.capture_of, org=org))
        if len(self._captures) >= _ORGANIZATIONS_MAX:
            self._captures.clear()
        self._captures[org] = (now, found)
        return found

    async def notified_money(
        self, org: int, service: str, names: Iterable[str], since: int
    ) -> tuple[NoticeKey, ...]:
        """The kept notifications of money since a time that no step has heard, by what they name
        the payments by.
        """
        find = partial(notices.of_money, org=org, service=service, references=names, since=since)
        return await self._database.read(find)

    async def pays_another(self, claim: Claim, order_id: bytes) -> bytes | None:
        """Another live order that stands with the payment of this reference now."""
        org, provider, reference = claim
        find = partial(
            claims.pays_another, org=org, provider=provider, reference=reference, order_id=order_id
        )
        return await self._database.read(find)

    def rest(self, org: int, name: str) -> float:
        """Seconds for which the service is left alone for this organization; 0: it may be asked."""
        found = self._reached.get((org, name))
        breaker = None if found is None else found.provider.breaker
        return 0.0 if breaker is None else breaker.rest()

    async def organization(self, org: int) -> Organization | None:
        """The organization, which says where its source is."""
        return await self._database.read(partial(accounts.organization, org=org))

    async def connection(self, org: int, name: str) -> Connection | None:
        """The connection of this name; None where the organization has none that is active."""
        found = await integrations.connections.ask(self._database, org)
        return next((one for one in found if (one.name, one.status) == (name, ACTIVE)), None)

    async def product(self, org: int, product_id: bytes) -> FullProduct | None:
        """The product with its variants."""
        return await products.product.ask(self._database, org, product_id)

    @property
    def source(self) -> SourceClient:
        """The client for order sources."""
        if self._source is None:
            from entrepot.pipeline.source_client import SourceClient  # noqa: PLC0415 - see there

            self._source = SourceClient()
        return self._source

    async def close(self) -> None:
        """Let go of the client and of the services that were connected to."""
        reached = [one.provider for one in self._reached.values()]
        for provider in (*reached, *self._left):
            await provider.close()
        if self._source is not None:
            await self._source.close()
        if self.shops is not None:
            await self.shops.close()
