"""Members that only show, told with another value than is shown then: they change nothing.

What was read can be sent back whole, so such members are taken. A client that tells another value
expects a change, and hears in a `Warning` that there was none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw

from entrepot.core import ids
from entrepot.edge import canonical
from entrepot.edge.dialect import Call
from entrepot.edge.times import microseconds
from entrepot.pace import paced
from entrepot.writer.envelope import Answer

Members = Mapping[str, Raw]

_members = msgspec.json.Decoder(dict[str, Raw]).decode
_elements = msgspec.json.Decoder(list[dict[str, Raw]]).decode
_value = msgspec.json.decode
_TAKEN = 200
_PREFIXED = "_"
_NULL = b"null"
# Members that move with every change, so that what was read differs without anybody's wish.
_MOVING = frozenset({"updatedAt", "updated_at", "updated_by", "data_quality_score"})
_GONE = "deletedAt"


class Claim(NamedTuple):
    """A member that only shows, as a body tells it, of the thing or of one of its parts.

    `path` is how a warning names the member. A part is found by its `id` in the list `parts`.
    """

    path: str
    name: str
    told: Raw
    parts: str = ""
    id: Raw = Raw(b"null")


def of_thing(told: Members, names: Iterable[str], where: str = "") -> list[Claim]:
    """What a body tells of the thing itself by these names."""
    return [
        Claim(f"{where}{name}", name, told[name])
        for name in names
        if name in told and name not in _MOVING
    ]


def of_parts(
    elements: Iterable[Members], names: Collection[str], where: str, parts: str
) -> list[Claim]:
    """What a list of changes, `where`, tells of parts by these names."""
    return [
        Claim(f"{where}.{name}", name, raw, parts, part["id"])
        for part in paced(elements, 1)
        if "id" in part
        for name, raw in part.items()
        if name in names
    ]


async def told(call: Call, claims: list[Claim], answer: Answer) -> Answer:
    """The answer to a change, whose `Warning` names the claims that it shows otherwise."""
    if claims and answer.status == _TAKEN:
        more = await call.worked(otherwise, claims, answer.body)
        call.ignored = [*call.ignored, *[path for path in more if path not in call.ignored]]
    return answer


def otherwise(claims: list[Claim], shown: bytes) -> list[str]:
    """The paths of claims that are not what the answer shows, each once."""
    if not claims:
        return []
    thing = _members(shown)
    parts: dict[str, dict[str, Members]] = {}
    for listed in {claim.parts for claim in claims if claim.parts}:
        found = _elements(thing.get(listed, Raw(b"[]")))
        parts[listed] = {_plain_id(_value(one["id"])): one for one in found}
    wrong = dict.fromkeys(
        claim.path for claim in paced(claims) if _differs(claim, _subject(claim, thing, parts))
    )
    return list(wrong)


def _subject(claim: Claim, thing: Members, parts: Mapping[str, Mapping[str, Members]]) -> Members:
    if not claim.parts:
        return thing
    told = _value(claim.id)
    return parts[claim.parts].get(_plain_id(told) if isinstance(told, str) else "", {})


def _differs(claim: Claim, shown: Members) -> bool:
    known_as = bytes(shown.get(claim.name, Raw(_NULL)))
    if not shown or bytes(claim.told) == known_as:
        return False
    if claim.name == _GONE and bytes(claim.told) == _NULL:
        return False
    return not _same(canonical.plain(claim.told), canonical.plain(Raw(known_as)))


def _same(told: Any, shown: Any) -> bool:
    if isinstance(told, str) and isinstance(shown, str):
        return told == shown or _same_text(told, shown)
    if isinstance(told, dict) and isinstance(shown, dict):
        return all(
            _same(value, shown[name])
            for name, value in told.items()
            if name in shown and name not in _MOVING and (name != _GONE or value is not None)
        )
    if isinstance(told, list) and isinstance(shown, list):
        return len(told) == len(shown) and all(map(_same, _in_order(told), _in_order(shown)))
    return canonical.text_of(told) == canonical.text_of(shown)


def _in_order(parts: list[Any]) -> list[Any]:
    """Parts by their ids, where they have some: their order says nothing."""
    if all(isinstance(part, dict) and isinstance(part.get("id"), str) for part in parts):
        return sorted(parts, key=lambda part: _plain_id(part["id"]))
    return parts


def _same_text(told: str, shown: str) -> bool:
    """Whether two spellings say one id, one amount or one time."""
    if _plain_id(told) == _plain_id(shown) or canonical.amount(told) == canonical.amount(shown):
        return True
    one, other = microseconds(told), microseconds(shown)
    return one is not None and other is not None and one // 1000 == other // 1000


def _plain_id(text: str) -> str:
    """An id of ours without its prefix, dashes and case; any other text as it is."""
    found = ids.spelled(text.rpartition(_PREFIXED)[2])
    return text if found is None else found.hex()
