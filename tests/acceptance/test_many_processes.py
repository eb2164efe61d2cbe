"""Several processes on one PostgreSQL are one server: two `serve`, and `serve --workers 2`."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.deployment import TWO, deployed
from tests.acceptance.test_crash import held_twice

from entrepot.edge.admission import REMEMBERED_SECONDS
from entrepot.testing.clients import (
    KONVO_ORDERS,
    SYNQ_ORDERS,
    Konvo,
    World,
    accepted,
    at_once,
    konvo_order,
    order_number,
    speaking,
)
from entrepot.testing.server import Server, eventually

ALIKE = 64
RIVALS = 16
ORDERS = 40


@pytest.fixture(scope="module")
def pair(
    fresh_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, World]]:
    """Two servers on one order book, and clients that ask them in turn."""
    with deployed(TWO, fresh_database, tmp_path_factory.mktemp("pair")) as both:
        yield both
        both[0].verify()


@pytest.fixture
def both(pair: tuple[Server, World]) -> World:
    """The demo organization, asked through two servers in turn."""
    return pair[1]


def how_many(world: World) -> int:
    total: int = accepted(world.polinate.get("/api/v1/orders", limit=1), 200)["total"]
    return total


@contextmanager
def knocking(server: Server, headers: dict[str, str] | None = None) -> Iterator[httpx.Client]:
    """A client that makes a connection for each request, so that any process may answer it."""
    limits = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=server.url, headers=headers, timeout=60, limits=limits) as client:
        yield client


# ------------------------------------------------------------------ two `entrepot serve`


@pytest.mark.parametrize("dialect", ["synq", "polinate"])
def test_one_key_sent_to_two_servers_at_once_makes_one_order(dialect: str, both: World) -> None:
    before, key = how_many(both), f"key-{uuid.uuid4()}"
    synq, polinate = both.synq_order(idempotency_key=key), both.polinate_order()
    send = {
        "synq": lambda _: both.synq.create(synq),
        "polinate": lambda _: both.polinate.post(polinate, key),
    }[dialect]
    answers = at_once(ALIKE, range(ALIKE), send)
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    assert how_many(both) == before + 1


def test_one_senders_order_told_to_two_servers_at_once_is_one_order(both: World) -> None:
    before, body = how_many(both), konvo_order()
    answers = at_once(RIVALS, range(ALIKE), lambda _: accepted(both.konvo.post(body)))
    assert {answer["count"] for answer in answers} == {1}
    [order_id] = {answer["result"][0]["id"] for answer in answers}
    totals = range(1000, 1000 + RIVALS)
    at_once(RIVALS, totals, lambda n: accepted(both.konvo.post(body | {"orderTotal": n})))
    assert both.konvo.order(order_id)["orderTotal"] in totals
    assert how_many(both) == before + 1


def test_of_rival_changes_to_one_order_one_is_made(both: World) -> None:
    order = both.polinate.create(both.polinate_order([0, 1]))
    line = order["orderItems"][1]
    entry = {"itemListEntryId": line["itemListEntryId"], "quantity": 1, "price": "1.00"}

    def statuses(change: dict[str, Any]) -> list[int]:
        rivals = at_once(RIVALS, range(RIVALS), lambda _: both.polinate.patch(order["id"], change))
        return sorted(answer.status_code for answer in rivals)

    removed = statuses({"deleteOrderItems": [line["id"]]})
    assert removed[0] == 200
    assert set(removed[1:]) <= {400, 404, 409}, removed
    added = statuses({"createOrderItems": [entry]})
    assert added == [200] + [409] * (RIVALS - 1)
    assert len(both.polinate.order(order["id"])["orderItems"]) == 2


def test_rival_adjustments_all_count(both: World) -> None:
    variant = both.variants[3]
    deltas = [1, 10, 100, 1000] * 8
    at_once(RIVALS, deltas, lambda delta: accepted(both.synq.adjust(variant["id"], delta), 200))
    there = variant["on_hand"] + sum(deltas)
    accepted(both.synq.adjust(variant["id"], -there), 200)
    assert both.synq.adjust(variant["id"], -1).status_code == 409


def test_orders_taken_by_either_server_are_confirmed(both: World) -> None:
    placed = [accepted(both.synq.create(both.synq_order()))["order_id"] for _ in range(20)]
    assert {both.synq.until(order_id)["status"] for order_id in placed} == {"confirmed"}


def test_a_key_revoked_elsewhere_is_refused_by_both_within_a_second(
    pair: tuple[Server, World],
) -> None:
    server, world = pair
    words = ("key", "create", "--org", "Demo", "--dialect", "konvo", "--json")
    key = json.loads(server.command(*words))["token"]
    with Konvo(server.url, {"api_key": key}) as client:
        client.http = httpx.Client(
            base_url=server.url, headers=client.headers, transport=world.konvo.http._transport
        )
        known = [client.get(KONVO_ORDERS).status_code for _ in range(8)]
        assert known == [200] * 8
        server.command("key", "revoke", key)
        # A process remembers a key for at most this time, however busy the machine is.
        threading.Event().wait(REMEMBERED_SECONDS)
        assert [client.get(KONVO_ORDERS).status_code for _ in range(8)] == [401] * 8


# ------------------------------------------------------------------ `serve --workers 2`


def accepted_orders(client: httpx.Client) -> int:
    """How many orders the server says that it took."""
    text = client.get("/metrics").text
    counted = re.findall(r"^entrepot_orders_accepted_total\{.*?} (\S+)$", text, re.MULTILINE)
    return int(sum(map(float, counted)))


def test_a_killed_process_is_replaced_and_its_jobs_are_taken_over(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    env = {"ENTREPOT_LEASE_SECONDS": "3", "TMPDIR": str(tmp_path)}
    with Server(fresh_database("postgres"), tmp_path, workers=2, env=env) as server:
        [started] = eventually(lambda: server.told("server.started"), "all processes serve")
        assert started["listening"] == [server.url]
        first, second = started["processes"]
        with speaking(server) as world, knocking(server, world.synq.headers) as client:

            def buy(reference: str) -> str:
                body = world.synq_order(reference)
                order_id: str = accepted(client.post(SYNQ_ORDERS, json=body))["order_id"]
                return order_id

            placed = at_once(RIVALS, [f"pi-{n}" for n in range(ORDERS)], buy)
            # Any process tells the figures of all of them.
            assert {accepted_orders(client) for _ in range(RIVALS)} == {ORDERS}
            mirrored = world.konvo_created()
            taken = world.polinate.create(world.polinate_order())
            held = at_once(RIVALS, [f"slow-2000-{n}" for n in range(RIVALS)], buy)
            os.kill(first, signal.SIGKILL)
            [ended] = eventually(lambda: server.told("server.process_ended"), "it is missed")
            assert (ended["pid"], ended["exit_code"]) == (first, -signal.SIGKILL)
            orders = [*placed, *held, str(uuid.UUID(order_number(taken["id"])))]
            assert {world.synq.until(order)["status"] for order in orders} == {"confirmed"}
            assert world.konvo.order(mirrored["id"])["status"] == mirrored["status"]
            assert held_twice(server.ledger) == []
            os.kill(second, 0)
        server.verify()
        assert server.terminate() == 0
        assert list(tmp_path.glob("entrepot-*")) == [], "the shared folder is gone"


def test_the_rate_is_that_of_all_processes_together(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    # One request at once, and the next a quarter of an hour later.
    env = {"ENTREPOT_RATE_LIMIT": "0.001"}
    server = Server(fresh_database("postgres"), tmp_path, workers=2, env=env)
    try:
        # Both processes find an empty database: one of them makes the schema.
        server.start()
        eventually(lambda: server.told("server.started"), "all processes serve")
        credentials = json.loads(server.command("demo", "--json"))
        headers = {"x-api-key": credentials["konvo"]["api_key"]}
        with knocking(server, headers) as client:
            answers = at_once(RIVALS, range(ORDERS), lambda _: client.get(KONVO_ORDERS))
        assert sorted(answer.status_code for answer in answers) == [200] + [429] * (ORDERS - 1)
        waits = {int(one.headers["Retry-After"]) for one in answers if one.status_code == 429}
        # A thousand seconds for one request, from when the process read the clock: not for two.
        assert all(0 < wait < 2_000 for wait in waits)
        server.verify()
    finally:
        server.kill()


def test_a_process_whose_parent_was_killed_drains_and_frees_the_address(
    fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    with Server(fresh_database("postgres"), tmp_path, workers=2) as server:
        eventually(lambda: server.told("server.started"), "all processes serve")
        assert server.process is not None
        server.process.kill()
        server.process.wait()
        server.process = None
        server.workers = 1
        eventually(lambda: len(server.told("server.parent_gone")) == 2, "they notice")

        eventually(server.is_silent, "nobody listens any more")
        server.start()
