"""Two versions by turns: what is told of their loads."""

from __future__ import annotations

from bench.turns import Compared, Load, interval


def test_the_ratio_is_of_neighbours_and_its_interval_holds_the_median() -> None:
    slow_and_quick_minutes = [Load(1000.0, 500.0), Load(500.0, 1000.0), Load(2000.0, 250.0)]
    tenth_less = [Load(load.rate * 0.9, load.processor / 0.9) for load in slow_and_quick_minutes]
    told = Compared("an order", slow_and_quick_minutes, tenth_less).told()
    nine = "0.900 (0.900 to 0.900)"
    assert told.splitlines() == [
        "an order, 3 pairs",
        f"  orders a second: {nine}, of 1,000 and 900",
        f"  orders a second of the processor: {nine}, of 500 and 556 microseconds an order",
    ]


def test_the_interval_is_as_wide_as_the_ratios_scatter() -> None:
    low, high = interval([0.8, 0.9, 1.0, 1.1, 1.2] * 4)
    assert 0.85 <= low < 1.0 < high <= 1.15
