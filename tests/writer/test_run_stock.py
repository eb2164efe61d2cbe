"""Settings of the stock, told by many at once while orders take the stock, on both engines."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select
from tests.factories import new_id, open_shop

from entrepot.clock import now
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.refusal import Refusal
from entrepot.core.results import StockSettingsResult
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.reading import stock_settings
from entrepot.store.verify import verify
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer


async def test_of_64_changes_at_once_each_is_kept_and_told(database: Database) -> None:
    shop = await database.write(open_shop)
    writers = [Writer(database, now=now, new_id=new_id) for _ in range(8)]
    await writers[0].submit(Envelope(shop.stocked(1_000)))

    async def told(at: int) -> Any:
        if at % 2:
            return await writers[at % 8].submit(Envelope(shop.order(reference=None)))
        model = "SOFT" if at % 4 else "HARD"
        command = RunStock(shop.org, "synq", model, at, costing="FIFO")
        return (await writers[at % 8].submit(Envelope(command))).result

    results = await asyncio.gather(*[told(at) for at in range(128)])
    kept = [one for one in results if isinstance(one, StockSettingsResult)]
    assert sorted(one.settings.version for one in kept) == list(range(1, 65))
    found = await stock_settings.told.ask(database, shop.org)
    assert found is not None
    last = max(kept, key=lambda one: one.settings.version)
    assert (found.settings, found.hard) == (last.settings, last.hard)

    def looked(conn: Any) -> Any:
        c = schema.events.c
        events = conn.execute(select(c.seq).where(c.type == "settings.updated")).scalars().all()
        soft = conn.execute(select(schema.stock_levels.c.soft)).scalars().all()
        return sorted(events), set(soft), verify(conn)

    seqs, soft, report = await database.read(looked)
    assert (seqs, soft) == (list(range(1, 65)), {not last.hard})
    assert report.ok, report.violations


async def test_hard_is_refused_while_a_shelf_is_oversold(database: Database) -> None:
    shop = await database.write(open_shop)
    writer = Writer(database, now=now, new_id=new_id)
    await writer.submit(Envelope(shop.stocked(1)))
    await writer.submit(Envelope(RunStock(shop.org, "synq", "SOFT")))
    await writer.submit(Envelope(shop.stocked(-3)))
    refused = await writer.submit(Envelope(RunStock(shop.org, "synq", "HARD")))
    assert isinstance(refused.result, Refusal)
    assert "-2 on hand" in refused.result.detail
    await writer.submit(Envelope(shop.stocked(2)))
    taken = await writer.submit(Envelope(RunStock(shop.org, "synq", "HARD")))
    assert isinstance(taken.result, StockSettingsResult)
    report = await database.read(verify)
    assert report.ok, report.violations
