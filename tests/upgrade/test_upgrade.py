"""A book that the version before made is upgraded in place, and answers as that version did.

The rows and the answers are those of commit 2cfa2cd, schema 0013; make_old_book.py made them.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection
from tests.upgrade import rows
from tests.upgrade.asking import replayed
from tests.upgrade.make_old_book import ANSWERS, BOOK
from tests.upgrade.talking import Talk, differences, kept, said_of

from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate
from entrepot.testing.server import Server

_MADE_AT = "0013"
# Processes say that they live where a book takes several of them, which this one did not.
_EMPTY = {"processes"}
_DIFFERENCES_SHOWN = 3


# The version that kept every word that an order shows, before words were derived.
_KEPT_WORDS = "0016"
_WORDS = "SELECT id, told, synq, polinate_phase, polinate_status, konvo, konvo_shipment FROM orders"


@pytest.fixture
def old_book(empty_database_url: str) -> str:
    """The URL of the old book, with the schema that it was made with."""

    async def make() -> None:
        database = open_database(empty_database_url)
        await database.write(lambda conn: command.upgrade(migrate._config(conn), _MADE_AT))
        made = kept(BOOK)["rows"]
        await database.write(lambda conn: conn.exec_driver_sql("DELETE FROM installation"))
        await database.write(partial(rows.insert_all, rows=made))
        await database.close()

    asyncio.run(make())
    return empty_database_url


def test_the_old_book_has_rows_of_every_kind() -> None:
    made = kept(BOOK)["rows"]
    assert {name for name, told in made.items() if not told["rows"]} == _EMPTY
    answers = kept(ANSWERS)
    assert {answer[0] for _, answer in answers["reading"]} >= {200, 400, 404}
    assert replayed(said_of(answers["repeated"])) > 150


def test_an_upgraded_book_answers_as_before(old_book: str, tmp_path: Path) -> None:
    answers = kept(ANSWERS)
    server = Server(old_book, tmp_path, role="api")
    server.command("migrate")
    server.verify()
    orders = server.number("SELECT count(*) FROM orders")
    server.start()
    talk = Talk(server.url, kept(BOOK)["organizations"])
    try:
        for requests in ("repeated", "reading"):
            found = differences(talk, said_of(answers[requests]))
            shown = "\n".join(found[:_DIFFERENCES_SHOWN])
            assert not found, f"{len(found)} answers of {requests} are other ones:\n{shown}"
    finally:
        talk.close()
        server.kill()
    assert server.number("SELECT count(*) FROM orders") == orders
    server.verify()


async def test_a_book_that_goes_back_has_the_words_that_it_had(old_book: str) -> None:
    def words(conn: Connection) -> list[tuple[Any, ...]]:
        return sorted(map(tuple, conn.exec_driver_sql(_WORDS).all()))

    def back(conn: Connection) -> None:
        command.downgrade(migrate._config(conn), _KEPT_WORDS)

    database = open_database(old_book)
    await database.write(lambda conn: command.upgrade(migrate._config(conn), _KEPT_WORDS))
    before = await database.read(words)
    await migrate.upgrade(database)
    await database.write(back)
    assert await database.read(words) == before
    await database.close()
