"""A house with old rows, sweepers for it, and databases that watch or die."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select
from tests.pipeline.conftest import House
from tests.quantities import much

from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.results import OrderResult, OrdersResult
from entrepot.pipeline.retention import Retention, RetentionSettings
from entrepot.store import schema
from entrepot.store.engine import Database, Unavailable
from entrepot.store.keeping.archive import EventArchive
from entrepot.store.verify import verify
from entrepot.writer.envelope import Answer, Envelope, Idempotency, Outcome

T = TypeVar("T")
DAY = 86_400.0
KEPT = RetentionSettings(keys_seconds=30 * DAY, events_seconds=90 * DAY)
LINE = DraftLine("[0]", VariantRef(names=(("sku", "X"),)), much(1), Amount(999, 2), title="x")
EVENT = tuple[int, str, int]  # organization, order, number


async def no_pause(_seconds: float) -> None:
    """Tests wait for nothing."""


def a_sweeper(house: House, folder: Path, database: Database | None = None, **more: Any) -> Any:
    """The retention of one process. `more` are settings, `pause` and `monotonic`."""
    settings = KEPT._replace(**{k: more.pop(k) for k in list(more) if k in KEPT._fields})
    usual = {"now": house.now, "archive": EventArchive(folder), "pause": no_pause}
    return Retention(database or house.database, settings=settings, **(usual | more))


async def ordered(house: House, key: str) -> Outcome:
    """Send an order under a key."""
    intent = Idempotency(key, "synq.createOrder", ("all",), b"12345678")
    command = house.shop.order(None, idempotency_key=key)._replace(source="synq")
    return await house.writer.submit(Envelope(command, "req", intent, _answer))


def _answer(result: Any) -> Answer:
    return (
        Answer(201, result.order.id.hex().encode())
        if isinstance(result, OrderResult)
        else Answer(409, b"")
    )


async def mirrored(house: House, sender: str, *konvo: str) -> bytes:
    """An order that its sender tells in these words, one event each at least; its id."""
    order_id = b""
    for turn, word in enumerate(konvo):
        draft = OrderDraft(
            "[0]", sender, bytes([turn]) * 16, "EUR", Amount(999, 2), (LINE,),
            CustomerRef(), (("konvo", word),), {},
        )  # fmt: skip
        result = await house.do(MirrorOrders(house.shop.org, "konvo", (draft,)))
        assert isinstance(result, OrdersResult)
        order_id = result.orders[-1].id
    return order_id


async def keys_of(house: House) -> set[str]:
    return {key for (key,) in await house.rows(schema.idempotency_keys, "key")}


async def events_of(house: House, order_id: bytes | None = None) -> set[EVENT]:
    where = {"subject": "order"} if order_id is None else {"subject_id": order_id}
    found = await house.rows(schema.events, "org", "subject_id", "seq", **where)
    return {(org, dashed(order), seq) for org, order, seq in found}


def archived(folder: Path) -> list[dict[str, Any]]:
    """Every line that can be read of the archive; a file may end torn."""
    lines: list[dict[str, Any]] = []
    for path in sorted(folder.glob("events-*.jsonl.gz")):
        rest = path.read_bytes()
        while rest:
            member = zlib.decompressobj(wbits=31)
            text = member.decompress(rest)
            if not member.eof:
                break
            lines += [json.loads(line) for line in text.splitlines()]
            rest = member.unused_data
    return lines


def how_many_files(folder: Path) -> int:
    return len(list(folder.iterdir()))


def named(lines: list[dict[str, Any]]) -> list[EVENT]:
    return [(line["org"], line["order_id"], line["seq"]) for line in lines]


async def assert_clean(house: House) -> None:
    report = await house.database.read(verify)
    assert report.violations == [], report.violations


class Watched:
    """A database that tells how many rows of a table each transaction removed."""

    def __init__(self, inner: Database, table: Any) -> None:
        self._inner = inner
        self._table = table
        self.removed: list[int] = []
        self.dialect, self.waited_seconds = inner.dialect, 0.0

    async def write(self, work: Callable[[Connection], T]) -> T:
        def counted(conn: Connection) -> tuple[T, int]:
            count = select(func.count()).select_from(self._table)
            before = conn.execute(count).scalar_one()
            return work(conn), before - conn.execute(count).scalar_one()

        result, removed = await self._inner.write(counted)
        self.removed.append(removed)
        return result

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._inner.read(work)

    async def close(self) -> None:
        await self._inner.close()


class Dying:
    """A database whose process dies in place of a chosen write's commit."""

    def __init__(self, inner: Database, at: int) -> None:
        self._inner = inner
        self._left = at
        self.dialect, self.waited_seconds = inner.dialect, 0.0

    async def write(self, work: Callable[[Connection], T]) -> T:
        def worked(conn: Connection) -> T:
            result = work(conn)
            self._left -= 1
            if self._left < 0:
                raise Unavailable("the lights went out")
            return result

        return await self._inner.write(worked)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._inner.read(work)

    async def close(self) -> None:
        await self._inner.close()
