"""Queues of commands: bounds in orders and age, shares of a batch, and the expected pace.

Times are what a test says they are; nothing here reads a clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from entrepot.core.commands import Command, CustomerRef
from entrepot.core.decide import weight
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import DeferJob, FinishJob
from entrepot.core.money import Amount
from entrepot.writer import queues as parts
from entrepot.writer.envelope import Envelope
from entrepot.writer.queues import BULK_PATIENCE, EVERYTHING, Limits, Queues, Waiting

ID = b"i" * 16
SINGLE = PlaceOrder(1, "synq", "EUR", ())
OURS: list[Command] = [
    ReserveStock(1, ID, ID, 1, b"s", frozenset(), 0),
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


def add(queues: Queues, command: Command, times: int = 1, at: float = 0.0) -> None:
    for _ in range(times):
        future = asyncio.get_event_loop_policy().get_event_loop().create_future()
        orders = weight(command)
        queues.queue_of(command, orders).add(Waiting(Envelope(command), future, at, orders))


def commands(batch: list[Waiting]) -> list[Command]:
    return [waiting.envelope.command for waiting in batch]


def test_the_bound_counts_orders_and_not_commands() -> None:
    queues = Queues(Limits(queue_max=500))
    add(queues, array(499))
    assert not queues.full(queues.singles, 0.0)
    assert not queues.full(queues.bulk, 0.0)
    add(queues, SINGLE)
    assert queues.full(queues.singles, 0.0)
    assert queues.full(queues.bulk, 0.0)
    queues.take(0.0)
    queues.take(0.0)
    assert not queues.full(queues.singles, 0.0)


@pytest.mark.parametrize("command", [*OURS, array(3, ID)], ids=lambda c: type(c).__name__)
def test_the_pipelines_own_are_never_refused_and_never_grow_too_old(command: Command) -> None:
    queues = Queues(Limits(queue_max=1, queue_seconds=1.0))
    add(queues, SINGLE)
    add(queues, command, 1000)
    assert queues.full(queues.singles, 99.0)
    assert not queues.full(queues.queue_of(command, 1), 99.0)
    assert commands(queues.expired(99.0)) == [SINGLE]
    assert len(queues.queue_of(command, 1).entries) == 1000


def test_the_pipeline_takes_most_of_a_batch_and_leaves_some_to_new_orders() -> None:
    queues = Queues(Limits(batch_max=8))
    add(queues, OURS[0], 100)
    add(queues, SINGLE, 100)
    assert commands(queues.take(0.0)) == [OURS[0]] * 6 + [SINGLE] * 2


def test_what_one_leaves_of_a_batch_is_the_others() -> None:
    queues = Queues(Limits(batch_max=8))
    add(queues, OURS[0], 3)
    add(queues, SINGLE, 100)
    assert commands(queues.take(0.0)) == [OURS[0]] * 3 + [SINGLE] * 5
    add(queues, OURS[0], 100)
    queues.expired(99.0)
    assert commands(queues.take(0.0)) == [OURS[0]] * 8


def test_two_series_of_batches_share_what_waits_and_take_nothing_twice() -> None:
    queues = Queues(Limits(batch_max=8))
    add(queues, OURS[0], 10)
    add(queues, SINGLE, 9)
    assert commands(queues.take(0.0, parts.OTHERS)) == [SINGLE] * 8
    assert commands(queues.take(0.0, parts.OURS)) == [OURS[0]] * 8
    assert commands(queues.take(0.0, parts.OTHERS)) == [SINGLE]
    assert (queues.waiting(parts.OURS), queues.waiting(parts.OTHERS)) == (2, 0)
    assert queues.take(0.0, parts.OTHERS) == []
    assert commands(queues.take(0.0, parts.OURS)) == [OURS[0]] * 2


def test_arrays_and_single_orders_come_first_by_turns() -> None:
    queues = Queues(Limits(batch_max=8))
    add(queues, SINGLE, 100)
    add(queues, array(500), 2)
    sizes = [[len(commands(queues.take(0.0))), queues.bulk.orders] for _ in range(4)]
    assert sizes == [[8, 1000], [1, 500], [8, 500], [1, 0]]


def test_an_array_waits_longer_than_a_single_order_before_it_is_too_old() -> None:
    queues = Queues(Limits(queue_seconds=1.0))
    add(queues, array(2))
    add(queues, SINGLE)
    assert queues.expired(1.0) == []
    assert commands(queues.expired(1.5)) == [SINGLE]
    assert queues.expired(float(BULK_PATIENCE)) == []
    assert commands(queues.expired(BULK_PATIENCE + 0.5)) == [array(2)]
    assert queues.singles.orders == queues.bulk.orders == 0
    assert queues.waiting(EVERYTHING) == 0


def standing(queues: Queues, taken: int, seconds: float) -> None:
    """A queue that never empties gives `taken` orders every so many seconds."""
    add(queues, SINGLE, 10 * taken)
    for turn in range(5):
        assert len(queues.take(turn * seconds)) == taken


def test_the_door_shuts_when_the_wait_would_be_long_at_the_pace_that_is_measured() -> None:
    queues = Queues(Limits(batch_max=10, queue_seconds=1.0))
    standing(queues, 10, 0.1)
    assert queues.singles.pace == pytest.approx(0.01)
    # Fifty wait: half a second, half of what they may.
    assert queues.singles.orders == 50
    assert not queues.shut(queues.singles, 50, 0.0)
    assert queues.shut(queues.singles, 51, 0.0)
    # Those who wait are inside as well, and are not counted twice.
    assert not queues.full(queues.singles, 0.0)
    assert not queues.shut(queues.bulk, 51, 0.0)


def test_the_door_shuts_when_somebody_has_waited_long_whatever_the_pace() -> None:
    queues = Queues(Limits(queue_seconds=1.0))
    add(queues, SINGLE, at=10.0)
    assert not queues.shut(queues.singles, 1, 10.5)
    assert queues.shut(queues.singles, 1, 10.6)
    assert not queues.full(queues.singles, 11.0)
    assert queues.full(queues.singles, 11.1)


def test_an_empty_line_forgets_its_pace_so_that_no_stall_shuts_the_door_for_good() -> None:
    queues = Queues(Limits(batch_max=10, queue_seconds=1.0))
    standing(queues, 10, 60.0)
    assert queues.shut(queues.singles, 60, 240.0)
    while queues.take(300.0):
        pass
    assert not queues.shut(queues.singles, 60, 300.0)


def test_before_anything_is_measured_only_the_count_bounds() -> None:
    queues = Queues(Limits(queue_max=100, queue_seconds=1.0))
    assert not queues.shut(queues.singles, 99, 0.0)
    assert queues.shut(queues.singles, 100, 0.0)
