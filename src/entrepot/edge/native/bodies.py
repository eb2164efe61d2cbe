"""Bodies and queries of the native API: read whole, so that every fault is in one refusal."""

from __future__ import annotations

from functools import lru_cache, partial, reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Raw

from entrepot.core.refusal import Reason, Refusal, Refused, all_of
from entrepot.edge import canonical, query_numbers
from entrepot.edge.dialect import Call, Parameter, query_pairs, read_json
from entrepot.edge.json_walk import step
from entrepot.edge.keys import idempotency_key
from entrepot.edge.own_types import of_own_type
from entrepot.edge.strict_json import decimal, placed
from entrepot.writer.envelope import Idempotency
from entrepot.writer.idempotency import fingerprint

S = TypeVar("S", bound=msgspec.Struct)

_members = msgspec.json.Decoder(dict[str, Raw]).decode


def decoder(shape: type[S]) -> msgspec.json.Decoder[S]:
    """The decoder of a body's shape, with our own types."""
    return msgspec.json.Decoder(shape, dec_hook=of_own_type, float_hook=decimal)


class Body(NamedTuple):
    """The members of a body as they were sent, by which a repeat under a key is known."""

    members: dict[str, Raw]

    def of(self, name: str) -> bytes:
        """A member in one spelling; empty where it was not sent."""
        raw = self.members.get(name)
        return b"" if raw is None else canonical.text_of(canonical.plain(raw))


async def read(call: Call, shape: msgspec.json.Decoder[S]) -> tuple[S, Body]:
    """The body, and its members as they were sent. Refused with every fault of it."""

    def work(body: bytes) -> tuple[S, Body]:
        body = body or b"{}"
        told = read_json(body, shape)
        return told, Body(_members(body))

    return await call.parsed(work)


def keyed(
    call: Call,
    operation: str,
    parts: tuple[str, ...],
    body: Body,
    *about: bytes,
    added: tuple[tuple[str, ...], ...] = (),
) -> Idempotency | None:
    """The request's key, if it has one.

    `about` are the ids of what the path names, and `parts` the members of the body that tell a
    repeat from a reuse (docs/adr/0027). Members that were `added` later belong to versions 2, 3 ...
    """
    key = idempotency_key(call.headers)
    if key is None:
        return None
    told = [[body.of(name) for name in names] for names in (parts, *added)]

    def covering(version: int) -> tuple[bytes, ...]:
        return (*about, *[member for members in told[:version] for member in members])

    covered = fingerprint(covering(len(told)), version=len(told))
    # A request that tells none of them may have been sent before they were known.
    older = tuple(
        partial(fingerprint, covering(version), version=version)
        for version in range(len(told) - 1, 0, -1)
        if not any(member for members in told[version:] for member in members)
    )
    names = (*["path" for _ in about], *parts, *[name for names in added for name in names])
    made = Idempotency(key, f"native.{operation}", names, covered, shows_times=True)
    return made._replace(older=older)


def query(call: Call, shape: type[S]) -> S:
    """The query's parameters. Refused with every fault: unknown, repeated, faulty ones."""
    types = _types(shape)
    told: dict[str, Any] = {}
    faults: list[Refusal] = []
    for name, text in query_pairs(call.query_string):
        problem = None
        if name not in types:
            problem = "is no query parameter of this address"
        elif name in told:
            problem = "must be given once"
        elif "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
            problem = "holds a character that no text can have"
        else:
            try:
                told[name] = _of_query(text, types[name])
            except msgspec.ValidationError as error:
                problem = placed(str(error)).problem
        if problem is not None:
            faults.append(Refusal(Reason.INVALID, problem, _name(name)))
    if faults:
        raise Refused(all_of(faults))
    return shape(**told)


def _of_query(text: str, type_: Any) -> Any:
    """A parameter's value. Raises msgspec.ValidationError for a text that is none."""
    if not _is_whole(type_):
        return msgspec.convert(text, type_, strict=False, dec_hook=of_own_type)
    number = query_numbers.whole(text)
    return msgspec.convert(text if number is None else number, type_)


@lru_cache(maxsize=64)
def _is_whole(type_: Any) -> bool:
    """Whether a parameter is a whole number. A conversion would take `5.0` and `1e1` for one."""
    return type_ is int or (get_origin(type_) is Annotated and get_args(type_)[0] is int)


@lru_cache(maxsize=64)
def _types(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """The types of a query's parameters. One that is absent is absent, and `null` is a text: as
    none it would be a filter that filters nothing.
    """
    types: dict[str, Any] = {}
    for field in msgspec.structs.fields(shape):
        kinds = get_args(field.type) if get_origin(field.type) in (Union, UnionType) else ()
        given = [kind for kind in kinds if kind is not NoneType] or [field.type]
        types[field.encode_name] = reduce(or_, given)
    return types


def _name(name: str) -> str:
    """A parameter's name as the first step of a path; a long one is cut."""
    return step(name).removeprefix(".")


def parameters(shape: type[msgspec.Struct], **descriptions: str) -> tuple[Parameter, ...]:
    """The documented parameters of a query's shape."""
    schema = msgspec.json.schema(shape)
    properties = schema["$defs"][shape.__name__]["properties"]
    return tuple(
        Parameter(name, "query", _plain(properties[name]), False, descriptions[name])
        for name in properties
    )


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter: one that is absent is absent, and never null."""
    found = {key: value for key, value in schema.items() if key != "default" or value is not None}
    kinds = [one for one in found.pop("anyOf", ()) if one != {"type": "null"}]
    if kinds:
        found |= kinds[0]
    if "enum" in found:
        found["enum"] = [one for one in found["enum"] if one is not None]
        found["type"] = "string"
    return found


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """A body without members, and a query without parameters."""


def no_query(call: Call) -> None:
    """Refuse every parameter of the query."""
    if call.query_string:
        query(call, Nothing)


class Dry(msgspec.Struct, forbid_unknown_fields=True):
    """The query of a write to an order."""

    dry_run: bool = False


DRY = parameters(
    Dry, dry_run="Answer with the order as it would be, and with `effects`; nothing is kept."
)


def is_dry(call: Call) -> bool:
    """Whether the request asks for what would be."""
    return query(call, Dry).dry_run if call.query_string else False
