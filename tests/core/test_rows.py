"""Rows of one kind that a batch knows, and which of them have to be written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.kinds import Kind, by
from entrepot.core.rows import Grouped, Rows


class Note(NamedTuple):
    org: int
    order: str
    id: str
    text: str = ""
    version: int = 0


KEY = (1, "a", "x")
NOTES: Kind[tuple[int, str, str], Note] = Kind(
    "note", Note, by(Note, "org", "order", "id"), group=by(Note, "org", "order")
)
READ, OTHER = Note(*KEY, "read"), Note(*KEY, "other")
Notes = Rows[tuple[int, str, str], Note]
Step = Callable[[Notes], None]


def put(rows: Notes) -> None:
    rows.put(OTHER)


def remove(rows: Notes) -> None:
    rows.remove(KEY)


def written(rows: Notes) -> tuple[bool, bool, bool]:
    return KEY in rows.new, KEY in rows.dirty, KEY in rows.gone


NOTHING, NEW, DIRTY, GONE = (
    (False, False, False), (True, False, False), (False, True, False), (False, False, True),
)  # fmt: skip


@pytest.mark.parametrize(
    ("known", "steps", "expected"),
    [
        (False, [], NOTHING),
        (False, [put], NEW),
        (False, [put, put], NEW),
        (False, [put, remove], NOTHING),
        (False, [put, remove, put], NEW),
        (True, [], NOTHING),
        (True, [put], DIRTY),
        (True, [put, put], DIRTY),
        (True, [remove], GONE),
        # A line that is changed and then deleted in one array: there is nothing to update.
        (True, [put, remove], GONE),
        (True, [put, remove, put], DIRTY),
    ],
)
def test_what_is_written_of_a_row(
    known: bool, steps: list[Step], expected: tuple[bool, bool, bool]
) -> None:
    rows = Rows(NOTES)
    rows.read([READ] if known else [])
    for step in steps:
        step(rows)
    assert written(rows) == expected
    assert rows.base == ({KEY: READ} if known else {})
    assert rows.untouched() == ({KEY} if known and not steps else set())


@given(st.booleans(), st.lists(st.sampled_from([put, remove])))
def test_a_row_is_written_at_most_once(known: bool, steps: list[Step]) -> None:
    rows, there = Rows(NOTES), known
    rows.read([READ] if known else [])
    for step in steps:
        if step is remove and not there:
            continue
        step(rows)
        there = step is put
    assert sum(written(rows)) <= 1
    assert (KEY in rows) is there
    # Writing turns the rows of the database into the rows that are known here.
    assert (known or KEY in rows.new) and KEY not in rows.gone if there else KEY not in rows.new


@pytest.mark.parametrize("together", [False, True])
def test_a_row_that_is_put_later_leaves_the_earlier_ones_to_be_written(together: bool) -> None:
    """Two rows that were read and two that were not: none is forgotten when another is put."""
    known = [Note(1, "a", one) for one in "kl"]
    made = [Note(1, "a", one) for one in "mn"]
    rows = Rows(NOTES)
    rows.read(known)
    for pair in zip(known, made, strict=True):
        if together:
            rows.take({NOTES.key(row): row for row in pair})
        else:
            for row in pair:
                rows.put(row)
    assert rows.dirty == {NOTES.key(row) for row in known}
    assert rows.new == {NOTES.key(row) for row in made}


def test_rows_are_found_by_what_they_belong_to() -> None:
    rows: Grouped[tuple[int, str], tuple[int, str, str], Note] = Grouped(NOTES)
    rows.read([READ, Note(1, "b", "x")])
    rows.put(Note(1, "a", "y"))
    rows.put(OTHER)
    assert list(rows.of((1, "a"))) == [OTHER, Note(1, "a", "y")]
    rows.remove(KEY)
    assert list(rows.of((1, "a"))) == [Note(1, "a", "y")]
    assert list(rows.of((1, "c"))) == []


def test_a_member_that_is_none_is_an_error_at_once() -> None:
    with pytest.raises(TypeError, match="Note has no member orgs"):
        by(Note, "orgs")
    with pytest.raises(TypeError, match="Note has no member fence"):
        Kind("note", Note, by(Note, "id"), guard="fence")


_IDS = st.tuples(st.just(1), st.sampled_from("ab"), st.sampled_from("xyz"))
_STEPS = st.sampled_from(["read", "know", "put", "take", "remove", "take away", "forget", "ask"])


@given(st.lists(st.tuples(_STEPS, _IDS)))
def test_groups_have_the_rows_as_they_now_are(steps: list[tuple[str, Any]]) -> None:
    """However rows came and went, and whenever somebody asked before."""
    rows: Grouped[tuple[int, str], tuple[int, str, str], Note] = Grouped(NOTES)
    for number, (step, key) in enumerate(steps):
        note = Note(*key, text=str(number))
        if step == "read":
            rows.read([note])
        elif step in ("know", "put"):
            getattr(rows, step)(note)
        elif step in ("remove", "forget"):
            getattr(rows, step)(key)
        elif step != "ask":
            rows.take({key: note if step == "take" else None})
        else:
            rows.of(key[:2])
    for group in ((1, "a"), (1, "b")):
        expected = {row for row in rows.values() if row[:2] == group}
        assert set(rows.of(group)) == expected
        assert len(rows.of(group)) == len(expected)
    assert rows.new.isdisjoint(rows.base)
    assert rows.new <= rows.now.keys()
    assert rows.dirty <= rows.base.keys() & rows.now.keys()
    assert rows.gone <= rows.base.keys() - rows.now.keys()
