"""Scopes of native keys, and the roles that stand for them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from entrepot.core.scopes import MEANINGS, OF_ROLE, opened_by, text_of
from entrepot.edge.native.dialect import DIALECT

DOCUMENT = Path(__file__).parents[3] / "docs" / "dialects" / "native.md"


def test_a_scope_is_what_the_table_says() -> None:
    told = re.findall(r"^\| `(\w+:\w+)` \| (.+?) <!--", DOCUMENT.read_text(), re.MULTILINE)
    assert dict(told) == dict(MEANINGS)
    used = {operation.access.scope for operation in DIALECT.operations}  # type: ignore[union-attr]
    assert used <= MEANINGS.keys()


@pytest.mark.parametrize(
    ("role", "scopes"),
    [
        ("ADMIN", set(MEANINGS)),
        ("editor", set(MEANINGS) - {"settings:write", "keys:write"}),
        ("MEMBER", {one for one in MEANINGS if one.endswith(":read")} | {"orders:write"}),
        ("VIEWER", {one for one in MEANINGS if one.endswith(":read")}),
        ("orders:read stock:write", {"orders:read", "stock:write"}),
        ("orders:read orders:fly", {"orders:read"}),
        ("", set()),
        ("KING", set()),
    ],
)
def test_a_role_stands_for_scopes(role: str, scopes: set[str]) -> None:
    assert opened_by(role) == scopes


def test_scopes_are_kept_in_one_order() -> None:
    for scopes in OF_ROLE.values():
        assert opened_by(text_of(scopes)) == scopes
    assert text_of(frozenset({"stock:read", "orders:read"})) == "orders:read stock:read"
