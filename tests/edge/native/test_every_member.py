"""Every member of a body tells a repeat under a key from a reuse of the key."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.edge.native.asking import asking

from entrepot.edge.dialect import Operation
from entrepot.edge.native import bodies
from entrepot.edge.native.dialect import DIALECT
from entrepot.edge.native.examples import NATIVE

OPERATIONS = [one for one in DIALECT.operations if one.body is not None]


class Told(Exception):
    """The members by which a request is known."""


def keyed(_call: Any, _operation: str, parts: Any, _body: Any, *_: bytes, added: Any = ()) -> None:
    raise Told([*parts, *[name for names in added for name in names]])


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.operation_id)
async def test_a_key_covers_every_member_of_the_body(
    operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "keyed", keyed)
    body = next(iter(NATIVE[operation.operation_id].values()))
    with pytest.raises(Told) as told:
        await operation.handler(asking(body))
    fields = [field.encode_name for field in msgspec.structs.fields(operation.body)]
    assert sorted(told.value.args[0]) == sorted(fields)
