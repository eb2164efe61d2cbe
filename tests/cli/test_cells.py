"""A book among several: its organizations' numbers, its keys' texts, and rivals at making one."""

from __future__ import annotations

import io
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.cli.conftest import Command

from entrepot.cli import session
from entrepot.store import accounts
from entrepot.store.accounts import CELL_BITS
from entrepot.store.engines.sql import Conflict

SECRET = "[0-9a-f]{64}"


def test_keys_name_their_cell_and_are_known(command: Command) -> None:
    first = json.loads(command("org", "create", "First", "--json").out)
    third = json.loads(command("org", "create", "Third", "--json", CELL="3").out)
    assert re.fullmatch(f"ent_synq_{SECRET}", first["synq"]["token"])
    assert re.fullmatch(f"ent_synq_3_{SECRET}", third["synq"]["token"])
    assert re.fullmatch(f"ent_konvo_3_{SECRET}", third["konvo"]["api_key"])
    listed = json.loads(command("org", "list", "--json").out)
    assert {one["name"]: one["org"] for one in listed} == {
        "First": 1, "Third": (3 << CELL_BITS) + 1,
    }  # fmt: skip
    # An organization keeps its number; keys that are made in this book name this book.
    number = str((3 << CELL_BITS) + 1)
    more = command("key", "create", "--org", number, "--dialect", "polinate", CELL="65535")
    assert re.search(f"ent_polinate_65535_{SECRET}", more.out), more
    for secret in (first["synq"]["token"], third["konvo"]["api_key"]):
        assert command("key", "revoke", secret).code == 0


@pytest.mark.parametrize("cell", ["-1", "65536", "1.5", "x"])
def test_a_cell_is_a_number_of_sixteen_bits(command: Command, cell: str) -> None:
    sentence = command("org", "create", "Acme", CELL=cell).sentence()
    assert "ENTREPOT_CELL" in sentence
    assert "0 to 65,535" in sentence


def test_who_loses_the_race_for_a_number_tries_again(command: Command) -> None:
    command("org", "create", "Acme")
    tries: list[int] = []

    def work(_: Connection) -> str:
        tries.append(1)
        if len(tries) < 3:
            raise Conflict("another process was faster")
        return "made"

    assert session.on_book(lambda book: session.commit(book, work)) == "made"
    assert len(tries) == 3
    with pytest.raises(Conflict):
        session.on_book(lambda book: session.commit(book, lambda _: never()))


def never() -> None:
    raise Conflict("always")


def test_a_demo_that_loses_the_race_for_a_number_tries_again(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = accounts.create_organization, 0

    def beaten(*args: Any, **named: Any) -> accounts.Organization:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise Conflict("another process was faster")
        return real(*args, **named)

    monkeypatch.setattr(accounts, "create_organization", beaten)
    assert command("demo", "--json").code == 0
    assert tries == 3


def test_a_payment_secret_goes_along_with_its_organization(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, file = command("org", "create", "Acme"), tmp_path / "secret.txt"
    assert book.code == 0
    told = command("org", "payment-secret", "Acme", "--to", str(file))
    secret = file.read_text().strip()
    assert told.code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret not in told.out + told.err
    other = f"sqlite:///{tmp_path / 'other.db'}"
    command("org", "create", "Acme", DATABASE_URL=other)
    brought = command("org", "payment-secret", "Acme", "--from", str(file), DATABASE_URL=other)
    assert brought.code == 0
    assert secret not in brought.out + brought.err
    # Carried on from there, it is the first book's secret and not the second's.
    again = tmp_path / "again.txt"
    command("org", "payment-secret", "Acme", "--to", str(again), DATABASE_URL=other)
    assert again.read_text() == file.read_text()
    # From standard input as well.
    monkeypatch.setattr("sys.stdin", io.StringIO("AB" * 32 + "\n"))
    assert command("org", "payment-secret", "Acme", "--from", "-", DATABASE_URL=other).code == 0
    last = tmp_path / "last.txt"
    command("org", "payment-secret", "Acme", "--to", str(last), DATABASE_URL=other)
    assert last.read_text() == "ab" * 32 + "\n"


@pytest.mark.parametrize(
    ("told", "text", "says"),
    [
        ((), "", "--to FILE"),
        (("--to", "a.txt", "--from", "b.txt"), "", "one of them"),
        (("--to", "secret.txt"), "there", "exists already"),
        (("--from", "missing.txt"), "", "cannot be read"),
        (("--from", "secret.txt"), "ab" * 31, "64 hexadecimal digits"),
        (("--from", "secret.txt"), "é" * 64, "64 hexadecimal digits"),
        (("--from", "secret.txt"), "xy" * 32, "64 hexadecimal digits"),
    ],
)
def test_a_payment_secret_that_is_none_changes_nothing(
    command: Command, tmp_path: Path, told: tuple[str, ...], text: str, says: str
) -> None:
    command("org", "create", "Acme")
    if text:
        (tmp_path / "secret.txt").write_text(text)
    assert says in command("org", "payment-secret", "Acme", *told).sentence()
    kept = tmp_path / "kept.txt"
    command("org", "payment-secret", "Acme", "--to", str(kept))
    assert kept.read_text().strip() != text
