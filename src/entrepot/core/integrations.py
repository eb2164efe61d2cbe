"""Connections of an organization to shops and bookkeeping, and the orders that they told.

A connection is made at an integration service, which asks the owner of the shop. The service then
tells of the shop's orders under the name of the connection.
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Kind, TextKey, by

COMMERCE, ACCOUNTING = "commerce", "accounting"
CATEGORIES = (COMMERCE, ACCOUNTING)
ACTIVE, PAUSED = "ACTIVE", "PAUSED"
STATES = (ACTIVE, PAUSED)
# What a shop is told of a product: that it is as it is, or that it is gone.
UPSERT, DELETE = "UPSERT", "DELETE"
PUSHES = (UPSERT, DELETE)
NAME_MAX = 255  # characters of a connection's name at the integration service
PROVIDER_MAX = 100  # characters
EXTERNAL_ID_MAX = 255  # characters of the id that a shop gives an order
# As many connections as an organization can have: all of them are in one answer.
CONNECTIONS_MAX = 1_000


class Connection(NamedTuple):
    """A connection. `name` is its id at the integration service; one organization has it.

    `provider` is the shop's platform, in small letters. `version` counts the events of the
    connection. A connection that is PAUSED brings no orders. Times are microseconds UTC.
    """

    org: int
    name: str
    id: bytes
    provider: str
    category: str
    status: str
    version: int
    created_at: int
    updated_at: int


class ToldOrder(NamedTuple):
    """An order that a connection told. `digest` is of what was told last.

    `order_id` is the order that was placed for it. Where none could be placed, `fault` says why.
    Times are microseconds UTC.
    """

    org: int
    connection_id: bytes
    external_id: str
    order_id: bytes | None
    fault: str | None
    digest: bytes
    version: int
    created_at: int
    updated_at: int


class Push(NamedTuple):
    """What a connection is to be told of a product, whose id is spelled with dashes."""

    connection: str
    product_id: str
    action: str  # one of PUSHES

    def text(self) -> str:
        """The push as the payload of a job: the name of a connection may have any character."""
        return f"{self.action} {self.product_id} {self.connection}"


class Pushed(NamedTuple):
    """What a push came to: the answer's status, or why there was none."""

    status: int | None
    error: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the status is 2xx."""
        return self.status is not None and self.status // 100 == 2


def push_of(text: str) -> Push:
    """The push that a job's payload is. Raises ValueError for another text."""
    action, product_id, connection = text.split(" ", 2)
    return Push(connection, product_id, action)


CONNECTIONS: Kind[TextKey, Connection] = Kind(
    "connection", Connection, by(Connection, "org", "name"), guard="version"
)
TOLD_ORDERS: Kind[tuple[int, bytes, str], ToldOrder] = Kind(
    "order that a connection told", ToldOrder,
    by(ToldOrder, "org", "connection_id", "external_id"), guard="version",
)  # fmt: skip


def key_of(connection: str, external_id: str) -> str:
    """The idempotency key of the order that a connection told under this id."""
    return f"unified:{connection}:{external_id}"
