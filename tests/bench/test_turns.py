"""Two versions by turns: what is told of their loads."""

from __future__ import annotations

import pytest
from bench.ratios import interval
from bench.rows import Row
from bench.run import Options
from bench.turns import Compared, Load

from bench import turns_measures


def test_the_ratio_is_of_neighbours_and_its_interval_holds_the_median() -> None:
    slow_and_quick_minutes = [Load(1000.0, 500.0), Load(500.0, 1000.0), Load(2000.0, 250.0)]
    starts = [
        [(load, Load(load.rate * 0.9, load.processor / 0.9))] for load in slow_and_quick_minutes
    ]
    nine = "0.900 (0.900 to 0.900)"
    assert Compared("an order", "order", starts).told().splitlines() == [
        "an order, 3 starts of 1 pairs",
        f"  orders a second: {nine}, of 1,000 and 900",
        f"  orders a second of the processor: {nine}, of 500 and 556 microseconds an order",
    ]


def test_a_start_counts_once_however_many_pairs_it_has() -> None:
    def pair(ratio: float) -> tuple[Load, Load]:
        return Load(100.0, 10.0), Load(100.0 * ratio, 10.0 / ratio)

    lucky, others = [pair(1.3)] * 9, [[pair(0.9)], [pair(0.9)]]
    told = Compared("a page", "answer", [lucky, *others]).told()
    assert "answers a second: 0.900 (0.900 to 1.300)" in told


def test_the_interval_is_as_wide_as_the_ratios_scatter() -> None:
    low, high = interval([0.8, 0.9, 1.0, 1.1, 1.2] * 4)
    assert 0.85 <= low < 1.0 < high <= 1.15


def test_a_measure_is_taken_by_turns_and_less_of_a_footprint_is_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns: list[str] = []

    def turn(name: str, program: str, _: Options) -> list[Row]:
        turns.append(f"{name} {program}")
        twice = 2 if program == "new" else 1
        return [
            Row(what="a sale", engine="sqlite", role="all", rate=100.0 * twice, p50=8.0 * twice),
            Row(what="resident", rate=50.0 * twice, unit="MB"),
        ]

    monkeypatch.setattr(turns_measures, "_turn", turn)
    lines = turns_measures.compare("flash_sale", ("old", "new"), Options(), 2)
    assert turns == [f"flash_sale {one}" for one in ("old", "new", "new", "old")]
    assert lines == [
        "a sale, sqlite, all, 2 pairs",
        "  orders/s, new over old: 2.000 (2.000 to 2.000), of 100 and 200",
        "  ms p50, old over new: 0.500 (0.500 to 0.500), of 8 and 16",
        "resident, 2 pairs",
        "  MB, old over new: 0.500 (0.500 to 0.500), of 50 and 100",
    ]


def test_a_turn_that_failed_is_told_and_no_ratio_is_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = ["", "", "a connection broke", ""]  # of old, new, new, old

    def turn(_: str, program: str, __: Options) -> list[Row]:
        failed = faults.pop(0)
        rate = 1.0 if failed else {"old": 100.0, "new": 90.0}[program]
        return [Row(what="a sale", rate=rate, failed=failed)]

    monkeypatch.setattr(turns_measures, "_turn", turn)
    assert turns_measures.compare("flash_sale", ("old", "new"), Options(), 2) == [
        "a sale, 2 pairs",
        "  orders/s, new over old: 0.900 (0.900 to 0.900), of 100 and 90",
        "  FAILED: a connection broke",
    ]


@pytest.mark.parametrize("name", ["growth", "fast"])
def test_what_cannot_be_compared_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        turns_measures.compare(name, ("old", "new"), Options(), 1)
