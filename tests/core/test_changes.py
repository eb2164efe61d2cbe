"""What a decision wants written of each kind: one place a kind, however it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from entrepot.core.changes import Changes, OfKind
from entrepot.core.facts import Facts
from entrepot.core.shipments import SHIPMENTS

ATTRIBUTES = sorted(name for name, one in vars(Changes).items() if isinstance(one, OfKind))


def changes() -> Changes:
    return Changes(Facts(1, lambda: b""))


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_an_attribute_and_its_kind_have_one_place(name: str) -> None:
    kind: Any = vars(Changes)[name].kind
    for asked in (lambda one: getattr(one, name), lambda one: one.of(kind)):
        told = changes()
        place = asked(told)
        assert place is getattr(told, name)
        assert place is told.of(kind)
        assert told.pending == {kind: place}


def test_a_kind_without_an_attribute_has_one_place() -> None:
    told = changes()
    assert told.of(SHIPMENTS) is told.of(SHIPMENTS)
    assert list(told.pending) == [SHIPMENTS]
