"""Pages and bounds of time in Konvo's queries, as all nouns read them; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from entrepot.core import ids
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import query_numbers
from entrepot.edge.dialect import Parameter
from entrepot.edge.times import microseconds

LIMIT = 50
LIMIT_MAX = 200
PAGE_MAX = 2**31 - 1
DAY = 86_400_000_000
MINUTE = 60_000_000
SECOND = 1_000_000

_FRACTION = re.compile(r"\.(\d+)")


class Page(NamedTuple):
    """Rows a page, and how many rows are before it."""

    limit: int
    offset: int


def page(query: Mapping[str, str], most: int = LIMIT_MAX) -> Page:
    """The page that is asked for: the first unless told, of `most` rows at most.

    Where it is not told, 50 rows are a page, or all that may be where `most` is another bound.
    """
    number = _positive(query.get("page", "1"), "page")
    if number > PAGE_MAX:
        raise refuse(Reason.INVALID, f"must be 1 to {PAGE_MAX}", "page")
    limit = _positive(query.get("limit", str(_usual(most))), "limit")
    if limit > most:
        raise refuse(Reason.INVALID, f"must be 1 to {most}", "limit")
    return Page(limit, (number - 1) * limit)


def _usual(most: int) -> int:
    return LIMIT if most == LIMIT_MAX else most


def since(query: Mapping[str, str], field: str) -> int | None:
    """The first microsecond of a bound; None where the query has no such bound."""
    text = query.get(field)
    if text is None:
        return None
    instant = microseconds(text)
    if instant is None:
        raise refuse(Reason.INVALID, "must be an ISO 8601 date or date and time", field)
    return instant


def until(query: Mapping[str, str], field: str) -> int | None:
    """The last microsecond that the text covers: a day, a minute, a second or a part of one.

    The book keeps microseconds and Konvo shows milliseconds, so that a time as shown has to cover
    the row that shows it.
    """
    instant = since(query, field)
    return None if instant is None else instant + _span(query[field]) - 1


def own_id(query: Mapping[str, str], field: str, *prefixes: str) -> bytes | None:
    """An id of ours, bare or with one of these prefixes. Refused: what is no UUID."""
    text = query.get(field)
    if text is None:
        return None
    found = ids.spelled(text, *prefixes)
    if found is None:
        raise refuse(Reason.INVALID, "must be a UUID", field)
    return found


def chosen(query: Mapping[str, str], known: tuple[str, ...]) -> tuple[str, ...]:
    """The members that `fields` names, in the order of the answer; all of them unless it is told.

    Refused: a name that is no member.
    """
    text = query.get("fields")
    if text is None:
        return known
    named = {name.strip() for name in text.split(",")} - {""}
    strange = sorted(named - set(known))
    if strange:
        raise refuse(Reason.INVALID, f"must be among {', '.join(known)}", "fields")
    return tuple(name for name in known if name in named) or known


def _positive(text: str, field: str) -> int:
    number = query_numbers.whole(text)
    if number is None:
        raise refuse(Reason.INVALID, "must be a whole number", field)
    if number < 1:
        raise refuse(Reason.INVALID, "must be 1 or more", field)
    return number


def _span(text: str) -> int:
    if len(text) == len("2026-03-01"):
        return DAY
    fraction = _FRACTION.search(text)
    if fraction is not None:
        covered: int = 10 ** max(0, 6 - len(fraction[1]))
        return covered
    return SECOND if text[len("2026-03-01T12:00") :].startswith(":") else MINUTE


def pages(what: str, most: int = LIMIT_MAX) -> tuple[Parameter, ...]:
    """The documented parameters of a list's pages."""
    return (
        Parameter("page", "query", {"type": "integer", "format": "int32", "default": 1,
                                    "minimum": 1, "maximum": PAGE_MAX},
                  description="The page, from 1. Default 1."),
        Parameter("limit", "query", {"type": "integer", "format": "int32", "default": _usual(most),
                                     "minimum": 1, "maximum": most},
                  description=f"{what} a page. Max {most}, default {_usual(most)}."),
    )  # fmt: skip


def text(name: str, description: str) -> Parameter:
    """A documented parameter that is a text."""
    return Parameter(name, "query", {"type": "string"}, description=description)


def bounds(what: str) -> tuple[Parameter, ...]:
    """The documented bounds of a time, such as `created_at`."""
    verb = "Created" if what == "created_at" else "Updated"
    return (
        text(f"{what}_min", f"{verb} at or after this ISO 8601 date or time."),
        text(f"{what}_max", f"{verb} at or before it."),
    )
