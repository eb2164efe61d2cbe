"""Contacts: the customers of the book, as people look for them.

A contact is a customer who ordered or was touched, or whom the organization made a buyer. What a
contact is called is the customer's; the row of a contact has only what lists and searches need, and
follows from the log of events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from entrepot.core import events
from entrepot.core.addresses import ascii_digits, folded
from entrepot.core.buyers import PHONE, BuyerContact
from entrepot.core.order import Customer

# So many words of a name are searched for, and so many characters of each.
WORDS_MAX, TERM_MAX = 20, 100
# Digits that may stand before a number within its country.
COUNTRY_MAX = 3
# Fewer digits are no telephone.
PHONE_MIN = 5
# Events of orders that change nothing from which a contact, or what its orders are credited to,
# follows: neither whose the order is, nor its times and source, nor whether the order is sold.
STEADY = frozenset({
    events.STOCK_RESERVED, events.PAYMENT_AUTHORIZED, events.ORDER_CONFIRMED,
    events.GOODS_SHIPPED, events.GOODS_DELIVERED, events.CAPTURE_REQUESTED,
    events.PAYMENT_CAPTURED,
})  # fmt: skip
_OF_PHONES = frozenset("0123456789+-()/. ")
# In a number with its country: a digit for calls within the country.
_WITHIN = re.compile(r"\(\s*0\s*\)")
# A number with its country, by the list of ITU-T E.164: one digit, or two, or three.
_WITH_COUNTRY = re.compile(
    r"(?:\+|00)([17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[0-9]{3})([0-9]+)"
)


class Contact(NamedTuple):
    """A contact. Times are microseconds UTC."""

    org: int
    id: bytes  # the customer's
    created_at: int  # the customer's
    updated_at: int  # the latest change of the customer, order or touch
    interacted_at: int  # the latest order or touch, as its sender dates it
    orders: int  # how many orders the contact has
    source: str  # where the first order or touch came from
    terms: str  # what the contact is searched by, with line feeds between; see `terms_of`


class Found(NamedTuple):
    """A contact with its customer, and the ids of its newest orders."""

    contact: Contact
    customer: Customer
    orders: list[bytes]


class Page(NamedTuple):
    """Contacts, newest first, and the number of all that match."""

    found: list[Found]
    total: int


def terms_of(
    customer: Customer, contacts: Iterable[BuyerContact] = (), buyer: Iterable[str | None] = ()
) -> str:
    """The terms whose beginnings find the customer: mailbox, telephone, words of the names.

    A telephone is found with its country and without, and with `(0)` and without. A customer who is
    a buyer is found by all `contacts`, and by the names of the `buyer`.
    """
    listed = list(contacts)
    mailboxes = [customer.email, *[one.value for one in listed if one.kind != PHONE]]
    told = [customer.phone, *[one.value for one in listed if one.kind == PHONE]]
    phones = [form for phone in told if phone for form in (phone, _WITHIN.sub("", phone))]
    names = (customer.first_name, customer.last_name, customer.name, *buyer)
    found = [folded(mailbox) for mailbox in mailboxes if mailbox]
    found += [digits for phone in phones for digits in telephones(phone)]
    found += words_of(names)
    return "\n".join(dict.fromkeys([term[:TERM_MAX] for term in found if term]))


def telephones(text: str) -> list[str]:
    """The digits of a telephone: all of them, and those that may stand behind its country."""
    digits = digits_of(text)
    starts = range(COUNTRY_MAX + 1)
    return [digits[start:] for start in starts if len(digits) - start >= PHONE_MIN]


def words_of(names: Iterable[str | None]) -> list[str]:
    """The words of these names, folded."""
    return " ".join([folded(name) for name in names if name]).split()[:WORDS_MAX]


def asked_for(text: str) -> tuple[str, ...]:
    """The beginnings of terms that somebody who asks for this text means; all of them must fit.

    Digits with the signs of a telephone number are one number, without `+`, `(0)` and leading
    zeros.
    """
    digits = asked_digits(text)
    if digits:
        return (digits[:TERM_MAX],)
    words = dict.fromkeys([word[:TERM_MAX] for word in words_of([text])])
    # Longer ones fit fewer contacts, and are looked for first.
    return tuple(sorted(words, key=lambda word: -len(word)))


def exactly(email: str | None, phone: str | None, name: str | None) -> tuple[str, ...]:
    """The terms that a customer has who has all of these: the whole mailbox, the whole telephone
    number, whole words of the name. What few customers have comes first.
    """
    found: dict[str, None] = {}
    if email is not None:
        found[folded(email)[:TERM_MAX]] = None
    if phone is not None:
        digits = digits_of(_WITHIN.sub("", ascii_digits(phone)))
        found[(digits.lstrip("0") or digits)[:TERM_MAX]] = None
    words = [word[:TERM_MAX] for word in words_of([name])]
    found |= dict.fromkeys(sorted(words, key=lambda one: -len(one)))
    return tuple(found)


def asked_digits(text: str) -> str:
    """The digits of a text that may be a telephone, without `(0)` and leading zeros; else nothing.
    Digits of every script are asked for as ASCII ones, of which the terms are.
    """
    plain = ascii_digits(text)
    digits = digits_of(_WITHIN.sub("", plain))
    return (digits.lstrip("0") or digits) if set(plain) <= _OF_PHONES else ""


def asked_spellings(text: str) -> tuple[str, ...]:
    """The digits of a text that may be a telephone, as the terms of an order may have them: also
    with a `(0)`.
    """
    digits = asked_digits(text)
    if not digits:
        return ()
    plain = re.sub(r"[^0-9+]", "", _WITHIN.sub("", ascii_digits(text)))
    with_country = _WITH_COUNTRY.match(plain)
    if with_country is None:
        return (digits, f"0{digits}") if plain.startswith("0") else (digits,)
    return digits, f"{with_country[1]}0{with_country[2]}"


def digits_of(text: str) -> str:
    """Every ASCII digit of a text."""
    return "".join([one for one in text if one.isascii() and one.isdigit()])
