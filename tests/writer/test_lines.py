"""Where commands wait: bounds in orders and age, shares of a batch, and the pace that is expected.

Times are what a test says they are; nothing here reads a clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from entrepot.core.commands import Command, CustomerRef
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import DeferJob, FinishJob
from entrepot.core.money import Amount
from entrepot.writer import lines as parts
from entrepot.writer.envelope import Envelope
from entrepot.writer.lines import BULK_PATIENCE, EVERYTHING, Limits, Lines, Waiting

ID = b"i" * 16
SINGLE = PlaceOrder(1, "synq", "EUR", ())
OURS: list[Command] = [
    ReserveStock(1, ID, ID, 1, "key", frozenset(), 0),
    SettlePayment(1, ID, ID, 1, "authorized", ""),
    DeferJob(1, ID, 1, 0, "why"),
    FinishJob(1, ID, 1),
]


@pytest.fixture(autouse=True)
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """For the futures of those who wait; it never runs."""
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield made
    asyncio.set_event_loop(None)
    made.close()


def array(orders: int, job_id: bytes | None = None) -> MirrorOrders:
    draft = OrderDraft("[0]", "s", ID, "EUR", Amount(1, 0), (), CustomerRef(), (), {})
    return MirrorOrders(1, "konvo", (draft,) * orders, job_id)


def add(lines: Lines, command: Command, times: int = 1, at: float = 0.0) -> None:
    for _ in range(times):
        future = asyncio.get_event_loop_policy().get_event_loop().create_future()
        lines.line_of(command).add(Waiting(Envelope(command), future, at))


def commands(batch: list[Waiting]) -> list[Command]:
    return [waiting.envelope.command for waiting in batch]


def test_the_bound_counts_orders_and_not_commands() -> None:
    lines = Lines(Limits(queue_max=500))
    add(lines, array(499))
    assert not lines.full(lines.singles, 0.0)
    assert not lines.full(lines.bulk, 0.0)
    add(lines, SINGLE)
    assert lines.full(lines.singles, 0.0)
    assert lines.full(lines.bulk, 0.0)
    lines.take(0.0)
    lines.take(0.0)
    assert not lines.full(lines.singles, 0.0)


@pytest.mark.parametrize("command", [*OURS, array(3, ID)], ids=lambda c: type(c).__name__)
def test_the_pipelines_own_are_never_refused_and_never_grow_too_old(command: Command) -> None:
    lines = Lines(Limits(queue_max=1, queue_seconds=1.0))
    add(lines, SINGLE)
    add(lines, command, 1000)
    assert lines.full(lines.singles, 99.0)
    assert not lines.full(lines.line_of(command), 99.0)
    assert commands(lines.expired(99.0)) == [SINGLE]
    assert len(lines.line_of(command).queue) == 1000


def test_the_pipeline_takes_most_of_a_batch_and_leaves_some_to_new_orders() -> None:
    lines = Lines(Limits(batch_max=8))
    add(lines, OURS[0], 100)
    add(lines, SINGLE, 100)
    assert commands(lines.take(0.0)) == [OURS[0]] * 6 + [SINGLE] * 2


def test_what_one_leaves_of_a_batch_is_the_others() -> None:
    lines = Lines(Limits(batch_max=8))
    add(lines, OURS[0], 3)
    add(lines, SINGLE, 100)
    assert commands(lines.take(0.0)) == [OURS[0]] * 3 + [SINGLE] * 5
    add(lines, OURS[0], 100)
    lines.expired(99.0)
    assert commands(lines.take(0.0)) == [OURS[0]] * 8


def test_two_series_of_batches_share_what_waits_and_take_nothing_twice() -> None:
    lines = Lines(Limits(batch_max=8))
    add(lines, OURS[0], 10)
    add(lines, SINGLE, 9)
    assert commands(lines.take(0.0, parts.OTHERS)) == [SINGLE] * 8
    assert commands(lines.take(0.0, parts.OURS)) == [OURS[0]] * 8
    assert commands(lines.take(0.0, parts.OTHERS)) == [SINGLE]
    assert (lines.waiting(parts.OURS), lines.waiting(parts.OTHERS)) == (2, 0)
    assert lines.take(0.0, parts.OTHERS) == []
    assert commands(lines.take(0.0, parts.OURS)) == [OURS[0]] * 2


def test_arrays_and_single_orders_come_first_by_turns() -> None:
    lines = Lines(Limits(batch_max=8))
    add(lines, SINGLE, 100)
    add(lines, array(500), 2)
    sizes = [[len(commands(lines.take(0.0))), lines.bulk.orders] for _ in range(4)]
    assert sizes == [[8, 1000], [1, 500], [8, 500], [1, 0]]


def test_an_array_waits_longer_than_a_single_order_before_it_is_too_old() -> None:
    lines = Lines(Limits(queue_seconds=1.0))
    add(lines, array(2))
    add(lines, SINGLE)
    assert lines.expired(1.0) == []
    assert commands(lines.expired(1.5)) == [SINGLE]
    assert lines.expired(float(BULK_PATIENCE)) == []
    assert commands(lines.expired(BULK_PATIENCE + 0.5)) == [array(2)]
    assert lines.orders == 0
    assert lines.waiting(EVERYTHING) == 0


def standing(lines: Lines, taken: int, seconds: float) -> None:
    """A line that never empties gives `taken` orders every so many seconds."""
    add(lines, SINGLE, 10 * taken)
    for turn in range(5):
        assert len(lines.take(turn * seconds)) == taken


def test_the_door_shuts_when_the_wait_would_be_long_at_the_pace_that_is_measured() -> None:
    lines = Lines(Limits(batch_max=10, queue_seconds=1.0))
    standing(lines, 10, 0.1)
    assert lines.singles.pace == pytest.approx(0.01)
    # Fifty wait: half a second, half of what they may.
    assert lines.singles.orders == 50
    assert not lines.shut(lines.singles, 50, 0.0)
    assert lines.shut(lines.singles, 51, 0.0)
    # Those who wait are inside as well, and are not counted twice.
    assert not lines.full(lines.singles, 0.0)
    assert not lines.shut(lines.bulk, 51, 0.0)


def test_the_door_shuts_when_somebody_has_waited_long_whatever_the_pace() -> None:
    lines = Lines(Limits(queue_seconds=1.0))
    add(lines, SINGLE, at=10.0)
    assert not lines.shut(lines.singles, 1, 10.5)
    assert lines.shut(lines.singles, 1, 10.6)
    assert not lines.full(lines.singles, 11.0)
    assert lines.full(lines.singles, 11.1)


def test_an_empty_line_forgets_its_pace_so_that_no_stall_shuts_the_door_for_good() -> None:
    lines = Lines(Limits(batch_max=10, queue_seconds=1.0))
    standing(lines, 10, 60.0)
    assert lines.shut(lines.singles, 60, 240.0)
    while lines.take(300.0):
        pass
    assert not lines.shut(lines.singles, 60, 300.0)


def test_before_anything_is_measured_only_the_count_bounds() -> None:
    lines = Lines(Limits(queue_max=100, queue_seconds=1.0))
    assert not lines.shut(lines.singles, 99, 0.0)
    assert lines.shut(lines.singles, 100, 0.0)
