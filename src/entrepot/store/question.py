"""A question of a dialect to the book: a function, and the kind of transaction that suits it."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, Generic, Literal, ParamSpec, TypeVar

from entrepot.store.engine import Database, Snapshot

P = ParamSpec("P")
T = TypeVar("T")

Kind = Literal["one statement", "snapshot", "long"]


class Question(Generic[P, T]):
    """A function over a connection and an organization, which reads rows of that organization only.

    `kind` is the transaction that it is asked in: `one statement` holds none where the engine reads
    all at once, `snapshot` sees one moment, and `long` is a snapshot that nothing else waits for.
    """

    def __init__(self, look: Callable[Concatenate[Snapshot, int, P], T], kind: Kind) -> None:
        self.look = look
        self.kind = kind
        update_wrapper(self, look)

    def __call__(self, conn: Snapshot, org: int, *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask within a transaction that is under way."""
        return self.look(conn, org, *args, **kwargs)

    async def ask(self, database: Database, org: int, *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask in a transaction of its own. Raises Unavailable."""

        def look(conn: Snapshot) -> T:
            return self.look(conn, org, *args, **kwargs)

        if self.kind == "one statement":
            return await database.read_one(look)
        if self.kind == "snapshot":
            return await database.read(look)
        return await database.read_long(look)


def asked_in(
    kind: Kind,
) -> Callable[[Callable[Concatenate[Snapshot, int, P], T]], Question[P, T]]:
    """Make a question of a function."""

    def made(look: Callable[Concatenate[Snapshot, int, P], T]) -> Question[P, T]:
        return Question(look, kind)

    return made
