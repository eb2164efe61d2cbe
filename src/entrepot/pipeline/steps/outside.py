"""Systems outside of the book: payment services, and sources of notified orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import httpx

from entrepot.core.decide.mirror import OrderDraft
from entrepot.pipeline.order_source import make_client
from entrepot.providers.payment import PaymentProvider
from entrepot.store import accounts
from entrepot.store.accounts import Organization
from entrepot.store.engine import Database


class SourceDialect(NamedTuple):
    """The dialect of a source of orders: its name, the spelling of an organization's id, and its
    orders.

    `read` takes the document, the id that was asked for, and the organization's number. It raises
    Refused for a document that is no order.
    """

    name: str
    business: Callable[[bytes], str]
    read: Callable[[bytes, str, int], OrderDraft]


class Outside:
    """The services by name, and a client for order sources, which is made when it is needed."""

    def __init__(
        self,
        services: Mapping[str, PaymentProvider],
        database: Database,
        dialect: SourceDialect,
    ) -> None:
        self.services = services
        self.dialect = dialect
        self._database = database
        self._client: httpx.AsyncClient | None = None

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
        """Let go of the client."""
        if self._client is not None:
            await self._client.aclose()
