"""Values of rows that their column cannot have: readers get the row without them.

Such a value is damage: of the disk, or by other programs. SQLite keeps a value of any type in a
column, and a flipped bit makes a blob of a text. One damaged row keeps nobody from the list that
the row is in. The log says once which row it is, and `entrepot verify` names every one.
Commands do not read so, because they would write over a value that nobody can read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, SmallInteger, Table

from entrepot.telemetry import log

# Parts of keys that may be personal or secret.
_UNTOLD = frozenset({"value", "digest", "term"})
# So many are remembered; then they are told anew.
TOLD_MAX = 1_000
_told: set[tuple[Any, ...]] = set()
_is_json = msgspec.json.Decoder(msgspec.Raw).decode
Row = tuple[Any, ...]
Reader = Callable[[Any, str, Row], str | None]
# So many combinations of types are known of a table's rows; others are looked at each time.
TYPES_MAX = 1_000
_ID_BYTES = 16
_LOOKED_AT = frozenset({"json", "places"})
_INTEGER, _TEXT, _BYTES = frozenset({int}), frozenset({str}), frozenset({bytes})
_TYPES = {
    BigInteger: _INTEGER, SmallInteger: _INTEGER, Boolean: frozenset({int, bool}),
    LargeBinary: _BYTES,
}  # fmt: skip
# What stands for a value of another type where there has to be one.
_INSTEAD: dict[frozenset[type], Any] = {_TEXT: "", _BYTES: bytes(_ID_BYTES)}


class _Trust:
    """Whether rows are taken to be sound. A look at the types of every row makes lists of a server
    slower by a tenth. So a server trusts its book until something of the book cannot be read, and
    looks at every row from then on. Commands of an operator always look.
    """

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows = False


trust = _Trust()


def doubt() -> bool:
    """Look at every row from now on. False where that was so before: to read again helps nobody."""
    was_trusting, trust.rows = trust.rows, False
    return was_trusting


def sound_types(table: Table) -> tuple[set[tuple[type, ...]], Callable[[Row], Row]]:
    """The types that the values of sound rows have, as far as they are known, and a function that
    gives a row whose types are not among them: as it is where its types fit, which are known then;
    else without the values that are of no type of their column.

    A blob in the place of a text is read as one.
    """
    known: set[tuple[type, ...]] = set()
    columns = list(table.columns)
    keys = _keys(table)

    def mended(row: Row) -> Row:
        values = list(row)
        faulty = [at for at, column in enumerate(columns) if not _fits(values[at], column)]
        if not faulty and len(known) < TYPES_MAX:
            known.add(tuple(map(type, values)))
        for at in faulty:
            tell(table.name, columns[at].name, {name: _shown(row[of]) for name, of in keys})
            values[at] = _instead(values[at], columns[at])
        return tuple(values)

    return known, mended


def _fits(value: Any, column: Column[Any]) -> bool:
    if value is None:
        return bool(column.nullable)
    # The places of an amount and JSON are looked at where they are read.
    return not column.info.keys().isdisjoint(_LOOKED_AT) or type(value) in _types(column)


def _types(column: Column[Any]) -> frozenset[type]:
    return _TYPES.get(type(column.type), _TEXT)


def _instead(value: Any, column: Column[Any]) -> Any:
    types = _types(column)
    if types is _TEXT and isinstance(value, bytes):
        return value.decode(errors="replace").replace("\0", "")
    return None if column.nullable else _INSTEAD.get(types, 0)


def _keys(table: Table) -> list[tuple[str, int]]:
    """The columns of the key that can be told, with their positions."""
    return [
        (column.name, at) for at, column in enumerate(table.columns)
        if column.primary_key and column.name not in _UNTOLD
    ]  # fmt: skip


def reader(table: Table) -> Reader:
    """A function that gives the text in a column of a row; what stands for a text that is no JSON,
    or JSON of another kind: null, or nothing of its kind where a text has to be.
    """
    keys = _keys(table)
    begins = {
        column.name: column.info["begins"] for column in table.columns if "json" in column.info
    }
    instead = {
        column.name: None if column.nullable else column.info["json"]
        for column in table.columns
        if "json" in column.info
    }

    def read(text: Any, column: str, row: Row) -> str | None:
        try:
            if type(text) is str and text[:1] in begins[column]:
                _is_json(text)
                return text
        except (msgspec.DecodeError, UnicodeError):
            pass
        tell(table.name, column, {name: _shown(row[at]) for name, at in keys})
        return instead[column]

    return read


def _shown(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def tell(table: str, column: str, key: dict[str, Any]) -> None:
    """Log once that a column of a row cannot be read as it is."""
    told = (table, column, *key.values())
    if told in _told:
        return
    if len(_told) >= TOLD_MAX:
        _told.clear()
    _told.add(told)
    log.error(
        "book.unreadable", table=table, column=column, row=key,
        remedy="`entrepot verify` names all such rows, and docs/verify.md says what to do",
    )  # fmt: skip
