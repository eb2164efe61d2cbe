"""What a search for a property means: a text, and of a number its equal spellings."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.properties import parse, scalar, spellings


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("1000", ("1000", "1000.0")), ("1e3", ("1e3", "1000.0", "1000")),
        ("1000.0", ("1000.0", "1000")), ("1.50", ("1.50", "1.5")), ("15e-1", ("15e-1", "1.5")),
        ("-0", ("-0", "-0.0", "0")), ("0.1e0", ("0.1e0", "0.1")), ("1e99", ("1e99", "1e+99")),
        ("12345678901234567.89", ("12345678901234567.89",)),
        *[(text, (text,)) for text in (
            "", "a", "01", "+1", "1.", ".5", "1e", "1e333", "NaN", "Infinity", "0x1", "1_0", " 1",
            "\u0661", "true", "9" * 19, "-", "1\n",
        )],
    ],
)  # fmt: skip
def test_a_number_is_asked_for_by_its_equal_spellings(asked: str, meant: tuple[str, ...]) -> None:
    assert spellings(asked) == meant


@given(st.integers(-(10**9), 10**9), st.integers(-6, 6))
def test_what_is_kept_of_a_number_is_among_its_spellings(digits: int, exponent: int) -> None:
    kept = f"{digits}e{exponent}"
    searched = scalar(parse(json.dumps({"a": 0}).replace("0", kept))["a"])
    assert searched in spellings(kept)
    exact = Decimal(kept)
    assert all(Decimal(one) == exact for one in spellings(kept))
