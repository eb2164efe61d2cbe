"""Commands of the operator, run in this process: a table of faults takes no interpreter a row."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from entrepot import telemetry
from entrepot.cli.main import main


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


Command = Callable[..., Ended]


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Runs `entrepot` with these words in the test's folder; settings by name, without prefix."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("ENTREPOT_")]:
        monkeypatch.delenv(name)

    def run(*words: str, **settings: str) -> Ended:
        with monkeypatch.context() as patched:
            patched.setattr(sys, "argv", ["entrepot", *words])
            for name, told in settings.items():
                patched.setenv(f"ENTREPOT_{name}", told)
            code = 0
            try:
                main()
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0
        said = capsys.readouterr()
        return Ended(code, said.out, said.err)

    yield run
    # A logger that has logged once stays as the command had set it up; later tests read logs too.
    telemetry.log.__dict__.pop("bind", None)
