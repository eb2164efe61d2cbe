"""Texts of rows that have to be JSON: where one is none, readers get the row without it.

Such a text is damage: of the disk, or by other programs. One damaged row keeps nobody from the list
that the row is in. The log says once which row it is, and `entrepot verify` names every one.
Commands do not read so, because they would write over a text that nobody can read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import Table

from entrepot.telemetry import log

# Parts of keys that may be personal or secret.
_UNTOLD = frozenset({"value", "digest", "term"})
# So many are remembered; then they are told anew.
TOLD_MAX = 1_000
_told: set[tuple[Any, ...]] = set()
_is_json = msgspec.json.Decoder(msgspec.Raw).decode
Reader = Callable[[Any, str, tuple[Any, ...]], str | None]


def reader(table: Table) -> Reader:
    """A function that gives the text in a column of a row; what stands for a text that is no JSON:
    null, or nothing of its kind where a text has to be.
    """
    keys = [
        (column.name, at) for at, column in enumerate(table.columns)
        if column.primary_key and column.name not in _UNTOLD
    ]  # fmt: skip
    instead = {
        column.name: None if column.nullable else column.info["json"]
        for column in table.columns
        if "json" in column.info
    }

    def read(text: Any, column: str, row: tuple[Any, ...]) -> str | None:
        try:
            if type(text) is str:
                _is_json(text)
                return text
        except (msgspec.DecodeError, UnicodeError):
            pass
        _tell(table.name, column, {name: _shown(row[at]) for name, at in keys})
        return instead[column]

    return read


def _shown(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value


def _tell(table: str, column: str, key: dict[str, Any]) -> None:
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
