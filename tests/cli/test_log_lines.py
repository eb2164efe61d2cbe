"""Log lines: for people on a terminal, JSON anywhere else."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
import structlog

from entrepot import telemetry
from entrepot.testing.command_line import run


class Terminal(io.StringIO):
    """Standard error of somebody at a terminal, or of a program."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def logged(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> str:
    error = Terminal(is_terminal=is_terminal)
    monkeypatch.setattr(sys, "stderr", error)
    monkeypatch.setenv("NO_COLOR", "1")
    telemetry.set_up_logging("info")
    failure = ValueError("a value of a row")
    structlog.get_logger("test").error("writer.failed", exc_info=failure, at=1)
    return error.getvalue()


def test_a_program_is_told_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    told = json.loads(logged(monkeypatch, is_terminal=False))
    assert (told["event"], told["level"], told["at"]) == ("writer.failed", "error", 1)


def test_somebody_at_a_terminal_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    told = logged(monkeypatch, is_terminal=True)
    assert "writer.failed" in told
    assert not told.startswith("{")
    assert "a value of a row" not in told, "no value of a row in either form"


def test_a_command_of_a_test_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    assert not telemetry.is_debugging()
    run(tmp_path, "migrate", DATABASE_URL=f"sqlite:///{tmp_path}/book.db", LOG_LEVEL="debug")
    assert not telemetry.is_debugging()
