"""A command that came half way is given again, and goes on from there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Command
from tests.cli.test_away import WHY, _away
from tests.cli.test_set_up import logged, types_of

from entrepot.store.engines.sqlite import SqliteDatabase
from entrepot.testing.command_line import run

MADE = ["organization.made", *["key.made"] * 4]


@pytest.mark.parametrize(
    ("words", "name"), [(("org", "create", "Acme"), "Acme"), (("demo",), "Demo")]
)
def test_an_organization_without_keys_gets_them_when_the_command_is_given_again(
    command: Command, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], name: str
) -> None:
    assert command("migrate").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(SqliteDatabase, "write_guarded", _away)
        assert WHY in command(*words).sentence()
    [half] = json.loads(command("org", "list", "--json").out)
    told = json.loads(command(*words, "--json").out)
    assert told["synq"]["org_id"] == half["id"]
    assert types_of(logged(command, name))[:5] == MADE
    assert len(json.loads(command("org", "list", "--json").out)) == 1
    assert command("verify").code == 0


def test_another_organization_of_the_name_is_refused_as_before(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("migrate").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(SqliteDatabase, "write_guarded", _away)
        command("org", "create", "Acme")
    other = "0192f0c4-0000-7000-8000-000000000000"
    assert "exists already" in command("org", "create", "Acme", "--tenant", other).sentence()
    assert "exists already" in command("org", "create", "1").sentence(), "by its number"
    assert command("org", "create", "Acme").code == 0
    assert "exists already" in command("org", "create", "Acme").sentence()


def _nothing(_told: Any) -> Any:
    return {}


def _a_list(_told: Any) -> Any:
    return [1]


def _older(told: Any) -> Any:
    """As a version wrote it that had no native API."""
    return {name: part for name, part in told.items() if name != "native"}


def _no_goods(told: Any) -> Any:
    return {**told, "variants": []}


def _no_text(told: Any) -> Any:
    return {**told, "konvo": {"api_key": 5}}


@pytest.mark.parametrize("change", [_nothing, _a_list, _older, _no_goods, _no_text])
def test_a_file_of_secrets_that_lacks_a_part_is_made_anew(
    command: Command, tmp_path: Path, change: Callable[[Any], Any]
) -> None:
    first = json.loads(command("demo", "--json").out)
    file = tmp_path / "var" / "entrepot.db.demo.json"
    file.write_text(json.dumps(change(first)))
    for flag in ("--json", "--shell"):
        ended = command("demo", flag)
        assert ended.code == 0, ended
    again = json.loads(file.read_text())
    assert again["native"]["api_key"] != first["native"]["api_key"]
    assert again["variants"] == first["variants"]


def test_a_file_of_secrets_that_cannot_be_read_makes_no_keys(
    command: Command, tmp_path: Path
) -> None:
    assert command("demo").code == 0
    file = tmp_path / "var" / "entrepot.db.demo.json"
    file.unlink()
    file.mkdir()
    assert str(file.name) in command("demo").sentence()
    assert len(json.loads(command("key", "list", "--json").out)) == 4


def test_a_file_of_secrets_that_cannot_be_written_makes_nothing(
    command: Command, fresh_database: Callable[[str], str]
) -> None:
    url = fresh_database("postgres")
    nowhere = Path("/proc")  # where no folder can be made
    assert run(nowhere, "demo", DATABASE_URL=url).sentence().startswith("var: ")
    assert json.loads(command("org", "list", "--json", DATABASE_URL=url).out) == []
