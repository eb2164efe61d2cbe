"""A telephone is asked for, and shown by Konvo, in digits of every script."""

from __future__ import annotations

import pytest

from entrepot.core import contacts, order_terms
from entrepot.core.order import Customer
from entrepot.core.order_terms import Said
from entrepot.edge.konvo.contacts.write import digits

WRITTEN = [
    "+49 431 12345",
    "+\u0664\u0669 \u0664\u0663\u0661 \u0661\u0662\u0663\u0664\u0665",
    "\uff0b\uff14\uff19\uff14\uff13\uff11\uff0d\uff11\uff12\uff13\uff14\uff15",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_a_telephone_is_asked_for_in_digits_of_every_script(text: str) -> None:
    assert contacts.asked_for(text) == ("4943112345",)
    assert contacts.exactly(None, text, None) == ("4943112345",)
    terms = order_terms.terms_of(Said(phone=WRITTEN[0]))
    assert order_terms.fits(terms, 1, order_terms.asked_for(text))
    assert not order_terms.fits(terms, 1, order_terms.asked_for(text + text[-1]))


def test_a_telephone_is_found_without_the_zero_for_calls_within_the_country() -> None:
    told = Customer(1, b"c" * 16, "Ada", None, "Ada", None, "+49 (0)431 12345", 1, 1, "")
    terms = contacts.terms_of(told).split("\n")
    for asked in ("+49 431 12345", "0049431 12345", "0431 12345", "431 12345", told.phone):
        [word] = contacts.exactly(None, asked, None)
        assert word in terms
    assert len(terms) == len({*terms})


@pytest.mark.parametrize("text", WRITTEN)
def test_konvo_shows_digits_of_every_script(text: str) -> None:
    assert digits(text) == "4943112345"


def test_konvo_shows_no_telephone_without_digits() -> None:
    assert (digits("n/a"), digits(""), digits(None)) == (None, None, None)
