"""Upgrades a large book of another version: `python -m tests.upgrade.large PYTHON ENGINE ORDERS`.

PYTHON is the interpreter of that version; ENGINE is `sqlite` or `postgres`. That version makes the
book and is asked 1,000 things drawn at random, half of them lists, and 500 repeats. This version
migrates the book, verifies it, and has to give the same answers, byte for byte.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.upgrade.asking import asked, of_lists, of_orders, repeatable
from tests.upgrade.filling import fill
from tests.upgrade.old_server import Old
from tests.upgrade.talking import Request, Said, Talk, differences

from entrepot.testing.postgres import Postgres
from entrepot.testing.server import Server

_A_ROUND = 190  # orders, about
_READINGS, _REPEATS = 1_000, 500
_SHOWN = 5


def main(python: str, engine: str, orders: str) -> int:
    """Make, ask, upgrade, ask again; the exit code."""
    with tempfile.TemporaryDirectory() as name, _database(engine, Path(name)) as url:
        old = Old(Path(python), url, Path(name))
        _told("the older version makes the book", lambda: fill(old, int(orders) // _A_ROUND))
        before = _asked_before(old)
        server = Server(url, Path(name), role="api")
        _told("entrepot migrate", lambda: server.command("migrate"))
        _told("entrepot verify", server.verify)
        server.start()
        talk = Talk(server.url, old.organizations)
        try:
            found = differences(talk, before)
        finally:
            talk.close()
            server.kill()
        count = server.number("SELECT count(*) FROM orders")
    _say(f"{count:,} orders; {len(found)} of {len(before):,} answers are other ones")
    for one in found[:_SHOWN]:
        _say(one)
    return 1 if found else 0


@contextmanager
def _database(engine: str, folder: Path) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder / 'entrepot.db'}"
        return
    server = Postgres(durable=False)
    server.start()
    try:
        yield server.create()
    finally:
        server.stop()


def _asked_before(old: Old) -> list[Said]:
    chance = random.Random(_READINGS)
    with old.serving(role="api") as talk:
        reading = [_drawn(list(some), _READINGS // 2, chance) for some in _readings(talk)]
        repeats = _drawn(repeatable(old.written), _REPEATS, chance)
        asked(talk, repeats)
        return asked(talk, [*reading[0], *reading[1], *repeats])


def _readings(talk: Talk) -> Iterator[Iterator[Request]]:
    yield of_orders(talk)
    yield of_lists(talk)


def _drawn(some: list[Request], count: int, chance: random.Random) -> list[Request]:
    return chance.sample(some, min(count, len(some)))


def _told(what: str, do: Callable[[], object]) -> None:
    begun = time.monotonic()
    do()
    _say(f"{what}: {time.monotonic() - begun:.1f} s")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
