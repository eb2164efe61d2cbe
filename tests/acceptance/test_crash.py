"""kill -9 at random moments under load: nothing acknowledged is lost, nothing happens twice.

If two servers work on one book, one of them is killed while the other goes on.
"""

from __future__ import annotations

import collections
import itertools
import os
import random
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pysqlite3
import pytest
from tests.acceptance.deployment import TWO, deployed

from entrepot.testing.clients import SETTLED, Body, World, accepted
from entrepot.testing.server import Server, eventually

WRITERS = 8
KILLS = int(os.environ.get("ENTREPOT_CRASH_KILLS", "5"))
SEED = int(os.environ.get("ENTREPOT_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
ACKNOWLEDGED_BETWEEN_KILLS = 40
REFERENCES = ("pi", "pi", "pi", "declined", "flaky-2", "unknown-1")


class Witness:
    """Answers to the clients, kept outside the server in a file that survives with the clients."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a")
        self._lock = threading.Lock()
        self.orders: dict[str, str] = {}

    def saw(self, key: str, order_id: str) -> None:
        """Notes an acknowledged order; on disk when this returns."""
        with self._lock:
            self._file.write(f"{key} {order_id}\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            assert self.orders.setdefault(key, order_id) == order_id

    def close(self) -> None:
        self._file.close()


class Load:
    """Writers that place orders until told to stop, and repeat what was not acknowledged."""

    def __init__(self, world: World, witness: Witness) -> None:
        self.world = world
        self.witness = witness
        self.stop = threading.Event()
        self.surprises: list[str] = []
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def wait_for(self, more: int) -> None:
        """Returns when so many more orders were acknowledged, or something went wrong."""
        enough = len(self.witness.orders) + more
        eventually(
            lambda: bool(self.surprises) or len(self.witness.orders) >= enough,
            f"{more} more orders are accepted",
        )

    def finish(self) -> None:
        """Lets every writer bring its last order home."""
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        while not self.stop.is_set() and not self.surprises:
            number = next(self._numbers)
            reference = f"{REFERENCES[number % len(REFERENCES)]}-c{number}"
            self._bring_home(self.world.synq_order(reference, idempotency_key=f"crash-{number}"))

    def _bring_home(self, body: Body) -> None:
        while not self.surprises:
            try:
                response = self.world.synq.create(body)
            except httpx.TransportError:
                # The server was killed, before or after its commit: only the same key may tell.
                self.stop.wait(0.02)
                continue
            if response.status_code == 503:
                continue
            if response.status_code != 201:
                self.surprises.append(f"{response.status_code}: {response.text}")
                return
            self.witness.saw(body["idempotency_key"], accepted(response)["order_id"])
            return


def held_twice(ledger: Path) -> list[tuple[str, int]]:
    """The orders for which the sandbox holds money more than once, read from its own ledger."""
    with closing(pysqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as book:
        rows: list[tuple[str, int]] = book.execute(
            "SELECT order_ref, count(*) FROM payments WHERE state = 'authorised'"
            " GROUP BY order_ref HAVING count(*) > 1"
        ).fetchall()
        held = book.execute("SELECT count(*) FROM payments").fetchone()[0]
    assert held, "the sandbox's ledger is empty: nothing was compared"
    return rows


def settled(world: World) -> dict[str, Body]:
    """Every order by its key, once all but the parked ones are confirmed or failed."""
    # Waiting for one after the other: all of them are read twice, and not twenty times a second.
    for order in list(world.synq.orders()):
        if not ended(order):
            world.synq.until(order["id"], seconds=180)
    orders = list(world.synq.orders())
    assert all(ended(order) for order in orders)
    keys = collections.Counter(order["idempotency_key"] for order in orders)
    assert not [key for key, count in keys.items() if count > 1], "two orders for one key"
    return {order["idempotency_key"]: order for order in orders}


def ended(order: Body) -> bool:
    return order["status"] in SETTLED or order["parked"]


def kill_under_load(server: Server, world: World, witness: Witness, kills: int) -> None:
    """Kills and restarts the server so often, each time after some orders and a random while."""
    chance = random.Random(SEED)
    load = Load(world, witness)
    load.start()
    try:
        for _ in range(kills):
            load.wait_for(ACKNOWLEDGED_BETWEEN_KILLS)
            load.stop.wait(chance.uniform(0, 0.7))
            server.restart()
    finally:
        load.finish()
    assert load.surprises == []


def as_told(order: Body) -> bool:
    """Whether the order ended as its payment reference scripts it; stock there was enough."""
    declined = order["payment_reference"].startswith("declined")
    return bool(order["status"] == ("failed" if declined else "confirmed"))


@pytest.mark.parametrize(
    ("deployment", "kills"),
    [("sqlite", KILLS), ("postgres", max(2, KILLS // 3)), (TWO, max(2, KILLS // 3))],
)
def test_nothing_acknowledged_is_lost_or_doubled(
    deployment: str, kills: int, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    print(f"ENTREPOT_CRASH_SEED={SEED}")  # noqa: T201 - shown with a failure, to run it again
    witness = Witness(tmp_path / "witness.log")
    # Short leases: what a killed process held is taken up soon after.
    env = {"ENTREPOT_LEASE_SECONDS": "3", "ENTREPOT_RETRY_SECONDS": "0.2"}
    with deployed(deployment, fresh_database, tmp_path, env) as (server, world):
        kill_under_load(server, world, witness, kills)
        orders = settled(world)
        assert {key: order["id"] for key, order in orders.items()} == witness.orders
        moved = [o for o in orders.values() if o["status"] in SETTLED]
        assert [order for order in moved if not as_told(order)] == []
        assert held_twice(server.ledger) == []
        server.verify()
    witness.close()
