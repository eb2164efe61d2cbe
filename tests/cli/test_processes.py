"""The processes of one server: one that ends is replaced, also if it could not start."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing import Pipe
from typing import Any

import pytest
import uvicorn
from structlog.testing import capture_logs
from uvicorn.config import STARTUP_FAILURE

from entrepot import ending
from entrepot.cli import processes as supervised


class Child:
    """A process that answers; `ends_with`: it ends instead, when it is asked."""

    made: list[Child]

    def __init__(self, *_: Any, ends_with: int | None = None) -> None:
        self.parent_conn, self.child_conn = Pipe()
        self.sentinel, self._end = os.pipe()
        self.pid, self.exitcode, self.ends_with = len(self.made) + 1, None, ends_with
        self.process = self
        self.started = self.killed = self.stopped = self.terminated = False
        self.ready = True
        self.waited: list[float | None] = []
        self.made.append(self)

    def is_alive(self, **_: Any) -> bool:
        """When it is looked at, it still lives; it answers, or it ends."""
        if self.exitcode is None and self.ends_with is None:
            self.child_conn.send(True)
        elif self._end:
            self._end = os.close(self._end) or 0
        return self.exitcode is None

    def is_ready(self, _timeout: float = 0) -> bool:
        return self.ready

    def terminate(self) -> None:
        self.terminated = True

    def start(self) -> None:
        self.started = True

    def kill(self) -> None:
        self.killed = True
        self.ends_with = -9 if self.stopped else self.ends_with
        self.stopped = False

    def join(self, timeout: float | None = None) -> None:
        self.waited.append(timeout)
        if timeout is None or not self.stopped:
            self.exitcode = self.ends_with


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Iterator[supervised.Processes]:
    Child.made = []
    monkeypatch.setattr(supervised, "Process", Child)
    monkeypatch.setattr(supervised.telemetry, "forget_process", lambda _: None)
    monkeypatch.setattr(supervised.Multiprocess, "__init__", lambda *_: None)
    made = supervised.Processes(uvicorn.Config("none"), [])
    made.config, made.sockets = uvicorn.Config("none"), []
    made.should_exit, made.signal_queue = threading.Event(), []
    made.processes = [Child(), Child()]  # type: ignore[list-item]
    made.keep_subprocess_alive()
    yield made
    for one in Child.made:
        one.parent_conn.close()
        one.child_conn.close()
        os.close(one.sentinel)
        if one._end:
            os.close(one._end)


@pytest.mark.parametrize(("code", "told"), [(-9, [(2, -9)]), (STARTUP_FAILURE, [])])
def test_a_process_that_ends_while_it_is_asked_is_replaced_at_once(
    processes: supervised.Processes,
    code: int,
    told: list[tuple[int, int]],
) -> None:
    """Also one that could not start, since the database is away: the others go on."""
    Child.made[1].ends_with = code
    began = time.monotonic()
    with capture_logs() as logs:
        processes.keep_subprocess_alive()
    assert time.monotonic() - began < supervised.SILENT_SECONDS
    assert [one.pid for one in processes.processes] == [1, 3]
    assert Child.made[2].started
    assert not processes.should_exit.is_set()
    ended = [one for one in logs if one["event"] == "server.process_ended"]
    assert [(one["pid"], one["exit_code"]) for one in ended] == told


@pytest.mark.parametrize(("stopped", "codes"), [(True, (-9, 0)), (False, (0, 0))])
def test_a_process_that_does_not_end_in_time_is_killed(
    processes: supervised.Processes, *, stopped: bool, codes: tuple[int, int]
) -> None:
    """A process that somebody has stopped takes no signal: its server waited for ever."""
    first, second = Child.made
    first.stopped, first.ends_with, second.ends_with = stopped, 0, 0
    processes.config.timeout_graceful_shutdown = 20
    with capture_logs() as logs:
        processes.join_all()
    assert (first.exitcode, second.exitcode) == codes
    assert (first.killed, second.killed) == (stopped, False)
    assert processes.cut_off is stopped
    assert [one["pid"] for one in logs if one["event"] == "server.cut_off"] == [1] * stopped
    bound = ending.longest(20) + supervised.SPARE_SECONDS
    assert all(0 < (one.waited[0] or 0) <= bound for one in (first, second))


def test_the_exit_code_tells_that_a_process_was_cut_off(processes: supervised.Processes) -> None:
    Child.made[0].ends_with, Child.made[1].ends_with = ending.CUT_OFF, 0
    processes.join_all()
    assert processes.cut_off


def test_a_server_that_is_told_to_end_waits_for_no_answer(
    processes: supervised.Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(Child, "is_alive", lambda *_: True)  # it lives, and answers nothing
    processes.signal_queue.append(signal.SIGTERM)
    processes.keep_subprocess_alive()
    assert [one.killed for one in Child.made] == [False, False]
    processes.signal_queue.clear()
    monkeypatch.setattr(supervised, "SILENT_SECONDS", 0)
    processes.keep_subprocess_alive()
    assert [one.killed for one in Child.made[:2]] == [True, True]


@pytest.fixture
def soon(processes: supervised.Processes, monkeypatch: pytest.MonkeyPatch) -> supervised.Processes:
    """Nothing is waited for."""
    processes.config.timeout_graceful_shutdown = 0
    for name in ("LOOK_SECONDS", "SILENT_SECONDS", "SPARE_SECONDS"):
        monkeypatch.setattr(supervised, name, 0.05)
    monkeypatch.setattr(supervised, "longest", lambda _: 0.0)
    for one in Child.made:
        one.ends_with = 0
    return processes


@pytest.mark.parametrize("stopped", [True, False])
def test_a_restart_kills_a_process_that_does_not_end(
    soon: supervised.Processes, *, stopped: bool
) -> None:
    """SIGHUP waited for such a process for ever, and the server heard no other signal."""
    first, second = Child.made
    first.stopped = stopped
    with capture_logs() as logs:
        soon.handle_hup()
    assert [one.pid for one in soon.processes] == [3, 4]
    assert (first.killed, second.killed) == (stopped, False)
    assert first.terminated
    assert second.terminated
    assert [one["pid"] for one in logs if one["event"] == "server.cut_off"] == [1] * stopped
    assert not soon.cut_off, "the exit code is of the end"


def test_a_server_that_is_told_to_end_ends_its_restart(soon: supervised.Processes) -> None:
    first, second = Child.made
    first.stopped = True
    first.terminate = lambda: soon.signal_queue.append(signal.SIGTERM)  # type: ignore[method-assign]
    soon.handle_hup()
    assert [one.pid for one in soon.processes] == [3, 2]
    assert (first.killed, first.waited, second.terminated) == (False, [], False)
    Child.made[2].ends_with = 0
    soon.join_all()
    assert first.killed, "a process that was replaced is waited for as well"


@pytest.mark.parametrize("told", [True, False])
def test_a_process_stays_whose_successor_takes_no_requests(
    soon: supervised.Processes, monkeypatch: pytest.MonkeyPatch, *, told: bool
) -> None:
    monkeypatch.setattr(Child, "is_ready", lambda *_: False)
    soon.signal_queue += [signal.SIGTERM] * told
    with capture_logs() as logs:
        soon.handle_hup()
    assert [one.pid for one in soon.processes] == [1, 2]
    assert Child.made[2].killed
    assert [one["pid"] for one in logs if one["event"] == "server.not_replaced"] == [1] * (not told)
