"""Rows of one kind that a batch knows: as read, as they now are, and which are to be written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, ValuesView
from typing import Any, Generic, TypeVar, cast

from entrepot.core.kinds import K, Kind, R

G = TypeVar("G")
# Frozen, so that nobody adds to what all share.
_NONE: set[Any] = cast("set[Any]", frozenset())


class Rows(Mapping[K, R]):
    """The rows of one kind, by key, as they now are.

    - `base`: each row as the database has the row, for the guards.
    - `now`: each row as it stands after the decisions so far.
    - `new`, `dirty`, `gone`: the keys of rows to insert, to update and to delete. No key is in two.
    """

    __slots__ = ("base", "dirty", "get", "gone", "key_of", "kind", "new", "now")

    def __init__(self, kind: Kind[K, R]) -> None:
        self.kind, self.key_of = kind, kind.key
        self.base: dict[K, R] = {}
        self.now: dict[K, R] = {}
        #: The row as it now is; None where there is none, or none was read. What a Mapping inherits
        #: asks `__getitem__`, and this is asked for every line of every order.
        self.get: Callable[[K], R | None] = self.now.get  # type: ignore[assignment]
        # Most kinds have nothing to write in most batches: these share one set until they have.
        self.new: set[K] = _NONE
        self.dirty: set[K] = _NONE
        self.gone: set[K] = _NONE

    def __getitem__(self, key: K) -> R:
        return self.now[key]

    def __contains__(self, key: object) -> bool:
        return key in self.now

    def __iter__(self) -> Iterator[K]:
        return iter(self.now)

    def __len__(self) -> int:
        return len(self.now)

    def values(self) -> ValuesView[R]:
        """All rows that are known, as they now are."""
        return self.now.values()

    def read(self, rows: Iterable[R]) -> None:
        """Take rows as the database has them."""
        base, now, key_of = self.base, self.now, self.key_of
        for row in rows:
            key = key_of(row)
            base[key] = now[key] = row

    def put(self, row: R) -> None:
        """Make a row, or change the row that has this key."""
        self._set(self.key_of(row), row)

    def _set(self, key: K, row: R) -> None:
        self.now[key] = row
        if key in self.base:
            self._change((key,))
        elif self.new:
            self.new.add(key)
        else:
            self.new = {key}

    def take(self, changed: dict[K, R | None]) -> None:
        """Make or change these rows, by their keys; take those away that are None."""
        if len(changed) == 1:  # as nearly always: a decision changes one row of a kind
            for key, row in changed.items():
                if row is None:
                    self.remove(key)
                else:
                    self._set(key, row)
            return
        put: dict[K, R] = changed  # type: ignore[assignment]  # unless a row is None
        if None in changed.values():
            put = {key: row for key, row in changed.items() if row is not None}
            for key in changed.keys() - put.keys():
                self.remove(key)
        self.now |= put
        made: Collection[K] = put
        if self.base and not self.base.keys().isdisjoint(put):
            made = put.keys() - self.base.keys()
            self._change(put.keys() - made)
        if self.new:
            self.new.update(made)
        elif made:
            self.new = set(made)

    def _change(self, keys: Collection[K]) -> None:
        if self.dirty:
            self.dirty.update(keys)
        else:
            self.dirty = set(keys)
        if self.gone:
            self.gone.difference_update(keys)

    def remove(self, key: K) -> None:
        """Take a row away. A row that was made here leaves no trace."""
        self.now.pop(key, None)
        if key in self.dirty:
            self.dirty.discard(key)
        if key in self.new:
            self.new.discard(key)
        elif key not in self.base:
            return
        elif self.gone is _NONE:
            self.gone = {key}
        else:
            self.gone.add(key)

    def forget(self, key: K) -> None:
        """Know nothing of the row, as if it had not been read."""
        self.base.pop(key, None)
        self.now.pop(key, None)
        if key in self.dirty:
            self.dirty.discard(key)
        if key in self.gone:
            self.gone.discard(key)

    def untouched(self) -> set[K]:
        """The keys of rows that were read, and that nothing is written of."""
        return self.base.keys() - self.dirty - self.gone


class Grouped(Rows[K, R], Generic[G, K, R]):
    """Rows that belong to something, such as the reservations of an order."""

    __slots__ = ("_group", "_groups")

    def __init__(self, kind: Kind[K, R]) -> None:
        super().__init__(kind)
        assert kind.group is not None
        self._group = kind.group
        self._groups: dict[G, dict[K, R]] = {}

    def of(self, group: G) -> Collection[R]:
        """The rows of one group, as they now are."""
        found = self._groups.get(group)
        return found.values() if found else ()

    def read(self, rows: Iterable[R]) -> None:
        """See Rows."""
        listed = list(rows)
        super().read(listed)
        self._place(zip(map(self.key_of, listed), listed, strict=True))

    def put(self, row: R) -> None:
        """See Rows."""
        super().put(row)
        self._place([(self.key_of(row), row)])

    def take(self, changed: dict[K, R | None]) -> None:
        """See Rows."""
        super().take(changed)
        self._place(changed.items())

    def _place(self, rows: Iterable[tuple[K, R | None]]) -> None:
        groups, group_of = self._groups, self._group
        for key, row in rows:
            if row is None:
                continue
            group = group_of(row)
            if group in groups:
                groups[group][key] = row
            else:
                groups[group] = {key: row}

    def remove(self, key: K) -> None:
        """See Rows."""
        row = self.now.get(key)
        super().remove(key)
        if row is not None:
            del self._groups[self._group(row)][key]
