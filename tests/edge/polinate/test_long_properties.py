"""Properties are free: neither a long path nor a long text is too much for the list's filter."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
import uuid_utils

from entrepot.core.refusal import Refusal
from entrepot.core.results import OrderResult
from entrepot.edge.access import Principal
from entrepot.edge.polinate.orders import listing, read, wire
from entrepot.store import accounts
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate
from entrepot.store.reading import queries
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

from .samples import Body, new_order, told


def new_id() -> bytes:
    return uuid_utils.uuid7().bytes


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    await migrate.upgrade(opened)
    yield opened
    await opened.close()


async def found(database: Database, org: int, query: Body) -> int:
    wanted, _, limit = listing.order_list(query)
    page = await database.read(lambda conn: queries.page(conn, org, wanted, limit=limit, offset=0))
    assert page.total is not None
    return page.total


@pytest.mark.parametrize("letter", ["x", "\U0001f4e6"])
async def test_long_paths_and_texts_are_found(letter: str, database: Database) -> None:
    make = partial(accounts.create_organization, name="ours", now=1, new_id=new_id)
    ours = await database.write(make)
    principal = Principal(ours.org, ours.id, ours.tenant_id, "EDITOR")
    key = "".join(chr(0x4E00 + place) for place in range(1_000))
    text = letter + "".join(chr(0x5000 + place) for place in range(5_000))
    properties = {"sage": {key: text, "short": "s"}}
    line = {"itemVariantId": "var_" + "0b" * 16, "quantity": 1, "price": "1"}
    body = read.posted(told(new_order(properties=properties, orderItems=[line])))
    assert isinstance(body, wire.CreateOrder)
    command, _ = read.create_order(body, None, principal)
    # Nobody has such a variant yet, so the line brings its own.
    named = command.lines[0].variant._replace(names=(("polinate", "v"),))
    command = command._replace(lines=(command.lines[0]._replace(variant=named),))
    writer = Writer(database, now=lambda: 1_000_000, new_id=new_id)
    outcome = await writer.submit(Envelope(command))
    assert not isinstance(outcome.result, Refusal), outcome.result
    assert isinstance(outcome.result, OrderResult)
    path = f"sage.{key}"
    for query, count in (
        ({"propertyPath": path, "propertyExists": "true"}, 1),
        ({"propertyPath": path[:-1], "propertyExists": "true"}, 0),
        ({"propertyPath": path, "propertyValue": text}, 1),
        ({"propertyPath": path, "propertyValue": text[:-1]}, 0),
        ({"propertyPath": "sage.short", "propertyValue": "s"}, 1),
    ):
        assert await found(database, ours.org, query) == count, list(query)
