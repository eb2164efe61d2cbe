"""Ids: every spelling reads back, a foreign one does not, an event's id is the event's for ever."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from entrepot.core import ids

RAW = st.binary(min_size=16, max_size=16)
PREFIXES = ("ord_", "oi_", "prt_", "pha_", "itm_", "var_", "ile_", "bus_")
ID = bytes.fromhex("018f3a5c7b2d7e4fa1b2c3d4e5f60718")


@given(RAW)
def test_the_dashed_spelling(raw: bytes) -> None:
    text = ids.dashed(raw)
    assert text == str(uuid.UUID(bytes=raw))
    assert ids.spelled(text) == ids.spelled(text.upper()) == raw
    assert ids.any_spelling(text) == ids.any_spelling(text.upper()) == raw


@given(RAW, st.sampled_from(PREFIXES))
def test_the_prefixed_spelling(raw: bytes, prefix: str) -> None:
    for bare in (raw.hex(), ids.dashed(raw)):
        for text in (bare, prefix + bare):
            assert ids.spelled(text, prefix) == ids.spelled(text.upper(), prefix) == raw
        assert ids.spelled(prefix + bare.upper(), prefix) == raw
        assert ids.any_spelling("ord_" + bare) == ids.any_spelling("ORD_" + bare) == raw


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_foreign_prefix_is_refused(prefix: str) -> None:
    for other in PREFIXES:
        found = ids.spelled(other + ID.hex(), prefix)
        assert found == (ID if other == prefix else None)


@given(RAW)
@example(bytes(16))
@example(b"\xff" * 16)
def test_the_internal_reference(raw: bytes) -> None:
    text = ids.internal_reference(raw)
    assert len(text) == 29
    assert ids.from_internal_reference(text) == raw
    assert ids.any_spelling(text) == ids.any_spelling(text.lower()) == raw


def test_internal_references_sort_as_the_ids_do() -> None:
    numbers = [(n * 7919 << 64).to_bytes(16, "big") for n in range(50)]
    assert sorted(map(ids.internal_reference, numbers)) == [
        ids.internal_reference(raw) for raw in numbers
    ]


@pytest.mark.parametrize(
    "text",
    [
        "", "ord_", "ord_" + "0" * 31, "ord_" + "0" * 33, "ord_" + "G" * 32, "ord-" + "0" * 32,
        "ord_ord_" + ID.hex(), "oi_" + ID.hex(), "ord_" + ids.dashed(ID)[:-1], "0" * 31,
        ids.dashed(ID) + "\n",
        "{" + ids.dashed(ID) + "}", ids.dashed(ID)[:-1], "EN-" + "Z" * 26, "EN-" + "0" * 25,
        "EN-" + "U" * 26, "EN" + "0" * 26, ids.internal_reference(ID) + " ", "\u0660" * 32,
        "\u212a" * 32, "EN-" + "\u212a" * 26,
    ],
)  # fmt: skip
def test_what_is_no_order_id(text: str) -> None:
    assert ids.any_spelling(text) is None


@given(RAW, st.integers(1, 2**63 - 1))
def test_an_events_id_is_a_uuid_of_version_8(raw: bytes, seq: int) -> None:
    made = uuid.UUID(bytes=ids.event_id(raw, seq))
    assert (made.version, made.variant) == (8, uuid.RFC_4122)
    assert ids.event_id(raw, seq) == made.bytes
    assert ids.event_id(raw, seq + 1) != made.bytes


def test_an_events_id_never_changes() -> None:
    assert ids.event_id(ID, 1).hex() == "7e3bac9ef0e6854fa39bce6418e403dd"


@pytest.mark.parametrize(
    "text", [ids.dashed(ID), f"var_{ID.hex()}", f"var_{ids.dashed(ID)}", "", "var_", "x" * 36]
)
def test_an_id_of_many_orders_is_the_same_id(text: str) -> None:
    assert ids.spelled_often(text, "var_") == ids.spelled(text, "var_")
    assert ids.spelled_often(text, "var_") == ids.spelled(text, "var_")


def test_no_long_text_is_remembered_as_an_id() -> None:
    before = ids._spelled_often.cache_info()
    assert ids.spelled_often("a" * 42, "var_") is None
    assert ids.spelled("a" * 42, "var_") is None
    assert ids._spelled_often.cache_info() == before
