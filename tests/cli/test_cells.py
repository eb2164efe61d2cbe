"""A book among several: its organizations' numbers, its keys' texts, and rivals at making one."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import Connection
from tests.cli.conftest import Command

from entrepot.cli import session
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

    assert session.write(work, must_exist=False) == "made"
    assert len(tries) == 3
    with pytest.raises(Conflict):
        session.write(lambda _: never(), must_exist=False)


def never() -> None:
    raise Conflict("always")
