"""A batch with many lines is decided and written while others run, whoever sent the lines."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.quantities import much

from entrepot import pace
from entrepot.clock import new_id, now
from entrepot.core.commands import Command, CustomerRef, DraftLine, VariantRef
from entrepot.core.decide import size
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.money import Amount
from entrepot.core.results import OrderResult, OrdersResult
from entrepot.store import accounts
from entrepot.store.engine import Database
from entrepot.writer import writer as writing
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer


def lines(many: int, name: str) -> tuple[DraftLine, ...]:
    return tuple(
        DraftLine(
            f"items[{n}]",
            VariantRef(names=(("external", f"{name}-{n}"),)),
            much(1),
            Amount(1, 2),
            "EUR",
        )
        for n in range(many)
    )


def array(org: int, orders: int, each: int) -> MirrorOrders:
    drafts = tuple(
        OrderDraft(
            f"[{n}]", f"order-{n}", b"d" * 16, "EUR", Amount(each, 2), lines(each, str(n)),
            CustomerRef(), (), {},
        )
        for n in range(orders)
    )  # fmt: skip
    return MirrorOrders(org, "konvo", drafts)


async def turns_while(writer: Writer, commands: list[Command]) -> tuple[int, list[Any]]:
    """How often others had their turn, and what came of the commands."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    outcomes = await writer.submit_all([Envelope(command) for command in commands])
    beside.cancel()
    return turns, [outcome.result for outcome in outcomes]


@pytest.mark.parametrize("kind", ["one array", "many single orders", "many properties"])
async def test_many_lines_hold_nobody_up(
    database: Database, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "SLICE_SECONDS", 0.0)
    org = await database.write(lambda c: accounts.create_organization(c, "Acme", now(), new_id))
    writer = Writer(database, now=now, new_id=new_id)
    commands: list[Command] = [array(org.org, 30, 60)]
    if kind == "many properties":
        commands = [with_properties(org.org, 6_000)]
    if kind == "many single orders":
        commands = [
            PlaceOrder(org.org, "synq", "EUR", lines(300, str(n)), CustomerRef(), None, {})
            for n in range(5)
        ]
    assert sum(map(size, commands)) > writing.AT_ONCE_MAX
    turns, results = await turns_while(writer, commands)
    assert all(isinstance(one, OrdersResult | OrderResult) for one in results)
    assert turns > 20


def with_properties(org: int, many: int) -> PlaceOrder:
    text = json.dumps({"a": {f"k{n}": n for n in range(many)}}, separators=(",", ":"))
    said = {"properties": text}
    return PlaceOrder(org, "polinate", "EUR", lines(1, "p"), CustomerRef(), None, said)


def test_how_much_a_command_writes() -> None:
    assert size(with_properties(1, 3)) == 2 + 4
    changes = AmendOrder(1, "polinate", b"o", properties={"a": {"b": 1, "c": {}}, "d": None})
    assert size(changes) == 1 + 4
    assert size(array(1, 3, 5)) == 18
    assert size(PlaceOrder(1, "synq", "EUR", lines(7, "a"), CustomerRef(), None, {})) == 8
    assert size(AdjustStock(1, b"v", b"l", much(1), "")) == 1
