"""Limits: requests a second, the size of a body, and patience with slow clients."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from entrepot.testing.clients import (
    KONVO_ORDERS,
    POLINATE_ORDERS,
    SYNQ_ORDERS,
    World,
    accepted,
    assert_envelope,
    konvo_order,
    speaking,
)
from entrepot.testing.server import Server, eventually

MIB = 2**20
SIZES = [
    ("synq", SYNQ_ORDERS, 10 * MIB),
    ("polinate", POLINATE_ORDERS, MIB),
    ("konvo", KONVO_ORDERS, 10 * MIB),
]
RATE = 2
PATIENCE_SECONDS = 20.0  # less than a stall may last by default, so that the settings count


def padded(dialect: str, world: World, size: int) -> bytes:
    """A valid body of exactly this size: what is missing is white space."""
    bodies = {
        "synq": world.synq_order(),
        "polinate": world.polinate_order(),
        "konvo": [konvo_order()],
    }
    return json.dumps(bodies[dialect]).encode().ljust(size)


def post(world: World, dialect: str, path: str, body: bytes | Iterator[bytes]) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return world.dialects[dialect].http.post(path, content=body, headers=headers)


@pytest.mark.parametrize(("dialect", "path", "limit"), SIZES)
def test_a_body_may_be_as_large_as_the_limit(
    dialect: str, path: str, limit: int, world: World
) -> None:
    assert post(world, dialect, path, padded(dialect, world, limit)).status_code in {200, 201}


@pytest.mark.parametrize(("dialect", "path", "limit"), SIZES)
def test_a_larger_body_is_refused(dialect: str, path: str, limit: int, world: World) -> None:
    answer = post(world, dialect, path, padded(dialect, world, limit + 1))
    assert answer.status_code == 413
    assert_envelope(dialect, answer)


@pytest.mark.parametrize(("dialect", "path", "limit"), SIZES)
def test_a_larger_body_of_unsaid_length_is_refused(
    dialect: str, path: str, limit: int, world: World
) -> None:
    body = padded(dialect, world, limit + MIB)
    chunks = (body[start : start + 65536] for start in range(0, len(body), 65536))
    answer = post(world, dialect, path, chunks)
    assert answer.status_code == 413
    assert_envelope(dialect, answer)


def test_too_many_requests_are_put_off(database_url: str, tmp_path: Path) -> None:
    rate = {"ENTREPOT_RATE_LIMIT": str(RATE)}
    with Server(database_url, tmp_path, env=rate) as server, speaking(server) as world:
        for dialect, path, _ in SIZES:
            answers = [world.dialects[dialect].get(path) for _ in range(20 * RATE)]
            put_off = next(answer for answer in answers if answer.status_code == 429)
            assert int(put_off.headers["Retry-After"]) >= 1
            assert_envelope(dialect, put_off)
            if dialect == "polinate":
                assert put_off.json()["errorCode"] == "RATE_LIMITED"
        body = world.synq_order()
        answers = [world.synq.create(body) for _ in range(20 * RATE)]
        assert 429 in {answer.status_code for answer in answers}

        def once_more() -> httpx.Response | None:
            response = world.synq.create(body)
            return response if response.status_code == 201 else None

        placed = accepted(eventually(once_more, "the bucket refills"))["order_id"]
        told = {a.json()["order_id"] for a in answers if a.status_code == 201}
        assert told <= {placed}


def test_the_limit_is_each_organizations_own(database_url: str, tmp_path: Path) -> None:
    rate = {"ENTREPOT_RATE_LIMIT": str(RATE)}
    with Server(database_url, tmp_path, env=rate) as server, speaking(server) as world:
        made = json.loads(server.command("org", "create", "Patient", "--json"))
        answers = [world.konvo.get(KONVO_ORDERS) for _ in range(20 * RATE)]
        assert 429 in {answer.status_code for answer in answers}
        patient = World(server.url, made)
        with patient.synq, patient.polinate, patient.konvo:
            assert patient.konvo.get(KONVO_ORDERS).status_code == 200


def test_a_client_that_stalls_is_cut_and_others_are_served(
    database_url: str, tmp_path: Path
) -> None:
    patience = {"ENTREPOT_HEADERS_SECONDS": "0.5", "ENTREPOT_BODY_SECONDS": "1"}
    head = f"POST {SYNQ_ORDERS} HTTP/1.1\r\nHost: localhost\r\n"
    with Server(database_url, tmp_path, env=patience) as server, speaking(server) as world:
        credentials = "".join(f"{k}: {v}\r\n" for k, v in world.synq.headers.items())
        body = "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
        stalls = [head, head + credentials + body]
        callers = [socket.create_connection(("127.0.0.1", server.port)) for _ in stalls]
        try:
            for caller, sent in zip(callers, stalls, strict=True):
                caller.sendall(sent.encode())
            accepted(world.synq.create(world.synq_order()))
            for caller in callers:
                caller.settimeout(PATIENCE_SECONDS)
                said = b""
                while part := caller.recv(65536):
                    said += part
                assert not said or said.split(b" ")[1] in {b"400", b"408"}, said
        finally:
            for caller in callers:
                caller.close()
