"""`entrepot` forked from a process that has loaded the program: a start without the loading.

Loading takes most of the time of a start, and a run of the tests starts some hundred servers. A
forked process has settings, a folder and a log of its own, and is otherwise a process as others
are. The program as an operator starts it is run by the tests of starting, loading and streams.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from entrepot import failpoints
from entrepot.cli.main import main


@cache
def forking() -> ForkServerContext:
    """The way to fork. The modules are loaded in the process that forks, and there alone."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["entrepot.testing.loaded"])
    return context


def load() -> None:
    """Load the program now. Processes that this one forks later have no need to load it again: what
    they start is forked from the one loaded process.
    """
    forking()
    forkserver.ensure_running()
    # A process can only ask after its own children.
    known: Any = forkserver._forkserver  # noqa: SLF001
    os.register_at_fork(after_in_child=lambda: setattr(known, "ensure_running", lambda: None))


class Forked:
    """A forked process, with what tests ask of `subprocess.Popen`."""

    def __init__(
        self, arguments: Sequence[str], env: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        what = (list(arguments), dict(env), str(folder), str(log))
        self._process = forking().Process(target=_run, args=what, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        """The exit code, below 0 for a signal; None while the process runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once the process has ended. Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            assert timeout is not None
            raise subprocess.TimeoutExpired("entrepot", timeout)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


def _run(arguments: list[str], env: dict[str, str], folder: str, log: str) -> None:
    told = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for number in (1, 2):
        os.dup2(told, number)
    os.close(told)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    random.seed()
    failpoints.arm(env.get(failpoints.SETTING, ""))
    sys.argv = ["entrepot", *arguments]
    main()
