"""A notification that comes many times at once is kept once, on either engine."""

from __future__ import annotations

import asyncio

from tests.factories import new_id
from tests.writer.test_first_step import a_desk

from entrepot.clock import now
from entrepot.core.decide.notice import KeepNotice
from entrepot.core.results import NoticeResult
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer


async def test_a_notification_that_comes_64_times_at_once_is_kept_once(database: Database) -> None:
    """Through four writers, as four processes have: one of them makes the rows."""
    desk = await a_desk(database, 5)
    writers = [Writer(database, now=now, new_id=new_id) for _ in range(4)]
    keep = KeepNotice(desk.shop.org, "stripe", "evt_1", ("pi_1", "order-1", "pi_1"), b"{}")
    outcomes = await asyncio.gather(
        *[writers[n % 4].submit(Envelope(keep, f"req-{n}")) for n in range(64)]
    )
    results = [one.result for one in outcomes]
    assert all(isinstance(one, NoticeResult) for one in results), results
    assert sum(isinstance(one, NoticeResult) and one.new for one in results) == 1
    kept = await desk.column(schema.provider_notices, "reference")
    assert sorted(kept) == ["order-1", "pi_1"]
