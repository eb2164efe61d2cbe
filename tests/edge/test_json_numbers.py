"""Numbers of a body are read exactly as they were written."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.edge.strict_json import (
    InvalidJson,
    decimal_number,
    decode,
    number_text,
    whole_number,
)


class Line(msgspec.Struct):
    price: msgspec.Raw


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (b"0", (0, 0)),
        (b"-0", (0, 0)),
        (b"0.00", (0, 2)),
        (b"12.50", (1250, 2)),
        (b"-12.5", (-125, 1)),
        (b"1e2", (100, 0)),
        (b"1.5E+1", (15, 0)),
        (b"1.50e1", (150, 1)),
        (b"125e-2", (125, 2)),
        (b"0e999", (0, 0)),
        (b"1e17", (10**17, 0)),
        (b"999999999999999999", (999_999_999_999_999_999, 0)),
        (b"0.000000000001", (1, 12)),
        (b"123456.123456789012", (123456123456789012, 12)),
        (b"1e-0000000012", (1, 12)),
        (b"0.0000000000000", (0, 12)),
        (b"0e-20", (0, 12)),
        (b"0e9999", (0, 0)),
        (b"1.0000000000000000", (10**12, 12)),
        (b"19.99000000000000000000", (1_999 * 10**10, 12)),
        (b"0.00010000000000000", (10**8, 12)),
        (b"-2.5000000000000000000e0", (-25 * 10**11, 12)),
        (b"10e-13", (1, 12)),
    ],
)
def test_an_amount_is_what_was_written(text: bytes, number: tuple[int, int]) -> None:
    raw = decode(b'{"price": ' + text + b" }", msgspec.json.Decoder(Line)).price
    assert number_text(raw, "price") == text.decode()
    assert decimal_number(raw, "price") == number


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'"12.5"', "got `str`"),
        (b'""', "got `str`"),
        (b"true", "got `bool`"),
        (b"null", "got `null`"),
        (b"{}", "got `object`"),
        (b"[1]", "got `array`"),
        (b"", "got `nothing`"),
        (b"1000000000000000000", "18 significant digits"),
        (b"1e18", "18 significant digits"),
        (b"1e308", "18 significant digits"),
        (b"1e999999999999", "18 significant digits"),
        (b"1" * 40, "18 significant digits"),
        (b"0.0000000000001", "12 decimal places"),
        (b"1.00000000000010", "12 decimal places"),
        (b"1e-13", "12 decimal places"),
        (b"0.30000000000000004", "12 decimal places"),
    ],
)
def test_no_amount_is_made_of_anything_else(text: bytes, words: str) -> None:
    with pytest.raises(InvalidJson, match=words) as refused:
        decimal_number(msgspec.Raw(text), "items[0].price")
    assert refused.value.path == "items[0].price"


@given(st.integers(-(10**18) + 1, 10**18 - 1), st.integers(0, 12), st.integers(-12, 12))
def test_an_amount_equals_its_decimal(units: int, places: int, exponent: int) -> None:
    text = f"{Decimal(units).scaleb(-places):f}e{exponent}"
    exact = Decimal(text)
    try:
        found, scale = decimal_number(msgspec.Raw(text.encode()), "")
    except InvalidJson:
        fits = len(str(abs(int(exact.scaleb(12))))) <= 18 and exact == round(exact, 12)
        assert not fits
    else:
        assert 0 <= scale <= 12
        assert Decimal(found).scaleb(-scale) == exact


@pytest.mark.parametrize(
    ("text", "number"), [(b"2", 2), (b"2.0", 2), (b"-2.00", -2), (b"20e-1", 2), (b"2e3", 2000)]
)
def test_a_whole_number_may_be_written_with_a_fraction(text: bytes, number: int) -> None:
    assert whole_number(msgspec.Raw(text), "quantity") == number


@pytest.mark.parametrize("text", [b"2.5", b"-0.1", b"1e-1", b'"2"', b"true", b"null"])
def test_a_number_that_is_not_whole_is_refused(text: bytes) -> None:
    with pytest.raises(InvalidJson) as refused:
        whole_number(msgspec.Raw(text), "quantity")
    assert refused.value.path == "quantity"
