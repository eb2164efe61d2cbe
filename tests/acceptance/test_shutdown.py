"""SIGTERM drains: what was acknowledged is kept, what is under way is finished, the exit is 0."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url
from tests.relay import Relay

from entrepot.ending import CUT_OFF, in_time
from entrepot.testing.clients import SYNQ_ORDERS, World, accepted, order_number, speaking
from entrepot.testing.server import Server, eventually, sqlite_url

WRITERS = 8
WARM = 50


class Writers:
    """Clients that place orders until the server takes no more."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.acknowledged: list[str] = []
        self.surprises: list[str] = []
        self._threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]
        for thread in self._threads:
            thread.start()

    def _write(self) -> None:
        while not self.surprises:
            try:
                response = self.world.synq.create(self.world.synq_order())
            except httpx.TransportError:
                # Refused, or an idle connection closed under a request that was never read.
                return
            if response.status_code == 503:
                return
            if response.status_code != 201:
                self.surprises.append(response.text)
                return
            self.acknowledged.append(accepted(response)["order_id"])

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize(("engine", "workers"), [("sqlite", 1), ("postgres", 1), ("postgres", 2)])
def test_sigterm_under_load_loses_nothing(
    engine: str, workers: int, fresh_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = fresh_database(engine)
    with Server(url, tmp_path, workers=workers) as server, speaking(server) as world:
        writers = Writers(world)
        try:
            eventually(
                lambda: writers.surprises or len(writers.acknowledged) >= WARM, "orders come in"
            )
        finally:
            code = server.terminate()
            writers.join()
        assert writers.surprises == []
        assert code == 0
        server.verify()
        server.start()
        ids = {order["id"] for order in world.synq.orders()}
        assert set(writers.acknowledged) <= ids
        for order_id in writers.acknowledged:
            assert world.synq.until(order_id)["status"] == "confirmed"
        server.verify()


def test_an_answer_under_way_is_given(database_url: str, tmp_path: Path) -> None:
    """A request whose body is still arriving when SIGTERM comes is answered, not cut off."""
    with Server(database_url, tmp_path) as server, speaking(server) as world:
        body = httpx.Request("POST", "http://-", json=world.synq_order()).content
        headers = world.synq.headers | {"Content-Type": "application/json"}
        asked = httpx.Request("POST", server.url + SYNQ_ORDERS, headers=headers, content=body)
        asked.headers["Expect"] = "100-continue"
        head = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
        with closing(socket.create_connection(("127.0.0.1", server.port), timeout=60)) as client:
            client.sendall(f"POST {SYNQ_ORDERS} HTTP/1.1\r\n{head}\r\n".encode() + body[:40])
            # The server says that it has read the head, and waits for the rest of the body.
            told = client.makefile("rb")
            assert told.readline().startswith(b"HTTP/1.1 100 ")
            assert told.readline() == b"\r\n"
            assert server.process is not None
            server.process.terminate()
            eventually(server.is_silent, "the server takes no new connections")
            client.sendall(body[40:])
            answer = HTTPResponse(client, method="POST")
            answer.begin()
            told_of = json.load(answer)
        assert (answer.status, server.process.wait(60)) == (201, 0)
        server.process = None
        server.start()
        assert world.synq.until(told_of["order_id"])["status"] == "confirmed"


def test_a_request_that_waits_for_events_is_answered_when_the_server_drains(tmp_path: Path) -> None:
    """Longer than a drain may take it would have waited."""
    with Server(sqlite_url(tmp_path), tmp_path) as server, speaking(server) as world:
        ask = world.native.send
        start = accepted(ask("GET", "/events?limit=200"), 200)["last"]
        key = server.credentials["native"]["api_key"]
        with closing(HTTPConnection(server.url.removeprefix("http://"), timeout=60)) as waiting:
            headers = {"Authorization": f"Bearer {key}"}
            waiting.request("GET", f"/v1/events?after={start}&wait=30", headers=headers)
            for _ in range(20):  # the same loop answers these after it has read the request
                accepted(ask("GET", "/settings"), 200)
            assert server.terminate() == 0
            answer = waiting.getresponse()
            assert (answer.status, json.load(answer)) == (200, {"data": [], "last": start})


def test_a_server_ends_in_time_although_postgresql_is_frozen(
    postgres_url: Callable[[], str], tmp_path: Path
) -> None:
    """As with SIGSTOP: connections stay, and nothing is answered. What was acknowledged stays."""
    url = postgres_url()
    address = make_url(url)
    with Relay(address.host or "", address.port or 5432) as relay:
        through = address.set(host="127.0.0.1", port=relay.port)
        env = {"ENTREPOT_DRAIN_SECONDS": "1"}
        frozen = Server(through.render_as_string(hide_password=False), tmp_path, env=env)
        with frozen, speaking(frozen) as world:
            placed = accepted(world.synq.create(world.synq_order()))["order_id"]
            world.synq.until(placed)
            relay.frozen.set()
            asked = threading.Thread(target=_unanswered, args=(world,))
            asked.start()
            assert frozen.process is not None
            frozen.process.terminate()
            began = time.monotonic()
            code = frozen.process.wait(30)
            took = time.monotonic() - began
            asked.join()
            frozen.process = None
        assert (code, took < 15) == (CUT_OFF, True), took
        assert "server.cut_off" in frozen.output()
    with Server(url, tmp_path) as server, speaking(server) as world:
        assert world.synq.until(placed)["status"] == "confirmed"
        server.verify()


def _unanswered(world: World) -> None:
    with suppress(httpx.TransportError):
        world.synq.create(world.synq_order())


def test_api_and_worker_are_two_processes(postgres_url: Callable[[], str], tmp_path: Path) -> None:
    url = postgres_url()
    api = Server(url, tmp_path, role="api")
    worker = Server(url, tmp_path, role="worker")
    with api, speaking(api) as world:
        placed = [accepted(world.synq.create(world.synq_order()))["order_id"] for _ in range(20)]
        assert {world.synq.order(order_id)["status"] for order_id in placed} == {"pending_payment"}
        with worker:
            assert {world.synq.until(order_id)["status"] for order_id in placed} == {"confirmed"}
            polinate = world.polinate.create(world.polinate_order())
            world.synq.until(str(uuid.UUID(order_number(polinate["id"]))))
            assert worker.terminate() == 0
        assert api.terminate() == 0
        api.verify()


def test_the_watch_over_an_end_leaves_no_thread_behind() -> None:
    before = threading.enumerate()
    for _ in range(500):
        with in_time(60.0):
            pass
        assert threading.enumerate() == before
