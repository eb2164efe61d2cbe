"""The words in which the published contracts are written down as tables of facts.

A table holds only what its source states: names, places, types, formats, enums, requiredness,
nullability, statuses and headers. It holds no prose, no example and no server address, and it
knows nothing of our own documents; `compare` sets the two side by side.

Where a source is silent the table says so: `None` for `nullable` or for a body's `required`,
`unsaid` for a member's requiredness, `members=None` for an object whose members are not named.
A silent fact is never compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

JsonType = Literal["array", "boolean", "integer", "number", "object", "string"]
Place = Literal["header", "path", "query"]


@dataclass(frozen=True, slots=True)
class Shape:
    """Statements of a source about one value on the wire."""

    type: JsonType
    format: str | None = None
    nullable: bool | None = False
    enum: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()  # words of an example: an enum may stand, but must hold them
    default: str | int | None = None
    maximum: int | None = None
    members: Mapping[str, "Shape"] | None = None
    required: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()  # members that the source calls neither required nor optional
    items: "Shape | None" = None
    min_items: int | None = None  # 0: the source allows an empty array
    values: "Shape | None" = None  # every member of an object used as a map
    free: bool = False  # an object whose members are the sender's own affair
    source: str = ""  # only where it differs from the operation's


@dataclass(frozen=True, slots=True)
class Parameter:
    """One header, path or query parameter; header names compare without regard to case."""

    name: str
    place: Place
    shape: Shape
    required: bool
    scheme_may_carry: bool = False  # the source says header, not whether it is a parameter


@dataclass(frozen=True, slots=True)
class Header:
    """One header of an answer."""

    name: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON body of a request."""

    shape: Shape
    required: bool | None


@dataclass(frozen=True, slots=True)
class Response:
    """One answer: its status, its JSON body and its headers."""

    status: int
    shape: Shape
    headers: tuple[Header, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Scheme:
    """An API key scheme, by the name under which the source declares it."""

    name: str
    place: Place
    key: str
    source: str


@dataclass(frozen=True, slots=True)
class Operation:
    """Every fact about one method on one path."""

    method: str
    path: str
    source: str
    parameters: tuple[Parameter, ...]
    responses: tuple[Response, ...]
    body: Body | None = None
    operation_id: str | None = None
    security: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contract:
    """All operations that the sources of one dialect state."""

    dialect: str
    operations: tuple[Operation, ...]
    schemes: tuple[Scheme, ...] = ()


@dataclass(frozen=True, slots=True)
class Spot:
    """The position of a fact: the operation and part, the path of members, the side, the source."""

    part: str
    side: Literal["request", "answer"]
    source: str
    path: str = ""

    def at(self, step: str) -> "Spot":
        """Give the spot one step further in: `.name`, `[]` or `.*`."""
        return replace(self, path=(self.path + step).removeprefix("."))

    def line(self, complaint: str) -> str:
        """Give the readable line for one differing fact."""
        where = f"{self.part} {self.path}" if self.path else self.part
        return f"{where} {complaint} ({self.source})"
