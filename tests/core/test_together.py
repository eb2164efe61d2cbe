"""Words that the three dialects show of one order at one time are never absurd."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cache

import pytest
from tests.core.tellings import (
    KONVO,
    POLINATE,
    SOURCE,
    SYNQ,
    Stand,
    Told,
    konvo,
    reached,
    retold,
    says,
    view,
)
from tests.core.test_lifecycle import searched

from entrepot.core import telling, words
from entrepot.core.facets import Facets
from entrepot.edge.together import ONLY_AS_TOLD, TOGETHER

# The first tellings, the later tellings of the same sender, those of others, and how many times.
WAYS: dict[str, tuple[list[Told], list[Told], list[Told], int]] = {
    "konvo": (KONVO, KONVO, [], 3),
    "konvo and polinate": (KONVO, KONVO, POLINATE, 1),
    "konvo, polinate, synq": (KONVO, [], [*POLINATE, *SYNQ], 1),
    "polinate": (SOURCE, SOURCE, POLINATE, 1),
    "polinate and konvo": (SOURCE, [], KONVO, 2),
}


def absurd(shown: Mapping[str, str]) -> list[tuple[str, str]]:
    """The pairs of words shown that may not stand together, each as `axis=word`."""
    return [
        (f"{one}={shown[one]}", f"{other}={shown[other]}")
        for (one, other), pairs in TOGETHER.items()
        if shown[other] not in pairs[shown[one]]
    ]


@cache
def stands(way: str) -> frozenset[Stand]:
    return frozenset(reached(*WAYS[way]))


@cache
def of_managed() -> list[Mapping[str, str]]:
    """Words shown at every state to which the two dialects can bring a managed order."""
    axes = frozenset({"polinate_phase", "polinate_status", "konvo", "konvo_shipment"})
    return [words.shown(*state) for state in searched(axes)]


@pytest.mark.parametrize("way", WAYS)
def test_what_the_dialects_show_may_stand_together(way: str) -> None:
    for stand in stands(way):
        assert absurd(says(stand)) == [], stand


def test_what_the_dialects_show_of_a_managed_order_may_stand_together() -> None:
    """Wherever words of the two dialects that can move it bring it, from the pipeline's stands."""
    for shown in of_managed():
        assert absurd(shown) == []


@pytest.mark.parametrize("way", WAYS)
def test_no_dialect_shows_a_false_word(way: str) -> None:
    for facets, told, _ in stands(way):
        for axis, word in words.shown(facets, told).items():
            assert words.is_true(axis, word, facets)


def test_a_phase_before_active_stands_beside_goods_that_left_only_where_both_were_told() -> None:
    apart = {view(stand)[1:3] for stand in stands("konvo")}
    assert not apart & ONLY_AS_TOLD
    for (phase, status), told in itertools.product(ONLY_AS_TOLD, KONVO):
        stand = retold(telling.first_told(konvo("open")), told)
        assert view(stand)[1:3] != (phase, status)


def test_the_table_names_every_word_and_no_pair_that_cannot_be() -> None:
    """Every pair is met, but for words that only Synq's own clients could tell, and cannot yet."""
    untold = {"partially_fulfilled", "return_requested", "partially_returned"}
    every = [says(stand) for way in WAYS for stand in stands(way)] + of_managed()
    for (one, other), table in TOGETHER.items():
        assert set(table) == set(words.AXES[one].rows)
        met = {(shown[one], shown[other]) for shown in every}
        named = {(word, beside) for word in table for beside in table[word]}
        assert met <= named
        assert {(word, beside) for word, beside in named - met if word not in untold} == set()


@pytest.mark.parametrize(
    ("one", "word", "other", "beside"),
    [
        ("synq", "pending_payment", "polinate_status", "DELIVERED"),
        ("synq", "pending_payment", "polinate_phase", "ACTIVE"),
        ("synq", "pending_payment", "konvo", "paid"),
        ("synq", "payment_authorized", "konvo", "shipped"),
        ("synq", "delivered", "polinate_status", "IN_TRANSIT"),
        ("synq", "delivered", "konvo_shipment", "failure"),
        ("synq", "fulfilled", "polinate_status", "DELIVERED"),
        ("synq", "cancelled", "konvo", "completed"),
        ("synq", "cancelled", "polinate_phase", "ARCHIVED"),
        ("synq", "confirmed", "polinate_status", "IN_TRANSIT"),
        ("konvo", "shipped", "polinate_status", "UNASSIGNED"),
        ("konvo", "cancelled", "polinate_phase", "ACTIVE"),
        ("konvo_shipment", "failure", "polinate_status", "DELIVERED"),
    ],
)
def test_absurd_pairs_are_seen(one: str, word: str, other: str, beside: str) -> None:
    shown = {**words.shown(Facets(), ""), one: word, other: beside}
    assert (f"{one}={word}", f"{other}={beside}") in absurd(shown)
