"""Rows of one kind that a batch knows: as read, as they now are, and which are to be written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, ValuesView
from collections.abc import Set as AbstractSet
from typing import Any, Generic, NamedTuple, TypeVar

from entrepot.core.kinds import K, Kind, R

G = TypeVar("G")


class Written(NamedTuple):
    """The keys of rows to insert, to update and to delete. No key is in two of these."""

    new: AbstractSet[Any]
    dirty: AbstractSet[Any]
    gone: AbstractSet[Any]


_NONE: frozenset[Any] = frozenset()


class Rows(Mapping[K, R]):
    """The rows of one kind, by key, as they now are.

    - `base`: each row as the database has the row, for the guards.
    - `now`: each row as it stands after the decisions so far.
    - `told`: the rows that decisions made, changed or took away, as they were told last.

    The rows to write follow from the keys of these three, and are asked for once, at the end of a
    batch.
    """

    __slots__ = ("_missing", "_written", "base", "get", "key_of", "kind", "now", "told")

    def __init__(self, kind: Kind[K, R]) -> None:
        self.kind, self.key_of = kind, kind.key
        self.base: dict[K, R] = {}
        self.now: dict[K, R] = {}
        #: The row as it now is; None where there is none, or none was read. What a Mapping inherits
        #: asks `__getitem__`, and this is asked for every line of every order.
        self.get: Callable[[K], R | None] = self.now.get  # type: ignore[assignment]
        # A dictionary takes rows of another one without reckoning the hash of each key again.
        self.told: dict[K, R | None] = {}
        self._missing = False  # a row was taken away or forgotten
        self._written: Written | None = None

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

    def know(self, row: R) -> None:
        """Take one row as the database has the row."""
        key = self.key_of(row)
        self.base[key] = self.now[key] = row

    def put(self, row: R) -> None:
        """Make a row, or change the row that has this key."""
        self.take({self.key_of(row): row})

    def take(self, changed: dict[K, R | None]) -> None:
        """Make or change these rows, by their keys; take those away that are None."""
        self.told.update(changed)
        self._written = None
        if None in changed.values():
            self._take_away(changed)
        else:
            self.now.update(changed)  # no row is None

    def _take_away(self, changed: dict[K, R | None]) -> None:
        self._missing = True
        now = self.now
        for key, row in changed.items():
            if row is not None:
                now[key] = row
            elif key in now:
                del now[key]

    def remove(self, key: K) -> None:
        """Take a row away. A row that was made here leaves no trace."""
        self.take({key: None})

    def forget(self, key: K) -> None:
        """Know nothing of the row, as if it had not been read."""
        self.base.pop(key, None)
        self.now.pop(key, None)
        self._written, self._missing = None, True

    @property
    def new(self) -> AbstractSet[K]:
        """The keys of rows to insert. No key is in two of `new`, `dirty` and `gone`."""
        return self.to_write().new

    @property
    def dirty(self) -> AbstractSet[K]:
        """The keys of rows to update."""
        return self.to_write().dirty

    @property
    def gone(self) -> AbstractSet[K]:
        """The keys of rows to delete."""
        return self.to_write().gone

    def untouched(self) -> set[K]:
        """The keys of rows that were read, and that nothing is written of."""
        return self.base.keys() - self.dirty - self.gone

    def to_write(self) -> Written:
        """See `Written`."""
        if self._written is None:
            told, now = self.told.keys(), self.now
            there = {key for key in told if key in now} if self._missing else told
            dirty = there & self.base.keys()
            gone = (told - there) & self.base.keys() if self._missing else _NONE
            self._written = Written(there - dirty if dirty else there, dirty, gone)
        return self._written


class Grouped(Rows[K, R], Generic[G, K, R]):
    """Rows that belong to something, such as the reservations of an order. What a row belongs to
    never changes.
    """

    __slots__ = ("_group", "_groups", "_unplaced")

    def __init__(self, kind: Kind[K, R]) -> None:
        super().__init__(kind)
        assert kind.group is not None
        self._group = kind.group
        # The keys of each group's rows, in the order in which the rows came. Some may be gone.
        self._groups: dict[G, dict[K, Any]] = {}
        # Keys of rows that came after somebody last asked for a group.
        self._unplaced: list[Iterable[K]] = []

    def of(self, group: G) -> Collection[R]:
        """The rows of one group, as they now are."""
        if self._unplaced:
            self._place()
        if group not in self._groups:
            return ()
        now = self.now
        return [now[key] for key in self._groups[group] if key in now]

    def know_group(self, group: G, rows: Iterable[R]) -> None:
        """Take rows of one group as the database has them."""
        key_of = self.key_of
        its = {key_of(row): row for row in rows}
        self.base.update(its)
        self.now.update(its)
        if group in self._groups:
            self._groups[group].update(its)
        else:
            self._groups[group] = its

    def read(self, rows: Iterable[R]) -> None:
        """See Rows."""
        listed = list(rows)
        super().read(listed)
        self._unplaced.append([self.key_of(row) for row in listed])

    def know(self, row: R) -> None:
        """See Rows."""
        super().know(row)
        self._unplaced.append((self.key_of(row),))

    def take(self, changed: dict[K, R | None]) -> None:
        """See Rows."""
        if not changed.keys() <= self.now.keys():
            self._unplaced.append(changed)
        # As in Rows: every order comes here several times.
        self.told.update(changed)
        self._written = None
        if None in changed.values():
            self._take_away(changed)
        else:
            self.now.update(changed)  # no row is None

    def _place(self) -> None:
        groups, known, group_of = self._groups, self.get, self._group
        for keys in self._unplaced:
            for key in keys:
                row = known(key)
                if row is None:  # it was taken away meanwhile
                    continue
                group = group_of(row)
                if group in groups:
                    groups[group][key] = None
                else:
                    groups[group] = {key: None}
        self._unplaced.clear()
