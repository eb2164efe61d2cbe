"""Members of bodies that are known, in the dialects whose objects are open.

An object of which nothing is known is refused: a 200 that did nothing looks like success.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from entrepot.core.refusal import Reason, refuse
from entrepot.edge.dialect import read_json
from entrepot.pace import paced

T = TypeVar("T")
Members = dict[str, Raw]
_OBJECT = msgspec.json.Decoder(Members)
_LIST = msgspec.json.Decoder(list[Members])


@lru_cache(maxsize=64)
def names(shape: Any) -> frozenset[str]:
    """The members of a shape, as they are spelled on the wire."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(shape))


def read(body: bytes, decoder: msgspec.json.Decoder[T], *needless: str) -> T:
    """The body as the decoder reads it. Refused: one that has members, none of which the decoder's
    shape has; those that are `needless` say nothing.
    """
    return with_rest(body, decoder, *needless)[0]


def with_rest(body: bytes, decoder: msgspec.json.Decoder[T], *needless: str) -> tuple[T, Members]:
    """As `read`; and the members that the decoder's shape does not have."""
    told = read_json(body, decoder)
    members = _OBJECT.decode(body)
    shape: Any = decoder.type
    its = names(shape)
    some_known(members, its - {*needless}, "body")
    return told, {name: raw for name, raw in paced(members.items()) if name not in its}


def some_known(
    members: Collection[str], known: Collection[str], where: str, shown: Collection[str] = ()
) -> None:
    """Refuse an object of which nothing is known. One without members says nothing, and may."""
    if members and not any(name in known or name in shown for name in members):
        raise refuse(Reason.INVALID, f"has nothing that can be changed: {', '.join(sorted(known))}",
                     where)  # fmt: skip


def elements(raw: Raw | None) -> list[Members]:
    """The objects of a list that was read already; none where it is null or was not sent."""
    return [] if raw is None or bytes(raw) == b"null" else _LIST.decode(raw)


def look_at_elements(told: Members, name: str, known: Collection[str]) -> None:
    """Refuse an element of a list of changes of which nothing but the id is known."""
    for index, one in enumerate(elements(told.get(name))):
        some_known(one, known, f"{name}[{index}]")


def unknown(told: Members, name: str, known: Collection[str]) -> Iterator[str]:
    """The unknown members of the elements of a list, by the list's name and theirs."""
    for one in elements(told.get(name)):
        yield from (f"{name}.{member}" for member in one if member not in known)
