"""A simulator of a payment service for a test: in a thread of the test, or a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import httpx

from entrepot.simulators.serving import SERVICES, Terms, served, server
from entrepot.testing.server import ENTREPOT, STOP_SECONDS, eventually, free_port


class Simulated:
    """The control calls of a simulator that runs at a URL."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ledger(self) -> dict[str, Any]:
        """All that the simulator knows: payments with sums, entries, calls, notifications."""
        answer = httpx.get(f"{self.url}/_simulator/ledger", timeout=60).raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def payments(self, about: str = "") -> list[dict[str, Any]]:
        """The payments with their sums; with `about`, those that name this text."""
        return [one for one in self.ledger()["payments"] if about in str(one)]

    def called(self, operation: str) -> list[dict[str, Any]]:
        """The calls of one operation that have come so far."""
        return [one for one in self.ledger()["calls"] if one["operation"] == operation]

    def control(self, call: str, **told: Any) -> dict[str, Any]:
        """A control call: `clock`, `script`, `settle`, `undo`, `dispute`, `release`, `forge` ..."""
        answer = httpx.post(f"{self.url}/_simulator/{call}", json=told, timeout=60)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def undo(self, operation: str, reference: str = "", code: str = "") -> int:
        """Have captures or refunds that were done fail; how many there were."""
        told = self.control("undo", operation=operation, reference=reference, code=code)
        return int(told["undone"])

    def dispute(self, outcome: str, reference: str = "") -> int:
        """Have payments disputed (`opened`), or their disputes end `won` or `lost`."""
        return int(self.control("dispute", outcome=outcome, reference=reference)["disputed"])

    def script(self, operation: str, does: str, **told: Any) -> None:
        """Have the next call of an operation go another way; `times` for the next calls."""
        self.control("script", operation=operation, does=does, **told)


@contextmanager
def simulated(service: str, **terms: Any) -> Iterator[Simulated]:
    """A simulator in a thread of this process, on a free port."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        running = server(served(SERVICES[service](), Terms(**terms)))
        thread = threading.Thread(target=running.run, args=([bound],), daemon=True)
        thread.start()
        eventually(lambda: running.started, f"the simulator of {service} has started")
        try:
            yield Simulated(f"http://127.0.0.1:{port}")
        finally:
            running.should_exit = True
            thread.join(STOP_SECONDS)


class SimulatorProcess(Simulated):
    """`entrepot simulate` as a process that a test kills and starts again on the same ledger.

    With `kept=False` the ledger is in the process's memory, and ends with the process.
    """

    def __init__(self, service: str, folder: Path, *options: str, kept: bool = True) -> None:
        self.port = free_port()
        super().__init__(f"http://127.0.0.1:{self.port}")
        ledger = ("--ledger", str(folder / f"{service}.db")) if kept else ()
        self._command = [
            ENTREPOT, "simulate", service, "--port", str(self.port), *ledger, *options,
        ]  # fmt: skip
        self._folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; it answers when this returns."""
        self.process = subprocess.Popen(self._command, cwd=self._folder)
        eventually(self._answers, "the simulator answers")

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)
        self.process = None

    def _answers(self) -> bool:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as client:
            try:
                client.request("GET", "/_simulator/ledger")
                return client.getresponse().status == 200
            except (OSError, HTTPException):
                return False
