"""Codes of ISO 4217 that nobody can pay in are refused of goods, as they are of orders."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from entrepot.core.refusal import Refused
from entrepot.edge.polinate.orders.values import code_of
from entrepot.edge.synq.channels import read as channels
from entrepot.edge.synq.channels import wire
from entrepot.edge.synq.products.read import _currency


def of_a_channel(code: str) -> str:
    caller: Any = SimpleNamespace(org=7)
    return channels.make_channel(wire.MakeChannel(name="Web", currency=code), caller).currency


WAYS = {
    "Polinate": lambda code: code_of(code, "currency"),
    "a channel": of_a_channel,
    "a variant": lambda code: _currency(code, ""),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_code_that_is_no_money_is_refused_of_goods(way: str) -> None:
    assert WAYS[way]("eur") == "EUR"
    for code in ("XXX", "xts", "XAU", "CLF"):
        with pytest.raises(Refused) as told:
            WAYS[way](code)
        refused = told.value.refusal
        sentence = f"{code.upper()} is no money that can be paid in"
        assert (refused.field, refused.detail) == ("currency", sentence)
