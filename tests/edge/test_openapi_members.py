"""What a document requires is in every answer."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from entrepot.edge import openapi
from entrepot.edge.dialect import Dialect
from entrepot.edge.dialects import ALL


def structs(type_: Any, found: set[type[msgspec.Struct]]) -> None:
    """Find the structs that a type is made of."""
    for part in get_args(type_):
        structs(part, found)
    if isinstance(type_, type) and issubclass(type_, msgspec.Struct) and type_ not in found:
        found.add(type_)
        for member in get_type_hints(type_).values():
            structs(member, found)


@pytest.mark.parametrize("dialect", ALL, ids=lambda one: one.name)
def test_a_member_that_an_answer_may_lack_is_not_required(dialect: Dialect) -> None:
    """A made client refuses an answer without a member that the document requires."""
    found: set[type[msgspec.Struct]] = set()
    for operation in dialect.operations:
        for response in operation.responses.values():
            structs(response.type, found)
    assert found
    for one in found:
        kinds = get_type_hints(one)
        for member in msgspec.structs.fields(one):
            may_lack = msgspec.UnsetType in get_args(kinds[member.name])
            assert not (may_lack and member.required), (one, member.name)


@pytest.mark.parametrize("dialect", ALL, ids=lambda one: one.name)
def test_a_schema_has_a_name_and_no_address_of_a_module(dialect: Dialect) -> None:
    """Two types of one name in a document get the names of their modules, and so do clients."""
    names = openapi.build(dialect)["components"]["schemas"]
    assert [name for name in names if "." in name] == []
