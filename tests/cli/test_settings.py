"""Settings: every knob is read, faults are told together and by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrepot.settings import Settings, SettingsError, described, load


def test_nothing_set_gives_the_defaults() -> None:
    assert load({}) == Settings()
    assert Settings().rate_limit is None


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


def test_every_knob_is_described() -> None:
    assert all(all(part for part in row) or row[2] == "" for row in described())
    assert len(described()) == len(Settings.__dataclass_fields__)
