"""The terms by which an order is searched, and what somebody who asks for a text means.

Terms are bytes, which have one order on both databases. The first byte says how a term is compared:

- the customer's mailbox and the words of the customer's name have no mark; a beginning finds them
- `WHOLE` marks what has to be asked for as a whole: names of the order, SKUs
- `PHONE` marks the digits of a telephone, with the country and without; a beginning finds them

Case does not count, and letters are composed (NFC). Letters that look alike are other letters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from entrepot.core import events
from entrepot.core.addresses import folded
from entrepot.core.contacts import PHONE_MIN, TERM_MAX, asked_spellings, telephones, words_of

WHOLE, PHONE = b"\x01", b"\x02"
# Events after which an order may have other terms.
CHANGING = (events.ORDER_AMENDED,)
_NUMBER = re.compile(r"#?([0-9]{1,18})\Z", re.ASCII)
# Behind every byte of UTF-8, and before every one that a text has.
_LAST, _FIRST = b"\xff", b"\x00"


class Said(NamedTuple):
    """What people say of an order, beside the SKUs of its lines."""

    sender_id: str | None = None
    external_id: str | None = None
    external_reference: str | None = None
    external_name: str | None = None
    payment_reference: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None

    def names(self) -> tuple[str, ...]:
        """By what the order may have been announced."""
        return tuple(filter(None, self[: _NAMES - 1]))


COLUMNS = Said._fields
_NAMES = 5  # so many of them are names of the order, the last one that of its payment


class Range(NamedTuple):
    """Terms from `low` to before `high`."""

    low: bytes
    high: bytes


Word = tuple[Range, ...]  # a term in one of these
Way = tuple[Word, ...]  # all of these


class Asked(NamedTuple):
    """What a text may mean: one of the ways, or the order with this number."""

    ways: tuple[Way, ...]
    number: int | None


def terms_of(said: Said, skus: Iterable[str | None] = ()) -> frozenset[bytes]:
    """The terms of an order whose lines have these SKUs."""
    whole = [_whole(text) for text in (*said[:_NAMES], *skus) if text]
    plain = words_of((said.first_name, said.last_name)) + words_of((said.email,))
    digits = telephones(said.phone) if said.phone else ()
    phones = [PHONE + _bytes(one) for one in digits]
    return frozenset([*whole, *map(_bytes, plain), *phones])


def asked_for(text: str) -> Asked:
    """What a text may mean: words that all have to fit, one name as a whole, or a telephone.

    A text of blanks means nothing.
    """
    words = words_of([text])
    ways: list[Way] = []
    if words:
        ways.append(tuple([_word(word) for word in dict.fromkeys(words)]))
    if len(words) > 1:
        ways.append(((_range(_whole(text), _FIRST),),))
    phones = [PHONE + _bytes(one) for one in asked_spellings(text) if len(one) >= PHONE_MIN]
    if phones:
        ways.append((tuple([_range(phone, _LAST) for phone in phones]),))
    number = _NUMBER.match(text.strip())
    return Asked(tuple(ways), int(number[1]) if number else None)


def fits(terms: Iterable[bytes], number: int, asked: Asked) -> bool:
    """Whether an order with these terms and this number is meant."""
    known = list(terms)

    def has(word: Word) -> bool:
        return any(low <= term < high for term in known for low, high in word)

    return number == asked.number or any(all(map(has, way)) for way in asked.ways)


def _word(word: str) -> Word:
    return (_range(_bytes(word), _LAST), _range(_whole(word), _FIRST))


def _range(term: bytes, behind: bytes) -> Range:
    return Range(term, term + behind)


def _whole(text: str) -> bytes:
    """The term of a text that is asked for as a whole. A digest stands for a long one."""
    plain = folded(text)
    if len(plain) > TERM_MAX:
        plain = "#" + hashlib.sha256(plain.encode(errors="replace")).hexdigest()
    return WHOLE + _bytes(plain)


def _bytes(text: str) -> bytes:
    return text[:TERM_MAX].encode(errors="replace")
