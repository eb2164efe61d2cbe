"""Categories, brands, attributes, groups and templates: slugs, and what is above what."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.book import ORG, Book

from entrepot.core.decide.classify import MakeTaxon
from entrepot.core.ids import dashed
from entrepot.core.naming import SEEN
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import TaxonResult
from entrepot.core.taxonomy import (
    CATEGORY,
    DEPTH_MAX,
    NAME_MAX,
    SLUG_MAX,
    TAXA,
    TAXA_KINDS,
    Taxon,
    slug_of,
)

NAMES = st.text(alphabet="abAB é-_!", max_size=6) | st.text(max_size=300)
SLUGS = st.none() | st.sampled_from(["a", "b", " a ", "", "A"]) | st.text(max_size=300)


def made(book: Book, kind: str, name: str, parent_id: bytes | None = None) -> Taxon:
    result = book.done(MakeTaxon(ORG, "synq", kind, name, parent_id=parent_id))
    assert isinstance(result, TaxonResult)
    return result.taxon


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(TAXA_KINDS), NAMES, SLUGS, st.integers(0, 5)), max_size=12)
)
def test_no_two_of_a_kind_have_a_slug_and_none_is_above_itself(
    told: list[tuple[str, str, str | None, int]],
) -> None:
    book, known = Book(), dict[bytes, Taxon]()
    for kind, name, slug, at in told:
        above = None if kind != CATEGORY else next(iter(list(known)[at:]), None)
        outcome = book.attempted(MakeTaxon(ORG, "synq", kind, name, slug, parent_id=above))
        wanted = slug_of(name) if slug is None else slug.strip()
        if isinstance(outcome, Refusal):
            twin = any((one.kind, one.slug) == (kind, wanted) for one in known.values())
            wrong = not re.search(SEEN, name) or len(name.strip()) > NAME_MAX
            wrong = wrong or not wanted or not wanted.isprintable() or len(wanted) > SLUG_MAX
            assert outcome.reason is (
                Reason.DUPLICATE_ENTRY if twin and not wrong else Reason.INVALID
            )
            assert twin or wrong or (above is not None and known[above].kind != CATEGORY)
            continue
        assert isinstance(outcome, TaxonResult)
        known[outcome.taxon.id] = outcome.taxon
    slugs = [(one.kind, one.slug) for one in known.values()]
    assert len(slugs) == len(set(slugs))
    for one in known.values():
        above_it, steps = one.parent_id, 0
        while above_it is not None:
            above_it, steps = known[above_it].parent_id, steps + 1
        assert steps == one.depth
    assert set(book.facts.of(TAXA)) == {(ORG, id_) for id_ in known}
    assert [event.subject_id for event in book.facts.events] == list(known)


def test_a_category_is_below_at_most_fifty() -> None:
    book, above = Book(), None
    for number in range(DEPTH_MAX + 1):
        above = made(book, CATEGORY, f"c {number}", above).id
    refusal = book.refused(MakeTaxon(ORG, "synq", CATEGORY, "one more", parent_id=above))
    assert (refusal.reason, refusal.field) == (Reason.INVALID, "parent_id")


def test_only_a_category_of_the_organization_is_above() -> None:
    book = Book()
    category, brand = made(book, CATEGORY, "Mugs"), made(book, "brand", "Mugs")
    for kind, parent in ((CATEGORY, brand.id), (CATEGORY, b"?" * 16), ("brand", category.id)):
        refusal = book.refused(MakeTaxon(ORG, "synq", kind, "Cups", parent_id=parent))
        assert (refusal.reason, refusal.field) == (Reason.INVALID, "parent_id")
    below = made(book, CATEGORY, "Cups", category.id)
    event = book.facts.events[-1]
    assert (event.type, event.subject, event.subject_id) == (
        "category.created",
        "category",
        below.id,
    )
    body = {"name": "Cups", "slug": "cups", "parent_id": dashed(category.id)}
    assert json.loads(event.body) == body


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Blue Mugs", "blue-mugs"), ("  A & B  ", "a-b"), ("Größe_2", "grösse-2"), ("!!", ""),
        ("x" * 300, "x" * SLUG_MAX), ("दिल", "दिल"), ("दाल और चावल", "दाल-और-चावल"),
        ("Cafe\u0301 Noir", "café-noir"), ("\u2764\ufe0f 1\ufe0f Herz", "1-herz"),
        ("ผ้า ไหม", "ผ้า-ไหม"),
    ],
)  # fmt: skip
def test_a_name_makes_a_slug(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_names_that_differ_in_their_vowels_are_two_names() -> None:
    book = Book()
    for name in ("दिल", "दाल"):
        book.done(MakeTaxon(ORG, "synq", "brand", name))
    again = book.refused(MakeTaxon(ORG, "synq", "brand", "दाल"))
    assert (again.reason, again.field) == (Reason.DUPLICATE_ENTRY, "name")


@pytest.mark.parametrize(
    ("told", "type_"),
    [(None, "TEXT"), ("", "TEXT"), ("number", "NUMBER"), ("MULTI_SELECT", "MULTI_SELECT")],
)
def test_the_type_of_an_attribute(told: str | None, type_: str) -> None:
    result = Book().done(MakeTaxon(ORG, "synq", "attribute", "Weight", type=told))
    assert isinstance(result, TaxonResult)
    assert result.taxon.type == type_


@pytest.mark.parametrize("told", ["two words", "1ST", "A" * 51, "Ä"])
def test_a_type_is_one_word(told: str) -> None:
    refusal = Book().refused(MakeTaxon(ORG, "synq", "attribute", "Weight", type=told))
    assert (refusal.reason, refusal.field) == (Reason.INVALID, "type")
