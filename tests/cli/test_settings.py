"""Settings: every knob is read, faults are told together and by name."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from entrepot.settings import Settings, SettingsError, described, load
from entrepot.store.engine import open_database
from entrepot.wiring import make_retention


def test_nothing_set_gives_the_defaults() -> None:
    assert load({}) == Settings()
    assert Settings().rate_limit == 10_000
    assert load({"ENTREPOT_RATE_LIMIT": "off"}).rate_limit is None


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "entrepot.toml"
    file.write_text('rate_limit = 7\nlog_level = "debug"\nmigrate = false\n')
    chosen = load({"ENTREPOT_CONFIG": str(file), "ENTREPOT_LOG_LEVEL": "error"})
    assert (chosen.rate_limit, chosen.log_level, chosen.migrate) == (7.0, "error", False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_LIMIT", "many"),
        ("RATE_LIMIT", "-1"),
        ("RATE_LIMIT", "0"),
        ("RATE_LIMIT", "nan"),
        ("BATCH_MAX", "0"),
        ("BATCH_MAX", "1.5"),
        ("MIGRATE", "maybe"),
        ("ROLE", "king"),
        ("LOG_LEVEL", "loud"),
        ("LEASE_SECONDS", "off"),
        ("JWT_ISSUER", "https://issuer.example"),
        ("CONFIG", "/no/such/file.toml"),
        ("IDEMPOTENCY_DAYS", "0.5"),
        ("EVENTS_DAYS", "365"),
        ("ARCHIVE_DIR", "/dev/null"),
    ],
)
def test_a_value_that_cannot_be_taken_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name.split("_", maxsplit=1)[0]):
        load({f"ENTREPOT_{name}": value})


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "entrepot.toml"
    file.write_text("no_such_knob = 1\n")
    env = {"ENTREPOT_CONFIG": str(file), "ENTREPOT_BATCH_MAX": "x", "ENTREPOT_ROLE": "king"}
    with pytest.raises(SettingsError) as faults:
        load(env)
    lines = str(faults.value).splitlines()
    assert len(lines) == 3
    assert any("no_such_knob" in line for line in lines)


def test_events_leave_the_book_only_for_an_archive(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="set ENTREPOT_ARCHIVE_DIR to its folder"):
        load({"ENTREPOT_EVENTS_DAYS": "365"})
    off = load({"ENTREPOT_EVENTS_DAYS": "off", "ENTREPOT_IDEMPOTENCY_DAYS": "off"})
    assert (off.events_days, off.idempotency_days) == (None, None)
    folder = tmp_path / "archive"
    chosen = load({"ENTREPOT_EVENTS_DAYS": "365", "ENTREPOT_ARCHIVE_DIR": str(folder)})
    database = open_database(f"sqlite:///{tmp_path / 'book.db'}")
    make_retention(database, chosen)
    assert folder.is_dir()
    (tmp_path / "file").write_text("")
    below_a_file = dataclasses.replace(chosen, archive_dir=str(tmp_path / "file" / "archive"))
    with pytest.raises(SettingsError, match="ARCHIVE_DIR"):
        make_retention(database, below_a_file)


def test_every_knob_is_described() -> None:
    assert all(all(part for part in row) or row[2] == "" for row in described())
    assert len(described()) == len(Settings.__dataclass_fields__)
