"""The command line run in this process: a command needs no interpreter of its own.

Starting an interpreter takes ten times as long as most commands do. The program as an operator
starts it is run where streams, files, signals and loading are tried.
"""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from entrepot import telemetry
from entrepot.cli.main import main
from entrepot.plain_logs import structlog

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
_alone = threading.Lock()


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    def sentence(self) -> str:
        """The one sentence with its remedy, exit code 2 required."""
        assert self.code == 2, self
        assert self.err.startswith("entrepot: "), self
        assert self.err.count("\n") == 1, self
        assert "unexpected" not in self.err, self
        assert ";" in self.err or " must be " in self.err, f"a remedy: {self}"
        return self.err.removeprefix("entrepot: ").strip()


def run(folder: Path, *words: str, **settings: str) -> Ended:
    """Runs `entrepot` with these words in a folder; settings by name, without prefix."""
    return run_in(folder, {f"ENTREPOT_{name}": told for name, told in settings.items()}, *words)


def run_in(folder: Path, env: Mapping[str, str], *words: str) -> Ended:
    """Runs `entrepot` with these words in a folder and with these variables, and no others.

    Meanwhile the working directory, the variables and the standard streams of this process are the
    command's. One command runs at a time.
    """
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        _alone,
        chdir(folder),
        mock.patch.dict("os.environ", ENVIRONMENT | dict(env), clear=True),
        mock.patch.object(sys, "argv", ["entrepot", *words]),
        redirect_stdout(out),
        redirect_stderr(err),
        _logging_restored(),
        # A thread of its own: the caller may be in an event loop, and a command starts another.
        ThreadPoolExecutor(1) as thread,
    ):
        try:
            thread.submit(main).result()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    return Ended(code, out.getvalue(), err.getvalue())


@contextmanager
def _logging_restored() -> Iterator[None]:
    before = structlog.get_config() if structlog.is_configured() else None
    debugging = telemetry.is_debugging()
    try:
        yield
    finally:
        if before is None:
            structlog.reset_defaults()
        else:
            structlog.configure(**before)
        telemetry.set_debugging(on=debugging)
        # A logger that has logged once stays as the command had set it up.
        telemetry.log.__dict__.pop("bind", None)
