"""What a new variant of Synq costs, and in which currency."""

from __future__ import annotations

import json
from typing import Any

import pytest

from entrepot.core.refusal import Refused
from entrepot.edge.synq.products import read


def new_variant(**told: Any) -> Any:
    return read.new_variant(read.MAKE_VARIANT.decode(json.dumps(told).encode()), "variants[0].")


@pytest.mark.parametrize(
    ("told", "currency"),
    [
        ({}, ""),
        ({"currency": ""}, ""),
        ({"price": 0}, "USD"),
        ({"price": 1, "currency": "eur"}, "EUR"),
    ],
)
def test_a_variant_has_a_price_and_a_currency_or_neither(told: Any, currency: str) -> None:
    assert new_variant(**told).currency == currency


def test_a_currency_without_a_price_is_no_price_of_nothing() -> None:
    with pytest.raises(Refused) as refused:
        new_variant(currency="EUR", price=None)
    assert refused.value.refusal.field == "variants[0].price"


def test_zeros_behind_the_last_place_of_a_price_are_no_places() -> None:
    variant = new_variant(price=12.5)
    padded = read.MAKE_VARIANT.decode(b'{"price": 12.500000000000000000}')
    assert read.new_variant(padded, "").price.at(4) == variant.price.at(4) == 125_000
