"""The command line run in this process: a table of commands needs no interpreter for each row.

The program as an operator starts it is run where streams, files, signals and loading are tried.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from entrepot import telemetry
from entrepot.cli.main import main

ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


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
    """Runs `entrepot` with these words in a folder and with these variables."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with (
        chdir(folder),
        mock.patch.dict("os.environ", ENVIRONMENT | dict(env), clear=True),
        mock.patch.object(sys, "argv", ["entrepot", *words]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    # A logger that has logged once stays as the command had set it up; later tests read logs too.
    telemetry.log.__dict__.pop("bind", None)
    return Ended(code, out.getvalue(), err.getvalue())
