"""A change of an order's properties writes what differs, and the tallies stay those of all."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from entrepot.store.writing import tallies

pairs = st.sets(st.tuples(st.sampled_from(["a", "a.b", "c"]), st.sampled_from(["=1", "=2", "{"])))


def counted(pairs_: set[tuple[str, str]]) -> Counter[tallies.Pair]:
    """Each path and value of an order once, and each path once."""
    found = Counter({(1, path, value): 1 for path, value in pairs_})
    return found + Counter({(1, path, tallies.ANY): 1 for path, _ in pairs_})


@given(pairs, pairs)
def test_the_tallies_of_a_change_lead_from_what_was_to_what_is(
    had: set[tuple[str, str]], has: set[tuple[str, str]]
) -> None:
    changed: Counter[tallies.Pair] = Counter()
    tallies.count_pairs(changed, 1, had, has)
    before = counted(had)
    before.update(changed)
    assert +before == counted(has)
    assert all(changed.values())
