"""Which orders a text means: by words, names as a whole, and telephones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.order_terms import COLUMNS, Said, asked_for, fits, terms_of
from entrepot.store.verify.terms import _said

SKUS = ("MUG-1", None, "TÉE")
GRACE = Said(
    sender_id="shop-1", external_id="find/me", external_reference="PO 55-1",
    external_name="#A-7", payment_reference="pi_1", first_name="Grace",
    last_name="Brewster Höpper", email="Grace@Example.org", phone="+44 (20) 7946-0958",
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "shop-1", "SHOP-1", "find/me", "PO 55-1", "po  55-1", "#a-7", "PI_1",
        "grace", "gra", "Brew", "hö", "HÖPPER", "ho\u0308pp", "höpper grace", "grace@ex",
        "grace@example.org mug-1", "mug-1", "te\u0301e", "+44 20 7946", "0044 20 79460958",
        "020 7946 0958", "20794", "1042", "#1042", " 1042 ",
    ],
)  # fmt: skip
def test_a_text_means_the_order(text: str) -> None:
    assert fits(terms_of(GRACE, SKUS), 1042, asked_for(text))


@pytest.mark.parametrize(
    "text",
    [
        "shop", "find", "PO", "55-1", "a-7", "opper", "grace x", "mug", "mug-11", "example.org",
        "946 0958", "0958", "4420", "104", "10420", "%", "_", "", "  ", "hopper",
    ],
)  # fmt: skip
def test_a_text_means_another_order(text: str) -> None:
    assert not fits(terms_of(GRACE, SKUS), 1042, asked_for(text))


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ("+49 (0)30 123456", "+49 30 123456"), ("+49 (0)30 123456", "0049 30 12345"),
        ("+49 (0)30 123456", "+49 (0)30 123456"), ("+49 (0)30 123456", "030 123456"),
        ("+4930123456", "+49 (0)30 123456"), ("+4930123456", "0049 ( 0 ) 30-123456"),
        ("+353 (0)1 234 5678", "01 234 5678"), ("+353 (0)1 234 5678", "+353 1 2345"),
        ("0049 (0)30/123456", "+4930123456"), ("+39 06 1234567", "06 1234567"),
        ("+49 (0)30 123456", "+\uff14\uff19 (\uff10)30 123456"),
    ],
)  # fmt: skip
def test_a_telephone_is_found_by_its_other_spellings(told: str, asked: str) -> None:
    assert fits(terms_of(Said(phone=told)), 1, asked_for(asked))


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ("+49 (0)30 123456", "+43 30 123456"), ("+490301234567", "+49 31 123456"),
        ("20 7946 0958", "+44 207"), ("+49 30 123456", "(0)"),
        ("+353 1 234 5678", "+35 1 234 5678"), ("+1 415 555 0100", "+34 415 555 010"),
    ],
)  # fmt: skip
def test_another_telephone_is_another_order(told: str, asked: str) -> None:
    assert not fits(terms_of(Said(phone=told)), 1, asked_for(asked))


def test_a_long_name_is_asked_for_as_a_whole() -> None:
    name = "x" * 101
    terms = terms_of(Said(sender_id=name))
    assert fits(terms, 1, asked_for(name))
    assert not fits(terms, 1, asked_for(name + "x"))
    assert not fits(terms, 1, asked_for(name[:-1]))
    assert max(map(len, terms)) <= 401


_TEXTS = st.none() | st.text(max_size=30) | st.text("+0123456789 ()a", max_size=30)
_ORDERS = st.builds(Said, **dict.fromkeys(COLUMNS, _TEXTS))
_SKUS = st.lists(_TEXTS, max_size=3)


@given(_ORDERS, _SKUS)
def test_the_audits_own_terms_are_those_that_are_kept(said: Said, skus: list[str | None]) -> None:
    assert set(_said(said, skus)) == terms_of(said, skus)


@given(_ORDERS, _SKUS, st.integers(1, 10**12))
def test_whatever_an_order_is_called_finds_the_order(
    said: Said, skus: list[str | None], number: int
) -> None:
    terms = terms_of(said, skus)
    for text in (*said[:5], *skus, said.email, f"#{number}"):
        if text and text.strip() and len(text.split()) <= 20:
            assert fits(terms, number, asked_for(text)), text
