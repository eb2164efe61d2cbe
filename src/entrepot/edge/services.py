"""Services that every dialect is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple

from entrepot.edge.admission import Admission
from entrepot.edge.provider_accounts import ProviderAccounts
from entrepot.store.engine import Database
from entrepot.writer.writer import Writer


class Unverified(Exception):
    """A connection could not be looked up at the integration service; the text says why."""


async def _nobody(_name: str) -> str:
    raise Unverified("no integration service is set up here: set ENTREPOT_INTEGRATION_URL")


async def _nothing() -> None:
    return None


class Integrations(NamedTuple):
    """The integration service, which connects shops and tells of their orders.

    `url` is its address, and `workspace` the name of ours there; empty where none is set up.
    `secret` signs what the service tells. `provider` looks up the platform of a connection, and
    raises Unverified. `trusts_clients`: a platform that a client tells is taken where it cannot be
    looked up. `close` lets connections to the service go.
    """

    url: str = ""
    workspace: str = ""
    secret: bytes = b""
    provider: Callable[[str], Awaitable[str]] = _nobody
    trusts_clients: bool = False
    close: Callable[[], Awaitable[None]] = _nothing


NOT_SET_UP = Integrations()


def _plain(_org: int, secret: bytes) -> bytes:
    return secret


def _new_alone(_org: int, _kept: bytes, secret: bytes, _until: int) -> bytes:
    return secret


@dataclass(slots=True, frozen=True)
class Services:
    """Services for handlers: reading the book, and the one door for writes."""

    database: Database
    writer: Writer
    admission: Admission
    # Whether the sandbox answers for providers at which an organization has no account.
    sandbox: bool = True
    cell: int = 0  # the number of this book among several, which the secrets of keys show
    # Whether webhooks may be at addresses of private networks.
    private_webhooks: bool = False
    integrations: Integrations = NOT_SET_UP
    # The payment services at which organizations have accounts; None where no dialect asks.
    provider_accounts: ProviderAccounts | None = None
    # Seals the secret of an organization's webhook, if there is a key for that.
    seal_secret: Callable[[int, bytes], bytes] = _plain
    # What is kept of a webhook that gets another secret: by the organization, what is kept now, the
    # new secret, and the time until which the one before signs as well.
    renew_secret: Callable[[int, bytes, bytes, int], bytes] = _new_alone
