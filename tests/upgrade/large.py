"""Upgrades a large book of another version: `python -m tests.upgrade.large PYTHON FOLDER ORDERS`.

PYTHON is the interpreter of that version. That version makes a book on SQLite, verifies it, and is
asked 1,000 things drawn at random, half of them lists, and 500 repeats. The book and the answers
stay in FOLDER, and are not made again if they are there.

This version migrates a copy of the book on SQLite, and one whose rows were copied into PostgreSQL,
where that version made the schema. It verifies each, and has to give the same answers, byte for
byte. In the end one byte of an order is changed, which has to be seen.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection
from tests.upgrade import rows
from tests.upgrade.asking import all_orders, asked, of_lists, of_orders, repeatable
from tests.upgrade.filling import fill
from tests.upgrade.old_server import Old
from tests.upgrade.stands import SYNQ
from tests.upgrade.talking import Request, Said, Talk, differences, keep, kept, said_of

from entrepot.store.engines.opening import open_database
from entrepot.testing.postgres import Postgres
from entrepot.testing.server import Server, sqlite_url

T = TypeVar("T")

ENGINES = ("sqlite", "postgres")
_A_ROUND = 219  # orders, about
_READINGS, _REPEATS = 1_000, 500
_SHOWN = 5


def main(python: str, folder: str, orders: str) -> int:
    """Make, ask, upgrade, ask again; the exit code."""
    made = Path(folder)
    old = Old(Path(python), sqlite_url(made), made)
    answers = made / "answers.json.xz"
    if not answers.exists():
        made.mkdir(parents=True)
        keep(answers, _made(old, int(orders) // _A_ROUND))
    told = kept(answers)
    before = said_of(told["answers"])
    return max([_upgraded(engine, old, told["organizations"], before) for engine in ENGINES])


def _made(old: Old, rounds: int) -> dict[str, Any]:
    """The book, and what it answers."""
    _timed("the older version makes the book", lambda: fill(old, rounds))
    chance = random.Random(_READINGS)
    repeats = _drawn(repeatable(old.written), _REPEATS, chance)
    with old.serving(role="api") as talk:
        known = _timed("the older version lists all orders", lambda: all_orders(talk))
        reading = [
            *_drawn(list(of_orders(known)), _READINGS // 2, chance),
            *_drawn(list(of_lists(known)), _READINGS // 2, chance),
        ]
        # A first repeat may still find out what became of an announcement.
        asked(talk, repeats)
        answers = asked(talk, [*reading, *repeats])
    _timed("the older version verifies the book", lambda: old.command("verify"))
    return {"organizations": old.organizations, "answers": answers}


def _drawn(some: list[Request], count: int, chance: random.Random) -> list[Request]:
    return chance.sample(some, min(count, len(some)))


def _upgraded(
    engine: str, old: Old, organizations: list[dict[str, Any]], before: list[Said]
) -> int:
    with tempfile.TemporaryDirectory() as name, _copied(engine, old, Path(name)) as url:
        server = Server(url, Path(name), role="api")
        _timed(f"{engine}: entrepot migrate", lambda: server.command("migrate"))
        _timed(f"{engine}: entrepot verify", server.verify)
        server.start()
        with closing(Talk(server.url, organizations)) as talk:
            found = _timed(f"{engine}: asked again", lambda: differences(talk, before))
            seen = _seen(url, talk, before)
        server.kill()
        count = server.number("SELECT count(*) FROM orders")
    _say(f"{engine}: {count:,} orders; {len(found)} of {len(before):,} answers are other ones")
    for one in found[:_SHOWN]:
        _say(one)
    _say(f"{engine}: a changed byte changes {seen} answers")
    return 1 if found or not seen else 0


@contextmanager
def _copied(engine: str, old: Old, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        shutil.copytree(old.folder, folder, dirs_exist_ok=True)
        yield sqlite_url(folder)
        return
    server = Postgres(durable=False)
    server.start()
    try:
        url = server.create()
        Old(old.python, url, folder).command("migrate")
        book = Path(old.url.removeprefix("sqlite:///"))
        _timed("postgres: the rows are copied", lambda: asyncio.run(rows.copy(book, url)))
        yield url
    finally:
        server.stop()


def _seen(url: str, talk: Talk, before: list[Said]) -> int:
    """How many answers show a byte that is changed in the title of an order's line."""
    by_id = [one for one in before if one.request.path.startswith(f"{SYNQ}/")]
    shown = next(one.answer.json for one in by_id if one.answer.status == 200)
    order_id = bytes.fromhex(shown["id"].replace("-", ""))

    def change(conn: Connection) -> None:
        its = f"order_id = {_spelled(conn, order_id)}"
        conn.exec_driver_sql(f"UPDATE order_lines SET title = title || '.' WHERE {its}")

    async def changed() -> None:
        database = open_database(url)
        await database.write(change)
        await database.close()

    asyncio.run(changed())
    return len(differences(talk, before))


def _spelled(conn: Connection, value: bytes) -> str:
    return f"X'{value.hex()}'" if conn.dialect.name == "sqlite" else f"'\\x{value.hex()}'"


def _timed(what: str, do: Callable[[], T]) -> T:
    begun = time.monotonic()
    done = do()
    _say(f"{what}: {time.monotonic() - begun:.1f} s")
    return done


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
