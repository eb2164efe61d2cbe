"""Programs of others, each in a process group of its own that ends with us, and what they use."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import httpx

from bench import process

STOP_SECONDS = 10.0
SAMPLE_SECONDS = 0.5
TAIL = 1_500


class Broke(Exception):
    """A program of a shop did not do what it was started for; says what it said last."""


class Program:
    """A program that runs until `stop`, which ends its whole process group."""

    def __init__(self, command: list[str], folder: Path, env: dict[str, str], log: Path) -> None:
        self.command, self.log = command, log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment(env), stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The first process of the group."""
        return self.process.pid

    def said(self) -> str:
        """The end of what it printed."""
        return self.log.read_text(errors="replace")[-TAIL:].strip()

    def check(self) -> None:
        """Raise Broke where it has ended."""
        code = self.process.poll()
        if code is not None:
            raise Broke(f"{self.command[0]} ended with {code}: {self.said()}")

    def stop(self) -> None:
        """SIGTERM, and SIGKILL for whatever of the group is there after ten seconds."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()


def environment(changes: dict[str, str]) -> dict[str, str]:
    """This process's environment without what is about Python's or Entrepot's set-up."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ENTREPOT_", "PEER_", "DJANGO_", "PYTHON", "VIRTUAL_ENV"))
    }
    return kept | changes


def run(command: list[str], folder: Path, env: dict[str, str], log: Path, limit: float) -> float:
    """Run a program to its end; the seconds it took. Raises Broke, also after `limit` seconds."""
    begun = time.monotonic()
    with Program(command, folder, env, log) as program:
        try:
            code = program.process.wait(max(limit, 0.1))
        except subprocess.TimeoutExpired:
            raise Broke(f"{command[0]} took over {limit:.0f} s: {program.said()}") from None
        if code != 0:
            raise Broke(f"{' '.join(command[:4])} ended with {code}: {program.said()}")
    return time.monotonic() - begun


def first_answer(
    url: str, programs: Iterable[Program], limit: float, good: Callable[[httpx.Response], bool]
) -> None:
    """Return with the first good answer. Raises Broke when a program ends or the limit is over."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        for program in programs:
            program.check()
        with suppress(httpx.TransportError):
            if good(httpx.get(url, timeout=5)):
                return
        time.sleep(0.02)
    raise Broke(f"no answer from {url} within {limit:.0f} s")


def memory(pids: Iterable[int]) -> int:
    """Bytes of memory of the processes and their children: a shared page counts once, by shares.

    PSS, the proportional set size, of Linux's smaps_rollup.
    """
    return sum(_pss(one) for pid in pids for one in process.tree(pid))


def _pss(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def processor_seconds(pids: Iterable[int]) -> float:
    """Processor time that the processes and their children have used."""
    return sum(process.processor_seconds(pid) for pid in pids)


class Watch:
    """The most memory that the processes were seen with, sampled twice a second."""

    def __init__(self, pids: list[int]) -> None:
        self.pids = pids
        self.most = 0
        self._over = threading.Event()

    def sample(self) -> None:
        """Look once."""
        self.most = max(self.most, memory(self.pids))

    def watch(self) -> None:
        """Look until it is over."""
        while not self._over.wait(SAMPLE_SECONDS):
            self.sample()

    def end(self) -> None:
        """Look no more."""
        self._over.set()


@contextmanager
def watched(pids: list[int]) -> Iterator[Watch]:
    """Watch the processes while the block runs."""
    watch = Watch(pids)
    thread = threading.Thread(target=watch.watch, daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.end()
        thread.join()
