"""Konvo's services over a SQLite file of one test, with a clock and ids that can be foretold."""

import itertools
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import NamedTuple

import pytest

from entrepot.edge.access import Principal
from entrepot.edge.admission import Admission
from entrepot.edge.dialect import Call
from entrepot.edge.services import Services
from entrepot.store import accounts
from entrepot.store.engines.opening import open_database
from entrepot.testing import furnishing
from entrepot.writer.writer import Writer

from .samples import MARCH_FIRST

SECRETS = {"konvo-editor": "konvo", "synq-editor": "synq"}


class Book(NamedTuple):
    """Services, and two organizations in their book."""

    services: Services
    ours: Principal
    theirs: Principal

    def call(
        self,
        *,
        body: bytes = b"",
        query: str = "",
        order_id: str = "",
        principal: Principal | None = None,
    ) -> Call:
        """A request of ours, or of the principal told."""
        return Call(
            self.services, "request-1", "POST" if body else "GET", {"ID": order_id},
            query.encode(), {}, principal or self.ours, body,
        )  # fmt: skip


@pytest.fixture
async def book(one_database: Callable[[], str]) -> AsyncIterator[Book]:
    database = open_database(one_database())
    ticks, numbers = itertools.count(MARCH_FIRST, 1_000_000), itertools.count(1)

    def new_id() -> bytes:
        return next(numbers).to_bytes(16, "big")

    principals = []
    for name in ("ours", "theirs"):
        make = partial(accounts.create_organization, name=name, now=1, new_id=new_id)
        made = await database.write(make)
        principals.append(Principal(made.org, made.id, made.tenant_id, "EDITOR"))
    for secret, dialect in SECRETS.items():
        key = furnishing.NewCredential(
            principals[0].org, new_id(), secret, dialect, "EDITOR", dialect
        )
        await database.write(partial(furnishing.add_credential, made=key, now=1))
    writer = Writer(database, now=lambda: next(ticks), new_id=new_id)
    admission = Admission(database, monotonic=lambda: 0.0, rate=None)
    yield Book(Services(database, writer, admission), principals[0], principals[1])
    await writer.drain()
    await database.close()
