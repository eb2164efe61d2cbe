"""A price list is made once under a key, however its repeat is written."""

from __future__ import annotations

import pytest

from entrepot.core.order import StoredAnswer
from entrepot.core.refusal import Refusal
from entrepot.edge.polinate.pricing import read
from entrepot.writer.envelope import Idempotency, Outcome
from entrepot.writer.idempotency import fingerprint, replay

from .samples import PRINCIPAL, VARIANT


def keyed(properties: str) -> Idempotency:
    body = """{"itemList": {"name": "Trade", "properties": %s},
        "entries": [{"itemVariantId": "%s", "price": "8.50"}]}"""
    told = read.CREATE.decode((body % (properties, VARIANT)).encode())
    _, found = read.create_pricing(told, "key-1", PRINCIPAL)
    assert found is not None
    return found


FIRST = keyed('{"a": 1, "b": {"c": 1.50, "d": "x"}}')


def answered(repeat: Idempotency, covered: bytes) -> Outcome | Refusal:
    stored = StoredAnswer(7, "key-1", FIRST.operation, covered, 201, b"{}", None, 1)
    return replay(repeat, stored)


@pytest.mark.parametrize(
    ("properties", "same"),
    [
        ('{"b": {"d": "x", "c": 1.5}, "a": 1.0}', True),
        ('{"a": 1, "b": {"c": 1.51, "d": "x"}}', False),
        ("{}", False),
        ("null", False),
    ],
)
def test_properties_that_say_the_same_are_one_content(properties: str, same: bool) -> None:
    outcome = answered(keyed(properties), FIRST.fingerprint)
    assert isinstance(outcome, Outcome) == same


def test_answers_of_before_are_known_as_they_were() -> None:
    parts = (
        b'["Trade",null,0,"{\\"a\\":1,\\"b\\":{\\"c\\":1.50,\\"d\\":\\"x\\"}}"]',
        b'[["%b","8.5",null]]' % VARIANT.removeprefix("var_").encode(), b"[]",
    )  # fmt: skip
    assert isinstance(answered(FIRST, fingerprint(parts)), Outcome)
    assert isinstance(answered(keyed("{}"), fingerprint(parts)), Refusal)
