"""The process dies while it accepts an order, reserves its stock, or changes the schema."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.faults.killed import arm, died, repeat, send
from tests.faults.matrix import rows

from entrepot.testing.clients import accepted, speaking
from entrepot.testing.server import ENTREPOT, Server


@pytest.mark.parametrize(
    ("engine", "point", "kept"),
    rows(
        {
            "K0 sqlite": ("sqlite", "commit.PlaceOrder", 0),
            "K1 postgres": ("postgres", "committed.PlaceOrder", 1),
        },
        K0_postgres=("postgres", "write.PlaceOrder", 0),
        K1_sqlite=("sqlite", "committed.PlaceOrder", 1),
    ),
)
def test_an_order_is_accepted_once(
    engine: str, point: str, kept: int, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """K0: the process dies before it commits the order. K1: before it answers."""
    server = Server(fresh_database(engine), tmp_path)
    arm(server, point)
    with server, speaking(server) as world:
        body = world.synq_order()
        send(world, body)
        died(server)
        assert server.events("order.placed") == kept
        server.start()
        order_id = repeat(world, body)
        assert world.synq.until(order_id)["status"] == "confirmed"
        assert repeat(world, body) == order_id
        assert server.events("order.placed") == 1
        server.verify()


@pytest.mark.parametrize(
    ("engine", "point", "held"),
    rows(
        {"K2 sqlite": ("sqlite", "commit.ReserveStock", 0)},
        K2_postgres=("postgres", "write.ReserveStock", 0),
        K3_sqlite=("sqlite", "committed.ReserveStock", 1),
        K3_postgres=("postgres", "committed.ReserveStock", 1),
    ),
)
def test_stock_is_reserved_once(
    engine: str, point: str, held: int, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """K2: the process dies before it commits the hold. K3: before it asks for the money."""
    with Server(fresh_database(engine), tmp_path) as server, speaking(server) as world:
        assert server.terminate() == 0
        # A process that runs the pipeline would reserve in the transaction that accepts.
        server.role = "api"
        server.start()
        order_id = accepted(world.synq.create(world.synq_order()))["order_id"]
        server.role = "all"
        assert server.terminate() == 0
        arm(server, point)
        server.launch()
        died(server)
        assert server.events("stock.reserved") == held
        server.start()
        assert world.synq.until(order_id)["status"] == "confirmed"
        assert server.events("stock.reserved") == 1
        assert server.events("order.confirmed") == 1
        server.verify()


@pytest.mark.parametrize("engine", rows({"K12 sqlite": "sqlite"}, K12_postgres="postgres"))
def test_a_reader_that_kept_no_mark_reads_the_same_events_again(
    engine: str, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    """K12: events were handed over, and the process dies before the reader has noted its mark."""
    with Server(fresh_database(engine), tmp_path) as server, speaking(server) as world:
        for _ in range(3):
            assert world.synq_created()["status"] == "confirmed"

        def read(after: int) -> list[dict[str, Any]]:
            answer = world.native.send("GET", f"/events?limit=200&after={after}")
            told: list[dict[str, Any]] = accepted(answer, 200)["data"]
            return told

        handed = read(0)
        half = handed[len(handed) // 2]["number"]
        server.restart()
        assert read(0) == handed, "each event is the same, with the same number"
        assert world.synq_created()["status"] == "confirmed"
        again = read(half)
        # Nothing is left out behind any mark, and nothing stands between what was handed over.
        assert again[: len(handed) - half] == handed[half:]
        numbers = [event["number"] for event in again]
        assert numbers == list(range(half + 1, half + 1 + len(again)))
        server.verify()


@pytest.mark.parametrize(
    ("engine", "point"),
    rows(
        {"K20 sqlite": ("sqlite", "migrate.step:3")},
        K20_postgres=("postgres", "migrate.step:3"),
        K20_sqlite_at_the_end=("sqlite", "migrate.commit"),
        K20_postgres_at_the_end=("postgres", "migrate.commit"),
    ),
)
def test_a_schema_that_was_being_changed_is_changed_once(
    engine: str, point: str, empty_database: Callable[[str], str], tmp_path: Path
) -> None:
    """K20: the migration was one transaction, so the book is at its old schema, here at none."""
    server = Server(empty_database(engine), tmp_path)
    arm(server, point)
    killed = subprocess.run(
        [ENTREPOT, "migrate"], env=server.env, cwd=tmp_path, capture_output=True, check=False
    )
    assert killed.returncode == -signal.SIGKILL, killed
    arm(server, "")
    refused = subprocess.run(
        [ENTREPOT, "serve", "--port", "0"],
        env=server.env | {"ENTREPOT_MIGRATE": "off"},
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 2, refused
    assert b"entrepot migrate" in refused.stderr, refused
    with server, speaking(server) as world:
        assert world.synq_created()["status"] == "confirmed"
        server.verify()
