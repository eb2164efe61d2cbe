"""Which line of an order a told line is: as if each were compared with each, but quickly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.quantities import much

from entrepot.core.commands import DraftLine, VariantRef
from entrepot.core.decide import retold_lines
from entrepot.core.money import Amount
from entrepot.core.order import Line, or_equal

LINES = 400
AMOUNTS = [Amount(1, 0), Amount(10, 1), Amount(2, 0), Amount(0, 0), Amount(0, 2)]
DETAILS = [None, "{}", '{"a":1}', '{"a":1,"b":2}', '{"b":2}', '{"a":2}']


def line(**told: Any) -> Line:
    return Line(b"", 0, b"v", b"i", told.pop("entry_id", b"e"), **told)


def draft(of: Line, *, counted: bool = True, bare: bool = False, told: bool = True) -> DraftLine:
    return DraftLine(
        "items[0]", VariantRef(), of.quantity, of.price, of.currency, counted=counted, bare=bare,
        unit_of_measure=of.unit_of_measure if told else None, cost=of.cost if told else None,
        variant_title=of.variant_title if told else None, details=of.details,
        properties=of.properties if told else None,
    )  # fmt: skip


some_lines = st.lists(
    st.builds(
        line,
        entry_id=st.sampled_from([b"e", b"f"]),
        title=st.sampled_from(["t", "u"]),
        variant_title=st.sampled_from([None, "w"]),
        quantity=st.sampled_from([much(1), much(2)]),
        currency=st.sampled_from(["USD", "EUR"]),
        price=st.sampled_from(AMOUNTS),
        cost=st.sampled_from(AMOUNTS),
        details=st.sampled_from(DETAILS),
        properties=st.sampled_from([None, '{"p":1}']),
    ),
    max_size=5,
)


def each_with_each(
    drafts: tuple[DraftLine, ...], told: list[Line], before: tuple[Line, ...]
) -> dict[int, Line]:
    """The pairs by the words of the rules, whatever the time."""
    same, kept = retold_lines._the_same, retold_lines._kept

    def price(old: Line, new: Line, _: DraftLine) -> bool:
        return (old.price, old.currency) == (or_equal(old.price, new.price), new.currency)

    def stays(old: Line, new: Line, by: DraftLine) -> bool:
        now, was = new.details, old.details
        if now is not None and was is not None:
            members = retold_lines._members
            if not members(now).items() <= members(was).items():
                return False
        return price(old, new, by) and same(old, kept(by, new, old))

    ways: tuple[Callable[[Line, Line, DraftLine], bool], ...] = (
        lambda old, new, _: same(old, new),
        stays,
        lambda old, new, by: stays(old, new._replace(quantity=old.quantity), by),
        price,
        lambda _old, _new, _: True,
    )
    free, known = list(before), dict[int, Line]()
    for alike in ways:
        for index, (by, new) in enumerate(zip(drafts, told, strict=True)):
            its = [old for old in free if old.entry_id == new.entry_id and alike(old, new, by)]
            if index not in known and its:
                known[index] = its[0]
                free.remove(its[0])
    return known


@given(some_lines, some_lines, st.lists(st.booleans(), min_size=40, max_size=40))
def test_lines_are_paired_as_if_each_was_compared_with_each(
    before: list[Line], told: list[Line], chances: list[bool]
) -> None:
    chance = iter(chances)
    old = tuple(one._replace(id=b"%d" % n, number=n) for n, one in enumerate(before))
    new = [*(one for one in before if next(chance)), *told]
    drafts = tuple(
        draft(one, counted=next(chance), bare=next(chance), told=next(chance)) for one in new
    )
    known, left = retold_lines._paired(drafts, new, old)
    assert known == each_with_each(drafts, new, old)
    assert {*left} == {*old} - {*known.values()}


def details(text: str) -> str:
    return f'{{"id":"i","description":"{text}","msrp":1}}'


@pytest.mark.parametrize(
    "retold",
    [
        lambda n: {"price": Amount(LINES - n, 0), "quantity": much(n + 2)},
        lambda n: {"price": Amount(n * 7 % LINES, 0), "details": details("other")},
        lambda n: {"details": details(f"new {n}")},
        lambda n: {"quantity": much(n + 2)},
        lambda n: {"title": f"new {n}"},
    ],
    ids=["other prices in turn", "prices mixed", "descriptions", "quantities", "titles"],
)
def test_many_lines_of_one_variant_are_compared_a_few_times_each(
    retold: Callable[[int], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comparing each with each took ten seconds for 500 lines, and held up everybody's orders."""
    before = tuple(
        line(price=Amount(n % 3, 0), details=details(f"{n % 50}"))._replace(id=b"%d" % n, number=n)
        for n in range(LINES)
    )
    told = [one._replace(**retold(n)) for n, one in enumerate(before)]
    compared = 0
    the_same = retold_lines._the_same

    def counted(old: Line, new: Line) -> bool:
        nonlocal compared
        compared += 1
        return the_same(old, new)

    monkeypatch.setattr(retold_lines, "_the_same", counted)
    known, left = retold_lines._paired(tuple(map(draft, told)), told, before)
    assert (len(known), left) == (LINES, ())
    assert compared <= 3 * LINES
