"""Contacts: the customers of the book, as people look for them.

A contact is a customer who ordered or was touched, or whom the organization made a buyer. What a
contact is called is the customer's; the row of a contact has only what lists and searches need, and
follows from the log of events.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from entrepot.core.addresses import folded
from entrepot.core.buyers import PHONE, BuyerContact
from entrepot.core.order import Customer

# So many words of a name are searched for, and so many characters of each.
WORDS_MAX, TERM_MAX = 20, 100
# Digits that may stand before a number within its country.
COUNTRY_MAX = 3
# Fewer digits are no telephone.
PHONE_MIN = 5
_OF_PHONES = frozenset("0123456789+-()/. ")


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

    A telephone is found with its country and without. A customer who is a buyer is found by all
    `contacts`, and by the names of the `buyer`.
    """
    found: dict[str, None] = {}
    listed = list(contacts)
    for mailbox in (customer.email, *[one.value for one in listed if one.kind != PHONE]):
        if mailbox:
            found[folded(mailbox)] = None
    for phone in (customer.phone, *[one.value for one in listed if one.kind == PHONE]):
        digits = _digits(phone or "")
        for left_out in range(COUNTRY_MAX + 1):
            if len(digits) - left_out >= PHONE_MIN:
                found[digits[left_out:]] = None
    names = (customer.first_name, customer.last_name, customer.name, *buyer)
    words = " ".join([folded(name) for name in names if name]).split()
    found |= dict.fromkeys(words[:WORDS_MAX])
    return "\n".join(dict.fromkeys([term[:TERM_MAX] for term in found if term]))


def asked_for(text: str) -> tuple[str, ...]:
    """The beginnings of terms that somebody who asks for this text means; all of them must fit.

    Digits with the signs of a telephone number are one number, without `+` and leading zeros.
    """
    digits = _digits(text)
    if digits and set(text) <= _OF_PHONES:
        return (digits.lstrip("0")[:TERM_MAX] or digits[:TERM_MAX],)
    words = dict.fromkeys([word[:TERM_MAX] for word in folded(text).split()[:WORDS_MAX]])
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
        digits = _digits(phone)
        found[(digits.lstrip("0") or digits)[:TERM_MAX]] = None
    words = [] if name is None else folded(name).split()[:WORDS_MAX]
    found |= dict.fromkeys(sorted([word[:TERM_MAX] for word in words], key=lambda one: -len(one)))
    return tuple(found)


def _digits(text: str) -> str:
    return "".join([one for one in text if one.isascii() and one.isdigit()])
