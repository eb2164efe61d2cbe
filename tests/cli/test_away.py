"""A command whose write the database does not take says why, and never that all is done."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cli.conftest import Command
from tests.cli.office import Office
from tests.cli.test_orders import PARKED

from entrepot.cli.orders import retry
from entrepot.store.engine import Unavailable
from entrepot.store.engines.sqlite import SqliteDatabase

WHY = "the disk does not take what is written"


async def _away(database: Any, _work: Any) -> None:
    error = Unavailable(WHY)
    database.writing.failed(error)
    raise error


@pytest.mark.parametrize(
    "words",
    [
        ("key", "create", "--org", "Acme", "--dialect", "synq"),
        ("org", "allocation", "Acme", "SOFT"),
        ("demo",),
    ],
    ids=" ".join,
)
def test_a_command_says_why_the_book_was_not_written(
    command: Command, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("org", "create", "Acme").code == 0
    monkeypatch.setattr(SqliteDatabase, "write_guarded", _away)
    assert command(*words).sentence().startswith(f"{WHY}; ")


def test_all_are_not_said_to_go_on_while_the_book_is_away(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.place(PARKED)
    monkeypatch.setattr(type(office.database), "write_guarded", _away)
    with pytest.raises(Unavailable, match=WHY):
        office.types(retry, all_=True)
