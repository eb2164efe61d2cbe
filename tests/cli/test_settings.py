"""Settings: every setting is read, faults are told together and by name."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from entrepot.settings import Settings, SettingsError, described, load
from entrepot.store.engines.opening import open_database
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
        ("DATABASE_POOLER", "perhaps"),
        ("LOG_LEVEL", "loud"),
        ("LEASE_SECONDS", "off"),
        ("JWT_ISSUER", "https://issuer.example"),
        ("CONFIG", "/no/such/file.toml"),
        ("IDEMPOTENCY_DAYS", "0.5"),
        ("CLICK_ADDRESS_DAYS", "0"),
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


def test_every_setting_is_described() -> None:
    assert all(all(part for part in row) or row[2] == "" for row in described())
    assert len(described()) == len(Settings.__dataclass_fields__)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABASE_POOL", "", "whole number"),
        ("DATABASE_POOL", "2.5", "whole number"),
        ("DATABASE_POOL", "abc", "whole number"),
        ("DATABASE_POOL", "1_000", "whole number"),
        ("DATABASE_POOL", "\u0663", "whole number"),
        ("DATABASE_POOL", "99999999999", "1,000,000,000"),
        ("DATABASE_POOL", "1", "from 2 to"),
        ("BATCH_MAX", "9" * 5000, "whole number"),
        ("RATE_LIMIT", "inf", "number above 0 and below"),
        ("RATE_LIMIT", "1_0", "number above 0"),
        ("RATE_LIMIT", "", ", or off"),
        ("LEASE_SECONDS", "1e13", "below 1,000,000,000,000"),
        ("LEASE_SECONDS", "soon", "number above 0"),
        ("LEASE_SECONDS", "1e999", "number above 0"),
        ("MIGRATE", "", "true or false"),
        ("METRICS_ADDRESS", "localhost:99999", "host:port"),
        ("METRICS_ADDRESS", "localhost:0", "host:port"),
        ("METRICS_ADDRESS", ":9000", "host:port"),
        ("METRICS_ADDRESS", "localhost", "host:port"),
        ("METRICS_TOKEN", "a\udcffb", "UTF-8"),
        ("LOG_LEVEL", "\udcff", "UTF-8"),
        ("DATABASE_URL", "", "is empty"),
        ("SANDBOX_LEDGER", " ", "is empty"),
        ("METRICS_TOKEN", "", "tell a token"),
        ("METRICS_TOKEN", " ", "tell a token"),
    ],
)
def test_a_value_of_no_meaning_is_refused_in_words(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load({f"ENTREPOT_{name}": value})
    [fault] = str(raised.value).splitlines()
    assert f"ENTREPOT_{name}" in fault
    assert says in fault
    assert "literal" not in fault, "no words of Python's"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ('database_pool = "x"\nbogus = 1\nrate_limit = true\n[table]\na = 1\n',
         ["DATABASE_POOL", "bogus", "RATE_LIMIT", "table"]),
        ('log_level = ["a"]\nrole = 5\ndatabase_url = {a = 1}\narchive_dir = false\n',
         ["LOG_LEVEL", "ROLE", "DATABASE_URL", "ARCHIVE_DIR"]),
        ("batch_max = true\nqueue_max = 1.5\nlease_seconds = [1]\nmigrate = 2\n",
         ["BATCH_MAX", "QUEUE_MAX", "LEASE_SECONDS", "MIGRATE"]),
        ("lease_seconds = 1979-05-27\nqueue_seconds = inf\nhold_seconds = nan\n",
         ["LEASE_SECONDS", "QUEUE_SECONDS", "HOLD_SECONDS"]),
        ("x = [", ["CONFIG"]),
    ],
)  # fmt: skip
def test_a_value_of_another_type_in_the_file_is_named(
    tmp_path: Path, text: str, faults: list[str]
) -> None:
    file = tmp_path / "entrepot.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as raised:
        load({"ENTREPOT_CONFIG": str(file)})
    told = str(raised.value).splitlines()
    assert len(told) == len(faults), told
    for name in faults:
        assert any(name in one for one in told), (name, told)


def test_a_file_that_is_no_settings_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, says in (
        (binary, "UTF-8"),
        (tmp_path, "Is a directory"),
        (tmp_path / "no", "No such"),
    ):
        with pytest.raises(SettingsError, match=says) as raised:
            load({"ENTREPOT_CONFIG": str(path)})
        assert "Errno" not in str(raised.value)


def test_values_of_the_file_are_taken_by_their_type(tmp_path: Path) -> None:
    file = tmp_path / "entrepot.toml"
    file.write_text('batch_max = 7\nlease_seconds = 5\nmigrate = "off"\nrate_limit = "off"\n')
    chosen = load({"ENTREPOT_CONFIG": str(file)})
    told = (chosen.batch_max, chosen.lease_seconds, chosen.migrate, chosen.rate_limit)
    assert told == (7, 5.0, False, None)
