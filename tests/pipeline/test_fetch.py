"""Fetching a notified order from a real HTTP server of the organization."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from email.message import Message
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.local_http import LocalHttp
from tests.pipeline.conftest import House, eventually
from tests.quantities import much

from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.mirror import OrderDraft
from entrepot.core.decide.notify import NotifyOrder
from entrepot.core.decide.set_up import SetOrderSource
from entrepot.core.money import Amount
from entrepot.core.organization import OrderSource
from entrepot.core.refusal import Reason, refuse
from entrepot.pipeline.order_source import BODY_BYTES_MAX
from entrepot.store import accounts, schema
from entrepot.store.writing import announced

TEXT = "PO 1/2?"
Reply = tuple[int, bytes, dict[str, str]]


class Source:
    """An order source that answers as it is told, the last answer for ever."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.replies: list[Reply] = []
        self.encodings: list[str | None] = []
        self.cut = False
        self._server = LocalHttp(self._answer)
        self._server.__enter__()
        self.template = f"{self._server.url}/o/{{orderId}}?b={{businessId}}"

    def _answer(self, path: str, sent: Message) -> Reply:
        self.asked.append((path, sent["X-Key"]))
        self.encodings.append(sent["Accept-Encoding"])
        status, body, headers = self.replies[min(len(self.asked), len(self.replies)) - 1]
        if self.cut:
            return status, b"", {"Content-Length": str(len(body)), **headers}
        return status, body, headers

    def close(self) -> None:
        self._server.__exit__()


@pytest.fixture
def source() -> Iterator[Source]:
    running = Source()
    yield running
    running.close()


def read(document: bytes, sender_id: str, org: int) -> OrderDraft:
    if document != b"an order":
        raise refuse(Reason.INVALID, "is no order", "order")
    line = DraftLine(
        "orderItems[0]", VariantRef(names=(("sku", "SKU-0"),)), much(1), Amount(100, 2)
    )
    words = (("polinate_phase", "ACTIVE"),)
    return OrderDraft("order", sender_id, b"d" * 16, "EUR", Amount(100, 2), (line,),
                      CustomerRef(), words, {})  # fmt: skip


async def notify(house: House, source: Source, *replies: Reply, text: str = TEXT) -> None:
    source.replies = list(replies)

    def configure(conn: Any) -> None:
        accounts.set_source(conn, house.shop.org, source.template, "X-Key: source-secret")

    await house.database.write(configure)
    await house.do(NotifyOrder(house.shop.org, "polinate", text))


async def until_parked(house: House) -> str:
    async def parked() -> list[tuple[Any, ...]]:
        return await house.rows(schema.jobs, "last_error", state="parked")

    [(error,)] = await eventually(parked)
    return str(error)


OK: Reply = (200, b"an order", {})
PACKED = gzip.compress(bytes(1 << 24))  # 16 MiB in 16 KiB


async def test_a_source_that_fails_twice_is_asked_three_times(house: House, source: Source) -> None:
    with capture_logs() as logs:
        house.start(fetch_reader=read)
        await notify(house, source, (503, b"", {}), (500, b"oops", {}), OK)
        await house.until_quiet()
    rows = await house.rows(schema.orders, "sender_id", "managed", "stage")
    assert [(s, bool(m), st) for s, m, st in rows] == [(TEXT, False, "confirmed")]
    business = f"bus_{house.shop.organization.id.hex()}"
    assert source.asked == [(f"/o/PO%201%2F2%3F?b={business}", "source-secret")] * 3
    assert "source-secret" not in str(logs)
    assert TEXT not in str(logs)


async def test_a_connection_that_breaks_is_tried_again(house: House, source: Source) -> None:
    source.cut = True
    house.start(fetch_reader=read)
    await notify(house, source, OK)

    async def asked() -> bool:
        return len(source.asked) > 1

    await eventually(asked)
    source.cut = False
    await house.until_quiet()
    assert len(await house.rows(schema.orders, "id")) == 1


@pytest.mark.parametrize(
    ("reply", "asked", "told"),
    [
        ((404, b"", {}), 5, "answered 404"),
        ((302, b"", {"Location": "http://127.0.0.1:1/elsewhere"}), 20, "answered 302"),
        ((200, b"no order", {}), 1, "no order"),
        ((200, b"x" * (BODY_BYTES_MAX + 1), {}), 1, "over 1048576 bytes"),
        ((200, PACKED, {"Content-Encoding": "gzip"}), 1, "packed (gzip)"),
        (
            (200, gzip.compress(PACKED), {"Content-Encoding": "gzip, gzip"}),
            1,
            "packed (gzip, gzip)",
        ),
        ((200, b"an order", {"Content-Encoding": "x"}), 1, "packed (x)"),
    ],
)
async def test_what_cannot_be_fetched_is_parked(
    house: House, source: Source, reply: Reply, asked: int, told: str
) -> None:
    house.start(fetch_reader=read)
    await notify(house, source, reply)
    assert told in await until_parked(house)
    assert len(source.asked) == asked
    assert await house.rows(schema.orders, "id") == []


async def test_an_announced_order_waits_for_a_source(house: House, source: Source) -> None:
    """The source is taken away before it is asked; the next one is asked for the order."""
    org = house.shop.org
    await notify(house, source, OK)
    await house.database.write(lambda c: accounts.set_source(c, org, None, None))
    house.start(fetch_reader=read)
    await house.until_quiet()
    assert source.asked == []
    assert await house.rows(schema.announced_orders, "text") == [(TEXT,)]

    assert await house.database.read(lambda conn: announced.count(conn, org)) == 1
    await house.do(SetOrderSource(org, OrderSource(source.template, "X-Key: source-secret")))
    await house.until_quiet()
    assert len(source.asked) == len(await house.rows(schema.orders, "id")) == 1
    assert await house.rows(schema.announced_orders, "text") == []


@pytest.mark.parametrize(
    "template",
    ["http://127.0.0.1:port/{orderId}", "ftp://127.0.0.1/{orderId}", "http://{orderId}/x"],
)
async def test_a_source_that_cannot_be_asked_parks(
    house: House, source: Source, template: str
) -> None:
    source.template = template
    house.start(fetch_reader=read)
    await notify(house, source, OK)
    assert "cannot be asked" in await until_parked(house)


@pytest.mark.parametrize("text", [".", ".."])
async def test_an_id_never_leaves_its_segment(house: House, source: Source, text: str) -> None:
    house.start(fetch_reader=read)
    await notify(house, source, OK, text=text)
    assert "dot segment" in await until_parked(house)
    assert source.asked == []


async def test_an_answer_is_asked_for_as_it_is(house: House, source: Source) -> None:
    house.start(fetch_reader=read)
    await notify(house, source, OK)
    await house.until_quiet()
    assert source.encodings == ["identity"]


async def test_a_draft_that_the_book_refuses_is_parked(house: House, source: Source) -> None:
    def greedy(document: bytes, sender_id: str, org: int) -> OrderDraft:
        return read(document, sender_id, org)._replace(total=Amount(10**20, 2))

    reader: Callable[[bytes, str, int], OrderDraft] = greedy
    house.start(fetch_reader=reader)
    await notify(house, source, OK)
    assert "out of range" in await until_parked(house)


async def test_a_notification_takes_a_given_up_fetch_up_again(house: House, source: Source) -> None:
    """The order was not there in time; its sender says once more that it exists."""
    house.start(fetch_reader=read)
    await notify(house, source, (404, b"", {}))
    assert "404" in await until_parked(house)
    source.replies = [OK]
    await house.do(NotifyOrder(house.shop.org, "polinate", TEXT))
    await house.until_quiet()
    assert len(await house.rows(schema.orders, "id")) == 1
