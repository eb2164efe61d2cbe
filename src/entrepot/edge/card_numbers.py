"""Card numbers, which are kept nowhere: a system that stores one has to protect it as PCI DSS
demands.

A reference to a payment is the payment service's name for the payment. A sender that gives a card's
number there has mistaken the member, and must hear of it before the number is stored or logged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

import msgspec

from entrepot.core.refusal import Reason, refuse
from entrepot.pace import breathe

_DIGITS_MIN: Final = 13
# 13 to 19 digits, which may stand in groups; in whichever script, between whichever marks.
_DIGITS: Final = re.compile(r"\d(?:[\W_]{0,3}\d){12,18}")
# The same within other words, such as `visa: 4111 1111 1111 1111, 12/27`: a word of digits alone,
# or groups of them as they are printed on cards, that begin as the numbers of card networks do.
_WITHIN: Final = re.compile(
    r"(?<![\w./-])"
    r"(?=[3-6]|2[2-7])(\d{13,19}|\d{4}([ -])\d{4}\2\d{4}\2\d{1,7}|\d{4}([ -])\d{6}\3\d{4,5})"
    r"(?![\w.-]*\w)",
    re.ASCII,
)
# Names that say a payment's or a card's number: those of the objects around a member and the
# member's own, joined by points. `{"card": {"number": ...}}` says what `card_number` says.
_NAMED: Final = re.compile(
    r"payment(?:_?|[^.]*\.(?:.*\.)?)(?:reference|ref)$|"
    r"card(?:_?|[^.]*\.(?:.*\.)?)(?:number|no|num)$|"
    r"(?:^|\.)(?:(?:credit|debit|bank)?_?cards?|pan)$"
)
# The end of a name, and of the names joined, is looked at so far.
_NAME_LOOKED_AT, _NAMES_LOOKED_AT = 80, 240
# A longer text is prose, and no member's number.
_TEXT_LOOKED_AT: Final = 255
# Bytes without which no member is called so.
_WORDS: Final = re.compile(rb"payment|card|pan", re.IGNORECASE)
_BETWEEN_WORDS: Final = str.maketrans("- ", "__")
_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
IS_CARD_NUMBER: Final = "is a card number; send what the payment service calls the payment"


def is_card_number(text: str) -> bool:
    """Whether a text is 13 to 19 digits whose last one fits the others (Luhn, ISO/IEC 7812), or
    holds such digits as a word that could be no other reference.
    """
    if len(text) < _DIGITS_MIN:
        return False
    bare = text.strip()
    if _DIGITS.fullmatch(bare):
        return _adds_up(bare)
    if not bare.isascii():
        bare = unicodedata.normalize("NFKC", bare)
    return any(_adds_up(found[0]) for found in _WITHIN.finditer(bare))


def _adds_up(number: str) -> bool:
    digits = [int(one) for one in number if one.isdecimal()]
    doubled = [_DOUBLED[digit] for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def refuse_card_number(text: str | None, field: str) -> None:
    """Refuse a reference to a payment that is a card number; the refusal does not repeat it."""
    if text is not None and is_card_number(text):
        raise refuse(Reason.INVALID, IS_CARD_NUMBER, field)


def refuse_card_members(encoded: bytes, field: str) -> None:
    """Refuse JSON of the sender's own that has a card number as a payment's or a card's number."""
    if has_card_members(encoded):
        raise refuse(Reason.INVALID, IS_CARD_NUMBER, field)


def has_card_members(encoded: bytes) -> bool:
    """Whether JSON of the sender's own has a card number as a payment's or a card's number, in one
    member or in objects within each other. An escape hides no name and no digit.
    """
    if _WORDS.search(encoded) is None and b"\\" not in encoded:
        return False
    return any(
        len(value) >= _DIGITS_MIN and _NAMED.search(names) is not None and is_card_number(value)
        for names, value in _texts(msgspec.json.decode(encoded))
    )


def _texts(tree: object) -> Iterator[tuple[str, str]]:
    """Every short text and whole number, with its own name and those of the objects around it."""
    pending = [("", tree)]
    while pending:
        names, value = pending.pop()
        breathe()
        if isinstance(value, dict):
            for name, inner in value.items():
                own = name[-_NAME_LOOKED_AT:].lower().translate(_BETWEEN_WORDS)
                joined = f"{names}.{own}" if names else own
                pending.append((joined[-_NAMES_LOOKED_AT:], inner))
        elif isinstance(value, list):
            pending += [(names, inner) for inner in value]
        elif isinstance(value, str) and len(value) <= _TEXT_LOOKED_AT:
            yield names, value
        elif isinstance(value, int):
            yield names, str(value)
