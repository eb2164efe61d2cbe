"""How every table is made: the organization first in its key, and no row id of SQLite's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TextClause,
)
from sqlalchemy.schema import SchemaItem

metadata = MetaData()
ID = LargeBinary(16)


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """The column holds one of these words.

    The words are compared in turn, the usual ones first: of a list with three words or more SQLite
    makes a table anew for every row (migration 0025).
    """
    compared = " OR ".join([f"{column} = '{value}'" for value in values])
    return CheckConstraint(compared, name=f"{column}_known")


def need(name: str, type_: object) -> Column[object]:
    """A column that is never null."""
    return Column(name, type_, nullable=False)  # type: ignore[arg-type]


def json_text(
    name: str, *, needed: bool = False, nothing: str = "{}", begins: str = ""
) -> Column[object]:
    """A column of JSON as text, every digit kept; `verify` looks that it can be read.

    `nothing` is what a needed text says of nothing: an object or an array without members. The text
    `begins` with one of these characters, by which its kind is known: as `nothing` does, or as null
    where the column can be null, unless told.
    """
    kinds = begins or (nothing[0] if needed else f"{nothing[0]}n")
    info = {"json": nothing, "begins": frozenset(kinds)}
    return Column(name, Text, nullable=not needed, info=info)


def word(name: str, words: Iterable[str]) -> Column[object]:
    """A column that holds one word of a closed list; `verify` looks that it does.

    Unlike `one_of`, which writes cost: for large tables, and for lists that become longer.
    """
    return Column(name, Text, nullable=False, info={"words": tuple(sorted(words))})


def places(name: str, *, needed: bool = True) -> Column[object]:
    """A column with the decimal places of an amount; `verify` looks that there can be so many."""
    return Column(name, SmallInteger, nullable=not needed, info={"places": True})


def is_time(column: str) -> bool:
    """Whether a column of this name holds a time: all that do are named so."""
    return column == "at" or column.endswith(("_at", "_until"))


def belongs_to(name: str, parent: Table) -> Column[object]:
    """The id of the row of another table that the row belongs to; `verify` looks that it is there.

    Both rows are of one organization.
    """
    return Column(name, ID, nullable=False, info={"belongs_to": parent})


def table(name: str, *parts: SchemaItem, by_key: bool = True) -> Table:
    """A table of the book. SQLite keeps its rows in the tree of its key.

    Not `by_key` are large rows whose keys come in no order: that tree would have few rows on a page
    and many levels, all of them read again for every key; the keys alone have few.
    """
    options: dict[str, Any] = {"sqlite_with_rowid": not by_key}
    return Table(name, metadata, *parts, **options)


def partial_index(name: str, *columns: str, where: TextClause, unique: bool = False) -> Index:
    """An index that leaves out the rows of which `where` does not hold, on either engine.

    Migrations make the index. PostgreSQL's condition is not told to SQLAlchemy here: SQLAlchemy
    would load that engine's dialect, 35 ms and 2 MB in each process of a book in SQLite.
    """
    return Index(name, *columns, unique=unique, sqlite_where=where)
