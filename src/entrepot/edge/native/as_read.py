"""Changes of things that are there: what a thing shows already may come back, and is no change.

Another dialect tells texts, amounts and currencies by bounds of its own. The native API shows them
as they are, and whoever changes one member of what was read sends the others back as they were.

When the thing has changed meanwhile, the same body may have faults. A repeat under a known key has
the answer of its first request all the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw
from msgspec.inspect import StructType

from entrepot.core.commands import Command
from entrepot.core.refusal import Reason, Refused
from entrepot.edge import canonical
from entrepot.edge.dialect import Call, read_json
from entrepot.edge.native import bodies
from entrepot.edge.strict_json import InvalidJson, Misshapen
from entrepot.pace import breathe
from entrepot.writer.envelope import Idempotency

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")
C = TypeVar("C", bound=Command)
Members = dict[str, Raw]

_OBJECT: Final = msgspec.json.Decoder(Members)
_LIST: Final = msgspec.json.Decoder(list[Members])
_encode: Final = msgspec.json.Encoder().encode
# The member under which a body changes elements of a list, and the one that names each element.
_CHANGE, _ID = "change", "id"


async def changing(  # noqa: PLR0913 - what is read, and what becomes of it
    call: Call,
    shape: msgspec.json.Decoder[S],
    look: Callable[[], Awaitable[T | None]],
    shown: Callable[[T], object],
    keyed: Callable[[bodies.Body], Idempotency | None],
    make: Callable[[S], C],
    *,
    always: bool = False,
    dry: bool = False,
) -> tuple[C, Idempotency | None]:
    """The command that `make` makes of the body of a change, and the key that `keyed` finds.

    Refused: every fault of the body, as `read` refuses, and what `make` refuses. Raises Replay
    instead where the request repeats one that was answered, unless it is a `dry` run: what is a
    fault now was none then.
    """
    sent = call.body
    try:
        told, body = await read(call, shape, look, shown, always=always)
        key = keyed(body)
        return make(told), key
    except Refused as refused:
        if dry or (repeat := _known(sent, refused, keyed)) is None:
            raise
        raise await call.repeat_or(refused, repeat) from refused


def _known(
    sent: bytes, refused: Refused, keyed: Callable[[bodies.Body], Idempotency | None]
) -> Idempotency | None:
    """The key of a request whose body has faults; None without a key, or where it is no matter of
    what the thing shows: such a body never had an answer that is kept.
    """
    cause = refused.__cause__
    if refused.refusal.reason is not Reason.INVALID or (
        isinstance(cause, InvalidJson) and not isinstance(cause, Misshapen)
    ):
        return None
    try:
        return keyed(bodies.Body(_OBJECT.decode(sent or b"{}")))
    except msgspec.ValidationError:
        return None


async def read(
    call: Call,
    shape: msgspec.json.Decoder[S],
    look: Callable[[], Awaitable[T | None]],
    shown: Callable[[T], object],
    *,
    always: bool = False,
) -> tuple[S, bodies.Body]:
    """The body of a change, and its members as they were sent. Refused with every fault of it.

    Members with what the thing shows already are no faults. The thing is looked at where the body
    has faults, or `always`.
    """
    body = call.body
    if not always:
        try:
            return await bodies.read(call, shape)
        except Refused as refused:
            if not isinstance(refused.__cause__, Misshapen):
                raise
            thing = await look()
            if thing is None:
                raise
    elif (thing := await look()) is None:
        return await bodies.read(call, shape)
    known = _OBJECT.decode(_encode(shown(thing)))

    def work(body: bytes) -> tuple[S, bodies.Body]:
        body = body or b"{}"
        members = read_json(body, _OBJECT)
        news = _news(members, known, _members(shape.type))
        return read_json(_encode(news), shape, sound=True), bodies.Body(members)

    call.body = body
    return await call.parsed(work)


def _news(told: Members, known: Members, of: Mapping[str, StructType | None]) -> Members:
    """The members of a shape without those that say what is known; other members stay, as faults.

    A member that no body changes is a fault whatever it says: it may be another one when the same
    request comes again.
    """
    breathe()
    news: Members = {}
    for name, member in told.items():
        if name not in of or name not in known:
            news[name] = member
        elif of[name] is not None and bytes(known[name]).startswith(b"["):
            news[name] = _of_list(member, known[name], of[name])
        elif _plain(member) != _plain(known[name]):
            news[name] = member
    return news


def _of_list(told: Raw, there: Raw, shape: StructType | None) -> Raw:
    """The changes of a list, without those members of an element that the element has already."""
    known = _elements(there)
    of = None if shape is None else _members(shape.cls).get(_CHANGE)
    if known is None or of is None or not bytes(told).startswith(b"{"):
        return told
    changes = _OBJECT.decode(told)
    elements = _elements(changes.get(_CHANGE))
    if elements is None:
        return told
    by_id = {_name(one.get(_ID)): one for one in known}
    names = dict.fromkeys([field.encode_name for field in of.fields if field.encode_name != _ID])
    changes[_CHANGE] = Raw(_encode([
        _news(one, by_id.get(_name(one.get(_ID)), {}), names) for one in elements
    ]))  # fmt: skip
    return Raw(_encode(changes))


def _elements(listed: Raw | None) -> list[Members] | None:
    """The objects of a list; None where it is none, which the shape refuses."""
    if listed is None:
        return None
    try:
        return _LIST.decode(listed)
    except msgspec.ValidationError:
        return None


@lru_cache(maxsize=64)
def _members(shape: type[msgspec.Struct]) -> Mapping[str, StructType | None]:
    """The members of a shape, each with its own shape or that of the elements of its list."""
    described = msgspec.inspect.type_info(shape)
    assert isinstance(described, StructType)
    return {field.encode_name: _shape(field.type) for field in described.fields}


def _shape(told: msgspec.inspect.Type) -> StructType | None:
    if isinstance(told, msgspec.inspect.UnionType):
        return next(filter(None, map(_shape, told.types)), None)
    if isinstance(told, msgspec.inspect.Metadata):
        return _shape(told.type)
    if isinstance(told, msgspec.inspect.ListType):
        return _shape(told.item_type)
    return told if isinstance(told, StructType) else None


def _name(id_: Raw | None) -> str:
    """An id in one spelling, without its prefix and dashes."""
    text = "" if id_ is None else bytes(id_).decode().strip('"')
    return text.rpartition("_")[2].replace("-", "").lower()


def _plain(member: Raw) -> Any:
    return canonical.text_of(canonical.plain(member))
