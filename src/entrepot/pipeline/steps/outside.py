"""Systems outside of the book: payment services, and sources of notified orders."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import httpx

from entrepot.core.decide.mirror import OrderDraft
from entrepot.pipeline.counted import Counted
from entrepot.pipeline.order_source import make_client
from entrepot.providers.payment import PaymentProvider
from entrepot.store import accounts
from entrepot.store.accounts import Organization, ProviderAccount
from entrepot.store.engine import Database

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


class Outside:
    """Payment services by organization, and a client for order sources, made when it is needed.

    `services` connect to the service of their name, in small letters. The sandbox, under its own
    name, answers for everybody.
    """

    def __init__(
        self,
        services: Mapping[str, Connect],
        sandbox: PaymentProvider | None,
        database: Database,
        dialect: SourceDialect,
    ) -> None:
        self.dialect = dialect
        self._services, self._sandbox = services, sandbox
        self._database = database
        self._connected: dict[ProviderAccount, PaymentProvider] = {}
        self._client: httpx.AsyncClient | None = None
        self._captures: dict[int, tuple[float, str]] = {}

    async def service(self, org: int, name: str) -> PaymentProvider | None:
        """The service, as it is asked for this organization; None where nobody can ask."""
        if name == SANDBOX:
            return self._sandbox
        connect = self._services.get(name)
        if connect is None:
            return None
        account = await self._database.read(
            partial(accounts.provider_account, org=org, service=name)
        )
        if account is None:
            return None
        found = self._connected.get(account)
        if found is None:
            found = self._connected[account] = Counted(connect(account), name)
        return found

    async def capture(self, org: int) -> str:
        """When the organization takes the money of its orders: at most a second old."""
        known = self._captures.get(org)
        now = time.monotonic()
        if known is None or now - known[0] > _SETTINGS_SECONDS:
            if len(self._captures) >= _ORGANIZATIONS_MAX:
                self._captures.clear()
            found = await self._database.read(partial(accounts.capture_of, org=org))
            known = self._captures[org] = (now, found)
        return known[1]

    async def organization(self, org: int) -> Organization | None:
        """The organization, which says where its source is."""
        return await self._database.read(partial(accounts.organization, org=org))

    @property
    def client(self) -> httpx.AsyncClient:
        """The client for order sources."""
        if self._client is None:
            self._client = make_client()
        return self._client

    async def close(self) -> None:
        """Let go of the client and of the services that were connected to."""
        for connected in self._connected.values():
            await connected.close()
        if self._client is not None:
            await self._client.aclose()
