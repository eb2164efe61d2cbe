"""Rows of a table to values of the core and back: composed once from the members and the columns.

A member lies in the column of its own name, unless a `Part` says otherwise. The functions are
compiled, so that they cost what functions by hand would. A function is compiled when it is first
called for: no process needs all of them. A member without a column, or a column without a
member, is an error at the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from sqlalchemy import Boolean, Table

from entrepot.core.money import SCALE_MAX, Amount, rescale
from entrepot.store.schema.readable import reader, sound_types, trust

Row = tuple[Any, ...]
T = TypeVar("T", bound=tuple[Any, ...])

_SLICE_MIN = 3  # so many neighbours are written as a slice
# More places, or fewer below zero, than any amount has. A power of ten of a damaged number could
# take hours.
_PLACES_MOST = 99


class Position(NamedTuple):
    """The expression `value[at]`; `value` has `size` members."""

    value: str
    at: int
    size: int

    def __str__(self) -> str:
        return f"{self.value}[{self.at}]"


Expression = Position | str
Column = Callable[[str], Expression]
Members = Callable[[str], Position]
Stored = Mapping[str, Expression]


class Part(Protocol):
    """How a member lies in columns. Expressions are Python, over a row or a value."""

    def stored(self, member: Position, value: Members, /) -> Stored:
        """The value of each of its columns; `value` gives the other members."""
        ...

    def loaded(self, column: Column, names: dict[str, Any], /) -> Expression:
        """The member's value; `names` are what expressions can use."""
        ...


class Alone(NamedTuple):
    """A member in one column. `Alone("body", "bytes")`: made bytes of when it is read."""

    name: str
    made: str = ""

    def stored(self, member: Position, _value: Members, /) -> Stored:
        """See Part."""
        return {self.name: member}

    def loaded(self, column: Column, _names: dict[str, Any], /) -> Expression:
        """See Part."""
        return f"{self.made}({column(self.name)})" if self.made else column(self.name)


class Spread(NamedTuple):
    """A member that is a NamedTuple: each of its own members lies in columns of the same row."""

    row: type[Any]
    parts: Mapping[str, Part] = {}

    def stored(self, member: Position, _value: Members, /) -> Stored:
        """See Part."""
        fields = self.row._fields
        inner = {name: Position(str(member), at, len(fields)) for at, name in enumerate(fields)}
        found: dict[str, Expression] = {}
        for name, position in inner.items():
            found |= self.parts.get(name, Alone(name)).stored(position, inner.__getitem__)
        return found

    def loaded(self, column: Column, names: dict[str, Any], /) -> Expression:
        """See Part."""
        names[self.row.__name__] = self.row
        parts = [
            self.parts.get(name, Alone(name)).loaded(column, names) for name in self.row._fields
        ]
        return f"new({self.row.__name__}, ({_listed(parts)}))"


def money(units: str, scale: str) -> Part:
    """An amount in two columns."""
    return Spread(Amount, {"units": Alone(units), "scale": Alone(scale)})


class MaybeMoney(NamedTuple):
    """An amount in two columns, or None, which is null in both."""

    units: str
    scale: str

    def stored(self, member: Position, _value: Members, /) -> Stored:
        """See Part."""
        units, scale = (f"({member} and {member}[{at}])" for at in range(2))
        return {self.units: units, self.scale: scale}

    def loaded(self, column: Column, _names: dict[str, Any], /) -> Expression:
        """See Part."""
        units, scale = column(self.units), column(self.scale)
        return f"(None if {units} is None else new(Amount, ({units}, {scale})))"


class AtOneScale(NamedTuple):
    """An amount in the column of its units, beside others at the finest scale of them all.

    The column `scale` is stored with the member that is first in `of`, which names all of them.
    `own` is a column that keeps the scale at which this member was told.
    """

    name: str
    of: tuple[str, ...]
    own: str = ""

    def stored(self, member: Position, value: Members, /) -> Stored:
        """See Part."""
        found: dict[str, Expression] = {
            # Zero is zero at every scale: most orders have no discount, shipping or tax.
            self.name: f"({member}[0] if {member}[1] == scale or not {member}[0] "
            f"else rescale(*{member}, scale))"
        }
        if self.of[0] == self.name:
            scales = ", ".join(f"{value(name)}[1]" for name in self.of)
            found["scale"] = f"(scale := max(({scales})))"
        if self.own:
            found[self.own] = f"{member}[1]"
        return found

    def loaded(self, column: Column, _names: dict[str, Any], /) -> Expression:
        """See Part."""
        units, scale = column(self.name), column("scale")
        if not self.own:
            return f"new(Amount, ({units}, {scale}))"
        told = column(self.own)
        return f"new(Amount, told_at({units}, {scale}, {told}))"


class Beside(NamedTuple):
    """A member that lies in other tables: the caller gives it beside the row."""

    name: str
    default: str

    def stored(self, _member: Position, _value: Members, /) -> Stored:
        """See Part."""
        return {}

    def loaded(self, _column: Column, _names: dict[str, Any], /) -> Expression:
        """See Part."""
        return self.name


def told_at(units: int, scale: int, told: int) -> tuple[int, int]:
    """Units and scale of a total, which is kept at the finest scale and told at its own one. Where
    one of the two is damaged, the total is as it is kept.
    """
    if told == scale or not (0 <= told <= SCALE_MAX and 0 <= scale <= SCALE_MAX):
        return units, scale
    if told > scale:
        return int(units * 10 ** (told - scale)), told
    return int(units // 10 ** (scale - told)), told


def bounded(places: Any) -> int:
    """The decimal places of a damaged amount, which is none that an order takes: as many as there
    are, up to 99.
    """
    if type(places) is not int:
        return _PLACES_MOST
    return min(max(places, -_PLACES_MOST), _PLACES_MOST)


class Conversion(Generic[T]):
    """Rows of a table, all columns in the table's order, to values of the core and back.

    Raises TypeError where the members and the columns do not cover each other.
    """

    def __init__(self, row: type[T], table: Table, parts: Mapping[str, Part] | None = None) -> None:
        self.table = table
        self.columns: tuple[str, ...] = tuple(column.name for column in table.columns)
        self._row, self._parts = row, dict(parts or {})
        self._members: tuple[str, ...] = row._fields  # type: ignore[attr-defined]
        self._stored: dict[str, Expression] = {}
        self._of_member: dict[str, tuple[str, ...]] = {}
        for member in self._members:
            stored = self._part(member).stored(self._value(member), self._value)
            self._stored |= stored
            self._of_member[member] = tuple(stored)
        self._check(row.__name__)

    @cached_property
    def to_row(self) -> Callable[[T], Row]:
        """The row of a value: its columns in the table's order."""
        return self.giving(self.columns)

    @cached_property
    def from_row(self) -> Callable[..., T]:
        """The value of a row; members that lie beside the row are given by name."""
        return self._loading(self._column)

    @cached_property
    def readable_row(self) -> Callable[..., T]:
        """The value of a row for readers: without the values that their columns cannot have."""
        return self._loading(self._readable, mending=True)

    def _part(self, member: str) -> Part:
        return self._parts.get(member) or Alone(member)

    def _value(self, member: str) -> Position:
        return Position("o", self._members.index(member), len(self._members))

    def _check(self, name: str) -> None:
        unknown = self._stored.keys() - set(self.columns)
        left = [column for column in self.columns if column not in self._stored]
        if unknown or left or self._parts.keys() - set(self._members):
            raise TypeError(
                f"{name} and {self.table.name} do not fit: no column for {sorted(unknown)}, "
                f"nothing for {left}, no member {sorted(self._parts.keys() - set(self._members))}"
            )

    def columns_of(self, *members: str) -> tuple[str, ...]:
        """The columns in which these members lie, in the table's order."""
        wanted = {column for member in members for column in self._of_member[member]}
        return tuple(column for column in self.columns if column in wanted)

    def at(self, column: str) -> int:
        """The position of a column in a row."""
        return self.columns.index(column)

    def giving(self, columns: Iterable[str]) -> Callable[[T], Row]:
        """A function that gives these columns of a value."""
        members = _listed([self._stored[column] for column in columns])
        return self._compiled("o", "o" if members == "*o," else f"({members})", _NAMES)

    def _loading(self, column: Column, *, mending: bool = False) -> Callable[..., T]:
        names, name = {**_NAMES, self._row.__name__: self._row}, self._row.__name__
        names["readable"] = reader(self.table)
        beside = [part for part in self._parts.values() if isinstance(part, Beside)]
        parts = [self._part(member).loaded(column, names) for member in self._members]
        arguments = "".join(f", {part.name}={part.default}" for part in beside)
        members = _listed(parts)
        made = "r" if members == "*r," else f"({members})"
        body = f"new({name}, {made})"
        if mending:
            names["sound"], names["mended"] = sound_types(self.table)
            names["trust"] = trust
            # PostgreSQL's columns hold values of their types alone, and its rows are no tuples.
            is_sound = "trust.rows or type(r) is not tuple or (*map(type, r),) in sound"
            body = f"(r := r if {is_sound} else mended(r)) and {body}"
        return self._compiled(f"r{arguments}", body, names)

    def _column(self, name: str) -> Expression:
        member = Position("r", self.columns.index(name), len(self.columns))
        if "places" in self.table.c[name].info:
            return f"({member} if {member} in usual else bounded({member}))"
        if not isinstance(self.table.c[name].type, Boolean):
            return member
        # SQLite knows numbers only.
        known = f"bool({member})"
        nullable = self.table.c[name].nullable
        return f"(None if {member} is None else {known})" if nullable else known

    def _readable(self, name: str) -> Expression:
        found = self._column(name)
        if "json" not in self.table.c[name].info:
            return found
        # Most texts say nothing: a list of orders has several hundred of them.
        return f"({found} if {found} in nothing else readable({found}, {name!r}, r))"

    def _compiled(self, arguments: str, body: str, names: dict[str, Any]) -> Callable[..., Any]:
        text = f"lambda {arguments}: {body}"
        code = compile(text, f"<{self.table.name}: {text}>", "eval")
        return eval(code, names)  # type: ignore[no-any-return]  # noqa: S307 - composed above


_NAMES: dict[str, Any] = {
    "Amount": Amount, "new": tuple.__new__, "rescale": rescale, "told_at": told_at,
    "nothing": frozenset({None, "{}", "[]"}),
    "usual": frozenset({None, *range(SCALE_MAX + 1)}), "bounded": bounded,
}  # fmt: skip


def _listed(expressions: Sequence[Expression]) -> str:
    """The members of a tuple. Neighbours in one value are a slice; all members of a value are the
    value itself.
    """
    parts: list[str] = []
    start = 0
    while start < len(expressions):
        first, end = expressions[start], start + 1
        if isinstance(first, Position):
            while end < len(expressions) and expressions[end] == first._replace(
                at=first.at + end - start
            ):
                end += 1
            if end - start == first.size:
                parts.append(f"*{first.value},")
                start = end
                continue
            if end - start >= _SLICE_MIN:
                parts.append(f"*{first.value}[{first.at}:{first.at + end - start}],")
                start = end
                continue
        parts.append(f"{first},")
        start += 1
    return " ".join(parts)
