"""Changes of an amendment, from what to what, as the amendment's event tells them.

A change is a pair: the value before and the value after. `null` stands for no value. A JSON object
that changed is told by its members, and lines are told by their ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from entrepot.core import shown
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.order import Line, Order
from entrepot.core.properties import parse, text_of
from entrepot.core.quantity import json_number

# Characters of one value that an event tells. It tells the first ones of a longer value, with the
# length and a digest of the whole.
TOLD_MAX = 500

# Members of an order that other events tell, or that only serve the program.
_UNTOLD = frozenset({
    "org", "id", "origin", "managed", "facets", "told_words", "created_at", "updated_at",
    "sender_digest", "sender_words", "reason", "reason_detail", "parked", "ingested", "version",
    "lines", "number",
})  # fmt: skip
_UNTOLD_OF_LINES = frozenset({"id", "created_at", "updated_at"})
_QUANTITY = "quantity"
_ADDRESS = frozenset({"address", "delivery_address"})
_OBJECTS = frozenset({"address", "properties", "metadata", "details", "options"})

Changed = dict[str, Any]
Places = tuple[tuple[int, str], ...]


def places(names: Iterable[str], untold: frozenset[str]) -> Places:
    """The members that are told, each with its place in the value."""
    return tuple([(at, name) for at, name in enumerate(names) if name not in untold])


_ORDER: Places = places(Order._fields, _UNTOLD)
_LINE: Places = places(Line._fields, _UNTOLD_OF_LINES)


def changed(before: Order, after: Order) -> Changed:
    """The members of an order that differ, each with both values; empty where none differs."""
    found = differing(_ORDER, before, after)
    if found.keys() & _ADDRESS:
        # The same address may be told in two forms: its text says what it was and what it is.
        texts = [shown.address(order) for order in (before, after)]
        found["delivery_address"] = [_shown(text) for text in texts]
    if before.lines != after.lines:
        old, new = ({one.id: one for one in order.lines} for order in (before, after))
        lines = {dashed(id_): _line_changed(old.get(id_), new.get(id_)) for id_ in old | new}
        if differ := {id_: one for id_, one in lines.items() if one}:
            found["lines"] = differ
    return found


def members_changed(
    names: Iterable[str], before: tuple[Any, ...], after: tuple[Any, ...]
) -> Changed:
    """The members of a row with these names that differ, each with both values."""
    fields: tuple[str, ...] = type(before)._fields  # type: ignore[attr-defined]
    return differing(tuple([(fields.index(name), name) for name in names]), before, after)


def differing(members: Places, before: tuple[Any, ...], after: tuple[Any, ...]) -> Changed:
    """The members that differ, each with both values."""
    found: Changed = {}
    for at, name in members:
        old, new = before[at], after[at]
        if old != new:
            both = [_said(name, old), _said(name, new)]
            found[name] = _members(old, new) if name in _OBJECTS else both
    return found


def _line_changed(old: Line | None, new: Line | None) -> Changed | list[Changed | None]:
    if old is None or new is None:
        return [_whole(old), _whole(new)]
    return differing(_LINE, old, new)


def _whole(line: Line | None) -> Changed | None:
    """A line that came or went, by the members that have a value."""
    return None if line is None else told(_LINE, line)


def told(members: Places, value: tuple[Any, ...]) -> Changed:
    """The members that have a value."""
    return {name: _said(name, value[at]) for at, name in members if value[at] not in (None, "")}


def _members(old: str | None, new: str | None) -> Changed | list[Any]:
    """The members of two JSON objects that differ; both whole where one is no object."""
    before, after = _object(old), _object(new)
    if before is None or after is None:
        return [_shown(old), _shown(new)]
    texts = [{name: text_of(value) for name, value in one.items()} for one in (before, after)]
    differ = [name for name in before | after if texts[0].get(name) != texts[1].get(name)]
    return {_shown(name): [_member(before, name), _member(after, name)] for name in differ}


def _object(text: str | None) -> dict[str, Any] | None:
    try:
        found: Any = parse(text or "{}")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _member(object_: Mapping[str, Any], name: str) -> Any:
    """A member's own value where it is short, else the beginning of its JSON text."""
    value = object_.get(name)
    text = text_of(value)
    return value if len(text) <= TOLD_MAX else _shown(text)


def _said(name: str, value: Any) -> Any:
    return json_number(value) if name == _QUANTITY else _shown(value)


def _shown(value: Any) -> Any:
    if isinstance(value, Amount):
        return value.text()
    if isinstance(value, bytes):
        return dashed(value)
    if not isinstance(value, str) or len(value) <= TOLD_MAX:
        return value
    digest = hashlib.sha256(value.encode(errors="replace")).hexdigest()
    return f"{value[:TOLD_MAX]}... ({len(value)} characters, sha256 {digest})"
