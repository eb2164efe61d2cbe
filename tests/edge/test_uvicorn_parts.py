"""The parts of uvicorn that the edge rests on although uvicorn does not promise them.

A newer uvicorn that changes one of them fails here by its name. The bound in requirements.in is
raised after this file and the tests of edge/protocol.py and edge/answering.py pass with it.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import re
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.edge.serving import serving
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from entrepot.edge.protocol import DeadlineProtocol, deadline_protocol

CYCLE = {
    "access_log", "body", "default_headers", "disconnected", "flow", "keep_alive",
    "message_event", "more_body", "on_response", "response_complete", "response_started",
    "scope", "transport", "waiting_for_100_continue",
}  # fmt: skip
PROTOCOL = {
    "app", "connections", "cycle", "expect_100_continue", "flow", "headers", "loop", "parser",
    "pipeline", "server_state", "tasks", "timeout_keep_alive", "timeout_keep_alive_task",
    "transport", "url",
}  # fmt: skip
METHODS = {
    HttpToolsProtocol: {
        "_unset_keepalive_if_required", "connection_made", "data_received", "eof_received",
        "on_body", "on_headers_complete", "on_message_begin", "on_message_complete",
        "on_response_complete", "timeout_keep_alive_handler",
    },
    FlowControl: {"pause_reading", "resume_reading"},
    uvicorn.Server: {"capture_signals", "handle_exit", "startup"},
    Multiprocess: {"keep_subprocess_alive", "terminate_all"},
    Process: {"is_ready", "start"},
}  # fmt: skip


def test_the_bound_is_the_version_that_was_looked_at() -> None:
    wanted = Path(__file__).parents[2].joinpath("requirements.in").read_text()
    bound = re.search(r"^uvicorn>=[\d.]+,<0\.(\d+)$", wanted, re.MULTILINE)
    assert bound is not None
    installed = importlib.metadata.version("uvicorn").split(".")
    assert (installed[0], int(installed[1])) == ("0", int(bound[1]) - 1)


class Looks:
    """An application that keeps what uvicorn handed it."""

    def __init__(self) -> None:
        self.cycle: Any = None
        self.gate = asyncio.Event()

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        self.cycle = send.__self__
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def test_a_request_and_its_connection_have_these_parts() -> None:
    looks = Looks()
    async with serving(deadline_protocol(), app=looks) as server:  # type: ignore[arg-type]
        client = await server.client()
        client.send(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        await client.reader.readuntil(b"\r\n\r\n")
        assert type(looks.cycle) is RequestResponseCycle
        assert set(dir(looks.cycle)) >= CYCLE
        protocol = looks.cycle.transport.get_protocol()
        assert type(protocol) is DeadlineProtocol
        # uvicorn made these; DeadlineProtocol adds none of them.
        assert set(vars(protocol)) >= PROTOCOL
        assert callable(protocol.cycle.on_response)
        assert isinstance(protocol.server_state.total_requests, int)


@pytest.mark.parametrize("owner", METHODS, ids=lambda owner: owner.__name__)
def test_a_class_has_these_methods(owner: type) -> None:
    assert set(dir(owner)) >= METHODS[owner]


def test_a_status_line_is_bytes_by_status() -> None:
    assert httptools_impl.STATUS_LINE[201] == b"HTTP/1.1 201 Created\r\n"
    assert isinstance(httptools_impl.STATUS_LINE, dict)
