"""Every measure can be run alone, has a number of its own, and does not take others with it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from bench.__main__ import attempt
from bench.rows import Row
from bench.run import Options, Run

from bench import measures


@pytest.mark.parametrize("name", measures.NAMES)
def test_a_measure_has_a_number_and_something_to_run(name: str) -> None:
    module = measures.named(name)
    assert isinstance(module.NUMBER, int)
    assert callable(module.measure)


def test_no_two_measures_have_the_same_number() -> None:
    numbers = [measures.named(name).NUMBER for name in measures.NAMES]
    counted = [number for number in numbers if number]
    assert len(counted) == len(set(counted))


def test_a_name_that_is_none_is_told_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"no measure 'fast'; there are accepted, "):
        measures.named("fast")


def test_a_measure_that_breaks_is_a_row_and_the_rows_before_it_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(Options(), tmp_path)

    def breaks(run: Run) -> None:
        run.rows.append(Row(what="first", rate=1.0, at_least=1.0))
        raise RuntimeError("no server")

    def works(run: Run) -> None:
        run.rows.append(Row(what="second", rate=1.0))

    modules = {
        "one": SimpleNamespace(NUMBER=1, measure=breaks),
        "two": SimpleNamespace(NUMBER=2, measure=works),
    }
    monkeypatch.setattr(measures, "named", modules.__getitem__)
    for name in modules:
        attempt(run, name)
    told = [(row.number, row.measure, row.what, row.met, row.failed) for row in run.rows]
    assert told == [
        (1, "one", "first", True, ""),
        (1, "one", "the measure broke", None, "RuntimeError: no server"),
        (2, "two", "second", None, ""),
    ]
