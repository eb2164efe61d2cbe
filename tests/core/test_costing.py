"""What stock is worth, against a model that counts each ten-thousandth of goods by itself."""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.costing import (
    FIFO,
    VALUE_MAX,
    WAC,
    LineCost,
    Shelf,
    ShelfValue,
    back,
    sent,
    share,
    worth,
)
from entrepot.core.quantity import ONE, Quantity

KEY = (7, b"v" * 16, b"l" * 16)
METHODS = st.sampled_from([WAC, FIFO])


def shelf() -> Shelf:
    return Shelf(ShelfValue(*KEY), ())


def much(count: float) -> Quantity:
    return Quantity(round(count * ONE))


class Movement:
    """Goods that come in for so much a unit, or that leave, and the method from then on."""

    def __init__(self, delta: int, cost: int, method: str) -> None:
        self.delta, self.cost, self.method = delta, cost, method

    def __repr__(self) -> str:
        return f"{self.delta} at {self.cost}, {self.method}"


MOVEMENTS = st.lists(
    st.builds(
        Movement, st.integers(-40, 40).filter(bool), st.integers(0, 10).map(lambda c: c * ONE),
        METHODS,
    ),
    max_size=30,
)  # fmt: skip


def exact(movements: list[Movement]) -> tuple[int, Fraction, list[Fraction]]:
    """The quantity, the value, and what each departure cost, unit by unit and without rounding."""
    units: deque[Fraction] = deque()
    missing, costs = 0, []
    for one in movements:
        if one.method == WAC and units:
            units = deque([sum(units, Fraction(0)) / len(units)] * len(units))
        if one.delta > 0:
            filled = min(missing, one.delta)
            missing -= filled
            units.extend([Fraction(one.cost)] * (one.delta - filled))
            if one.method == WAC and units:
                units = deque([sum(units, Fraction(0)) / len(units)] * len(units))
            continue
        cost = Fraction(0)
        for _ in range(-one.delta):
            if units:
                cost += units.popleft()
            else:
                missing += 1
        costs.append(cost)
    return len(units) - missing, sum(units, Fraction(0)), costs


@given(MOVEMENTS)
def test_a_shelf_is_worth_what_its_units_cost(movements: list[Movement]) -> None:
    """To a ten-thousandth for each departure, which is rounded."""
    kept, costs = shelf(), []
    for one in movements:
        if one.delta > 0:
            kept.come(much(one.delta), worth(one.cost, much(one.delta)), one.method)
        else:
            costs.append(kept.leave(much(-one.delta), one.method))
    quantity, value, due = exact(movements)
    assert kept.value.quantity == much(quantity)
    slack = len(movements) * 40
    assert abs(kept.value.value - value) <= slack
    assert all(abs(cost - one) <= slack for cost, one in zip(costs, due, strict=True))


@given(MOVEMENTS)
def test_what_came_in_is_what_left_and_what_is_there(movements: list[Movement]) -> None:
    kept, came, left = shelf(), 0, 0
    for one in movements:
        if one.delta > 0:
            value = worth(one.cost, much(one.delta))
            change = kept.come(much(one.delta), value, one.method)
            assert 0 <= change <= value
            came += change
        else:
            left += kept.leave(much(-one.delta), one.method)
        assert came == left + kept.value.value
        assert sum(layer.value for layer in kept.layers) == kept.value.value
        there = max(0, kept.value.quantity)
        assert sum(layer.quantity for layer in kept.layers) == there
        assert all(layer.quantity > 0 and layer.value >= 0 for layer in kept.layers)
        numbers = [layer.number for layer in kept.layers]
        assert numbers == sorted(set(numbers))
        if not there:
            assert kept.value.value == 0
        if one.method == WAC:
            assert len(kept.layers) <= 1


@given(
    st.integers(1, 10**9), st.integers(0, 10**12),
    st.lists(st.tuples(st.integers(1, 10**9), st.booleans()), max_size=10),
)  # fmt: skip
def test_goods_come_back_at_the_cost_that_they_left_with(
    quantity: int, cost: int, moves: list[tuple[int, bool]]
) -> None:
    line = sent(LineCost(7, b"o" * 16, b"l" * 16, Quantity(0), 0), quantity, cost)
    returned = 0
    for much_, more in moves:
        if more:
            line, cost = sent(line, much_, much_ * 3), cost + much_ * 3
        else:
            line, value = back(line, much_)
            returned += value
        assert returned + line.value == cost
        assert line.quantity >= 0
    line, value = back(line, line.quantity)
    assert (line.quantity, line.value) == (0, 0)
    assert returned + value == cost


def test_first_in_is_first_out() -> None:
    kept = shelf()
    for count, cost in ((10, 2), (10, 3)):
        kept.come(much(count), worth(cost * ONE, much(count)), FIFO)
    assert kept.leave(much(15), FIFO) == 35 * ONE
    assert (kept.value.quantity, kept.value.value) == (much(5), 15 * ONE)


def test_the_average_is_what_leaves() -> None:
    kept = shelf()
    for count, cost in ((10, 2), (30, 4)):
        kept.come(much(count), worth(cost * ONE, much(count)), WAC)
    assert kept.leave(much(10), WAC) == 35 * ONE
    assert kept.value.value == 105 * ONE


@pytest.mark.parametrize("method", [WAC, FIFO])
def test_goods_that_left_before_they_came_are_no_longer_there(method: str) -> None:
    kept = shelf()
    assert kept.leave(much(4), method) == 0
    assert kept.come(much(3), 30 * ONE, method) == 0
    assert (kept.value.quantity, kept.layers) == (much(-1), ())
    assert kept.come(much(3), 30 * ONE, method) == 20 * ONE
    assert (kept.value.quantity, kept.value.value) == (much(2), 20 * ONE)


def test_another_method_begins_with_what_is_there() -> None:
    kept = shelf()
    kept.come(much(1), ONE, FIFO)
    kept.come(much(1), 3 * ONE, FIFO)
    assert kept.leave(much(1), WAC) == 2 * ONE
    kept.come(much(1), 5 * ONE, FIFO)
    assert kept.leave(much(1), FIFO) == 2 * ONE


def test_goods_of_one_cost_are_one_layer() -> None:
    kept = shelf()
    for _ in range(3):
        kept.come(much(2), 7 * ONE, FIFO)
    assert [(one.quantity, one.value) for one in kept.layers] == [(much(6), 21 * ONE)]


def test_a_shelf_is_worth_so_much_at_most() -> None:
    kept = shelf()
    for _ in range(3):
        kept.come(much(1), VALUE_MAX // 2 + 1, FIFO)
    assert kept.value.value == VALUE_MAX


def test_a_share_is_rounded_half_to_even() -> None:
    assert [share(value, 1, 2) for value in (1, 3, 5)] == [0, 2, 2]
    assert worth(12_345, Quantity(3_333)) == 4_115
