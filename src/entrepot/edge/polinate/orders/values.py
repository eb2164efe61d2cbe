"""Single members of Polinate's bodies and queries into values of the book; pure.

Every reader takes the member's path and refuses what cannot be taken by naming it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core import ids
from entrepot.core.money import RANGE, Amount, is_written_in_digits, parse
from entrepot.core.properties import parse as parse_properties
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import currency, prefixes
from entrepot.edge.card_numbers import refuse_card_members
from entrepot.edge.polinate.words import PHASE, STATUS
from entrepot.edge.times import microseconds

T = TypeVar("T")


def id_of(text: str, *known: str) -> bytes | None:
    """The id that a Polinate spelling or a UUID names; None when it is none."""
    return ids.spelled_often(text, *known)


def line_id(text: str, field: str) -> bytes:
    """A line's id; what cannot be one is an unknown line."""
    found = id_of(text, *prefixes.LINE)
    if found is None:
        raise refuse(Reason.UNKNOWN_LINE, field=field)
    return found


def money(text: str, field: str) -> Amount:
    """An amount, its scale as written."""
    amount = parse(text)
    if amount is None and is_written_in_digits(text):
        raise refuse(Reason.INVALID, f"is out of range: {RANGE}", field)
    if amount is None:
        raise refuse(Reason.INVALID, 'must be a decimal such as "10.50"', field)
    return amount


def maybe_money(text: str | UnsetType | None, field: str) -> Amount | None:
    """An amount, or None where nothing was said."""
    return money(text, field) if isinstance(text, str) else None


def maybe_price(text: str | UnsetType | None, field: str) -> Amount | None:
    """An amount of 0 or more, or None where nothing was said."""
    if not isinstance(text, str):
        return None
    amount = money(text, field)
    if amount.units < 0:
        raise refuse(Reason.INVALID, "must be 0 or more", field)
    return amount


def maybe(value: T | UnsetType) -> T | None:
    """The member, or None where it was left out."""
    return None if isinstance(value, UnsetType) else value


def code_of(text: str, field: str) -> str:
    """An ISO 4217 code, in upper case."""
    code = currency.iso_code(text)
    if code is None:
        raise refuse(Reason.INVALID, "is no ISO 4217 currency", field)
    if not currency.is_money(code):
        raise refuse(Reason.INVALID, f"{code} is no money that can be paid in", field)
    return code


def told_code(text: str, field: str) -> str:
    """The currency that a mirrored order keeps: any text that does not only look like a code."""
    code = currency.told_code(text)
    if code is None:
        sentence = "has letters that only look like a currency's code"
        raise refuse(Reason.INVALID, sentence, field)
    return code


def maybe_told_code(text: str | UnsetType | None, field: str) -> str | None:
    """A currency as a mirrored order has it, or None where nothing was said."""
    return told_code(text, field) if isinstance(text, str) else None


def maybe_code(text: str | UnsetType | None, field: str) -> str | None:
    """A currency, or None where nothing was said."""
    return code_of(text, field) if isinstance(text, str) else None


def instant(text: str, field: str) -> int:
    """A date-time in microseconds since the epoch, UTC."""
    found = microseconds(text)
    if found is None:
        raise refuse(Reason.INVALID, "must be an ISO 8601 date-time", field)
    return found


def word_of(word: str, known: Mapping[str, object], field: str) -> str:
    """A word of an enum."""
    if word not in known:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(known)}", field)
    return word


def maybe_word(word: str | UnsetType | None, known: Mapping[str, object], field: str) -> str | None:
    """A word of an enum, or None where nothing was said."""
    return word_of(word, known, field) if isinstance(word, str) else None


def told_words(
    phase: str | UnsetType | None, status: str | UnsetType | None, where: str = ""
) -> tuple[tuple[str, str], ...]:
    """The told words of the two axes. The phase comes first, so the status has the last word."""
    told = (
        ("polinate_phase", maybe_word(phase, PHASE, f"{where}phase")),
        ("polinate_status", maybe_word(status, STATUS, f"{where}status")),
    )
    return tuple((axis, word) for axis, word in told if word is not None)


def free_object(raw: msgspec.Raw | UnsetType, field: str) -> dict[str, Any] | None:
    """A free object with every digit as it came; None for null and where nothing was said."""
    if isinstance(raw, UnsetType):
        return None
    text = bytes(raw).decode()
    if text == "null":
        return None
    if not text.startswith("{"):
        raise refuse(Reason.INVALID, "Expected `object`", field)
    refuse_card_members(bytes(raw), field)
    return parse_properties(text)


def json_text(raw: msgspec.Raw | UnsetType, field: str) -> str | None:
    """A free object as compact JSON text; None for null and where nothing was said."""
    found = None if raw is UNSET else free_object(raw, field)
    return None if found is None else text_of(found)
