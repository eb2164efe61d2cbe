"""Commands of the operator, run in this process in the test's own folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.cli.office import Office

from entrepot import telemetry
from entrepot.testing.command_line import Ended, run

Command = Callable[..., Ended]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `entrepot` with these words in the test's folder; settings by name, without prefix."""
    return partial(run, tmp_path)


@pytest.fixture
def migrated(fresh_database: Callable[[str], str], tmp_path: Path) -> None:
    """The test's folder has the book of an order hub, in which nothing is: a copy, made at once."""
    made = tmp_path / "var" / "entrepot.db"
    made.parent.mkdir(mode=0o700)
    shutil.copyfile(fresh_database("sqlite").removeprefix("sqlite:///"), made)
    made.chmod(0o600)


@pytest.fixture
def office(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Office:  # fmt: skip
    monkeypatch.setenv("ENTREPOT_DATABASE_URL", database_url)
    monkeypatch.setenv("ENTREPOT_SANDBOX_LEDGER", str(tmp_path / "sandbox.db"))
    monkeypatch.setattr(telemetry, "set_up_logging", lambda *_: None)
    return Office(database_url, lambda: capsys.readouterr().out)
