"""Servers of another version of the program, run by its own interpreter, at a chosen time."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from tests.upgrade.talking import Request, Talk

DAY = 86_400
_PORTS = (12_000, 32_000)
_START_SECONDS = 60.0
# The program as its command runs it, by a clock that was put back.
_LAUNCH = """
import sys, time
shift, now = int(sys.argv.pop(1)), time.time_ns
time.time_ns = lambda: now() + shift
sys.argv[0] = "entrepot"
from entrepot.cli.main import main
main()
"""


def until(probe: Callable[[], Any], what: str, seconds: float = 120.0) -> None:
    """Ask until the answer is true; fails when the time is up."""
    ends = time.monotonic() + seconds
    while not probe():
        assert time.monotonic() < ends, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class Old:
    """A book at `url` that the interpreter `python` of the other version works on."""

    def __init__(self, python: Path, url: str, folder: Path) -> None:
        self.python = python
        self.url = url
        self.folder = folder
        self.ledger = folder / "sandbox.db"
        self.organizations: list[dict[str, Any]] = []
        self.written: list[Request] = []

    def command(self, *arguments: str, shift: int = 0) -> str:
        """The output of `entrepot` with these arguments; its clock is `shift` seconds ahead."""
        ended = subprocess.run(
            self._launched(shift, *arguments),
            check=False, env=self._env({}), cwd=self.folder, capture_output=True, text=True,
        )  # fmt: skip
        assert ended.returncode == 0, f"{arguments}: {ended.stdout}{ended.stderr}"
        return ended.stdout

    def found_organization(self, *arguments: str, shift: int) -> None:
        """Make an organization by a command that prints its credentials."""
        self.organizations.append(json.loads(self.command(*arguments, "--json", shift=shift)))

    @contextmanager
    def serving(
        self, *, shift: int = 0, role: str = "all", killed: bool = False, **env: str
    ) -> Iterator[Talk]:
        """A client of a server, which ends afterwards: drained, or killed in the midst of work."""
        with socket.socket() as probe:
            port = _free(probe)
        url = f"http://127.0.0.1:{port}"
        served = ("serve", "--host", "127.0.0.1", "--port", str(port), "--role", role)
        with (self.folder / "server.log").open("ab") as log:
            process = subprocess.Popen(
                self._launched(shift, *served),
                env=self._env(env), cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip
        talk = Talk(url, self.organizations, self.written)
        try:
            until(lambda: _ready(process, url), "the server is ready", _START_SECONDS)
            yield talk
        finally:
            talk.close()
            process.kill() if killed else process.terminate()
            process.wait(60)

    def _launched(self, shift: int, *arguments: str) -> list[str]:
        return [str(self.python), "-c", _LAUNCH, str(shift * 1_000_000_000), *arguments]

    def _env(self, more: dict[str, str]) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("ENTREPOT_")}
        return inherited | {
            "ENTREPOT_DATABASE_URL": self.url,
            "ENTREPOT_SANDBOX_LEDGER": str(self.ledger),
            "ENTREPOT_IDEMPOTENCY_DAYS": "off",
            "ENTREPOT_RATE_LIMIT": "off",
            **more,
        }


def _free(probe: socket.socket) -> int:
    while True:
        port = random.randrange(*_PORTS)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _ready(process: subprocess.Popen[bytes], url: str) -> bool:
    assert process.poll() is None, f"the server ended with {process.returncode}"
    try:
        return httpx.get(f"{url}/health/ready", timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
