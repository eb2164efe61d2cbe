"""A kind of row as it is kept: its table, its columns and its guard, said once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Generic

from sqlalchemy import Table

from entrepot.core.kinds import K, Kind, R
from entrepot.store.schema.conversion import Conversion, Part, Row


class Kept(Conversion[R], Generic[K, R]):
    """Rows of one kind in their table; the key is the table's primary key, unless a `key` is told.

    - `sets`: the columns that a change writes: those of the `changing` members; without such, all
      but the key's and those of `fixed` members.
    - `guarded_key`: the columns by which a changed row is found: the key and the guard.
    - `demanded`: whether a row that is deleted has to be there; else somebody else may be faster.
    """

    def __init__(  # noqa: PLR0913 - all that can be said of a kind
        self,
        kind: Kind[K, R],
        table: Table,
        parts: Mapping[str, Part] | None = None,
        *,
        key: tuple[str, ...] = (),
        changing: tuple[str, ...] = (),
        fixed: tuple[str, ...] = (),
        demanded: bool = True,
    ) -> None:
        super().__init__(kind.row, table, parts)
        self.kind, self.demanded = kind, demanded
        self.key: tuple[str, ...] = key or tuple(column.name for column in table.primary_key)
        kept_as_made = {*self.key, *self.columns_of(*fixed)}
        rest = tuple(column for column in self.columns if column not in kept_as_made)
        self.sets = self.columns_of(*changing) if changing else rest
        self.guarded_key = (*self.key, *self.columns_of(*kind.guard))

    @cached_property
    def values(self) -> Callable[[R], Row]:
        """The columns `sets` of a row."""
        return self.giving(self.sets)

    @cached_property
    def guarding(self) -> Callable[[R], Row]:
        """The columns `guarded_key` of a row."""
        return self.giving(self.guarded_key)


AnyKept = Kept[Any, Any]
