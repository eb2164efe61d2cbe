"""The code that verify searches by and the code that writes the index are two."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.properties import parse
from entrepot.store.verify.searchable import searched
from entrepot.store.writing.properties import paths

_TEXTS = st.text(max_size=6) | st.integers(240, 260).map("x".__mul__)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False,
           allow_infinity=False) | _TEXTS  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=4))
def test_both_readings_of_any_properties_agree(properties: dict[str, Any]) -> None:
    text = json.dumps(properties)
    assert sorted(searched(text)) == sorted(paths(parse(text)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a":{"b":1.50},"c":null}', {("a", "{"), ("a.b", "=1.50"), ("c", "{")}),
        ('{"a":1E2,"b":true,"c":false}', {("a", "=100.0"), ("b", "=true"), ("c", "=false")}),
        ('{"a":"1e2","b":[1],"c":{}}', {("a", "=1e2"), ("b", "{"), ("c", "{")}),
        ('{"":{"":""}}', {("", "{"), (".", "=")}),
    ],
)
def test_the_reading_of_verify_is_as_the_documents_say(text: str, found: set[Any]) -> None:
    assert set(searched(text)) == found
