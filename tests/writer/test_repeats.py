"""A refusal by the state of now gives way to the stored answer of the request that it repeats."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.writer.test_writer import Watched, a_writer, an_organization, answer, place

from entrepot.core.refusal import Reason, Refused, refuse
from entrepot.edge.access import Principal
from entrepot.edge.dialect import Call, Replay
from entrepot.store.engine import Database
from entrepot.writer.envelope import Answer, Envelope, Idempotency
from entrepot.writer.idempotency import fingerprint

KEY = Idempotency("k", "native.amendOrder", ("title",), fingerprint([b"Mug"]))


class Gated(Watched):
    """A database whose writes say that they run, and wait for the gate before they commit."""

    def __init__(self, inner: Database) -> None:
        super().__init__(inner)
        self.runs, self.gate = asyncio.Event(), asyncio.Event()

    async def write_guarded(self, work: Callable[[Connection], Any]) -> Any:
        self.runs.set()
        await self.gate.wait()
        return await super().write_guarded(work)


async def test_a_repeat_waits_for_the_request_that_it_repeats(database: Database) -> None:
    """It was told 400 by a state that had moved, and the request itself 200 a moment later."""
    org = await an_organization(database)
    gated = Gated(database)
    writer = a_writer(gated)
    services: Any = SimpleNamespace(database=database, writer=writer)
    call = Call(services, "r", "PATCH", {}, b"", {}, Principal(org, b"o" * 16, b"t" * 16, "ADMIN"))
    fault = refuse(Reason.INVALID, "it has moved")
    other = KEY._replace(fingerprint=fingerprint([b"Pot"]))

    async def asked(key: Idempotency | None) -> Exception:
        return await call.repeat_or(fault, key)

    assert [await asked(key) for key in (None, KEY)] == [fault, fault]
    # Another request runs, so that the first one waits in the queue.
    running = writer.begin(Envelope(place(org)))
    await gated.runs.wait()
    first = writer.begin(Envelope(place(org), None, KEY, answer))
    queued = asyncio.create_task(asked(KEY))
    foreign = await asked(KEY._replace(key="another"))
    assert foreign is fault, "nobody waits for other keys"
    gated.runs.clear()
    gated.gate.set()
    await gated.runs.wait()
    under_way = asyncio.create_task(asked(KEY))
    outcome, repeat, other_request = await asyncio.gather(first, queued, asked(other))
    for one in (repeat, await under_way, await asked(KEY)):
        assert isinstance(one, Replay)
        assert one.answer == outcome.answer
    assert other_request is fault
    await running


@pytest.mark.parametrize("stored", [True, False])
async def test_a_request_that_is_refused_by_a_setting_of_the_server(
    database: Database, stored: bool
) -> None:
    org = await an_organization(database)
    writer = a_writer(Watched(database))
    services: Any = SimpleNamespace(database=database, writer=writer)
    call = Call(services, "r", "POST", {}, b"", {}, Principal(org, b"o" * 16, b"t" * 16, "ADMIN"))
    if stored:
        await writer.submit(Envelope(place(org), None, KEY, answer))
    raised = await call.repeat_or(refuse(Reason.INVALID, "no seal"), KEY)
    assert type(raised) is (Replay if stored else Refused)
    if isinstance(raised, Replay):
        assert isinstance(raised.answer, Answer)
