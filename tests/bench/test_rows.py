"""A figure that must not be believed is marked, and a ratio is of one run."""

import time
from pathlib import Path

import pytest
from bench.requests import NOBODY, Request, synq
from bench.rows import EMPTY, Result, Row
from bench.run import WARM_UP_SECONDS, Options, Run
from bench.yardstick import RECENT_SECONDS, Yardstick

from bench import accepted, empty, report, rows, wrk


def row(**changes: object) -> Row:
    told = {
        "measure": "accepted",
        "what": "Synq | two lines",
        "engine": "sqlite",
        "role": "api",
        "concurrency": 32,
        "rate": 3000.0,
        "p50": 9.5,
        "p99": 21.25,
    }
    return Row(**(told | changes))  # type: ignore[arg-type]


def test_orders_acknowledged_and_not_in_the_book_are_told_and_orders_too_many() -> None:
    load = wrk.Load(requests=10, seconds=1.0, p50=1.0, p99=2.0)
    request = synq(NOBODY)
    assert accepted.miscounted(load, request, 10, 2) == ""
    assert accepted.miscounted(load, request, 12, 2) == ""
    for kept in (9, 13):
        told = accepted.miscounted(load, request, kept, 2)
        assert told == f"10 orders were acknowledged, the book holds {kept}"


def test_rows_are_judged_by_the_mean_of_the_empty_runs_around_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = iter([20_000, 10_000, 8_000, 7_000])

    def load(request: Request, url: str, concurrency: int, seconds: int, folder: Path) -> wrk.Load:
        counts = seconds not in WARM_UP_SECONDS
        return wrk.Load(next(answered) if counts else 1, 1.0, p50=1.0, p99=2.0)

    monkeypatch.setattr(wrk, "run", load)
    run = Run(Options(concurrency=(32,)), tmp_path)
    with run.judged():
        run.rows += [row(of=EMPTY), row(concurrency=1), row(ratio=1.5, of="another")]
    with run.judged():
        run.rows.append(row(rate=3_750.0))
    assert [one.of_empty for one in run.rows] == [3000 / 9000, None, 3000 / 9000, 0.5]
    assert [one.ratio for one in run.rows] == [3000 / 9000, None, 1.5, None]
    typed, lean, *_ = run.finish()
    assert (typed.rate, typed.note) == (25_000 / 3, "mean of 3 runs, 7,000 to 10,000")
    assert (lean.rate, lean.concurrency) == (20_000.0, 32)


def test_an_old_yardstick_is_measured_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, asked = [0.0], []

    def load(request: Request, concurrency: int) -> wrk.Load:
        asked.append((request.path == empty.LEAN, concurrency))
        return wrk.Load(len(asked), 1.0, p50=1.0, p99=2.0)

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    yardstick = Yardstick(load)
    assert yardstick.recent((1, 32))[32].rate == 4
    assert asked == [(True, 1), (True, 32), (False, 1), (False, 32)]
    clock[0] = RECENT_SECONDS
    assert yardstick.recent((32,))[32].rate == 4
    clock[0] = RECENT_SECONDS + 1
    assert yardstick.recent((32,))[32].rate == 5


@pytest.mark.parametrize(
    ("told", "met"),
    [
        ({"ratio": 0.45, "at_least": 0.45}, True),
        ({"ratio": 0.449, "at_least": 0.45}, False),
        ({"ratio": 2.5, "at_most": 2.5}, True),
        ({"ratio": 2.51, "at_most": 2.5}, False),
        ({"rate": 1.5, "at_most": 1.5}, True),
        ({"rate": 1.51, "at_most": 1.5}, False),
        ({"ratio": 0.9, "at_least": 0.45, "failed": "3 answers were not 2xx"}, False),
        ({"of": EMPTY, "at_least": 0.45}, False),
        ({"ratio": 0.9}, None),
    ],
)
def test_a_target_is_held_against_the_ratio_or_the_figure(
    told: dict[str, object], met: bool | None
) -> None:
    one = row(**told)
    one.judge()
    assert one.met is met


def test_a_row_says_its_target_and_whether_it_is_met() -> None:
    one = row(number=10, rate=2_600.0, unit="B", workers=1, at_most=2_500.0)
    one.judge()
    told = dict(zip(report.HEADINGS, report.cells(one), strict=True))
    assert (told["#"], told["rate"], told["target"]) == ("10", "2,600 B", "at most 2,500")
    assert (told["met"], told["ratio"]) == ("NO", "")
    assert report.colour(one) == "yellow"


def test_a_run_lasts_long_enough_for_slow_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasted: list[int] = []

    def load(request: Request, url: str, concurrency: int, seconds: int, folder: Path) -> wrk.Load:
        lasted.append(seconds)
        nothing = seconds < 4
        return wrk.Load(0 if nothing else 9, 1.0, 3_000.0, 1.0, wrk.NOTHING if nothing else "")

    monkeypatch.setattr(wrk, "run", load)
    run = Run(Options(), tmp_path)
    warm = run.warm_up(synq(NOBODY), "", 32)
    assert run.load(synq(NOBODY), "", 32, warm, 5).failed == ""
    assert lasted == [1, 4, 15]
    broken = wrk.Load(1, 1.0, 1.0, 1.0, "2 connections broke")
    assert run.load(synq(NOBODY), "", 32, broken, 5) is broken


def test_a_failed_row_says_so_in_both_tables(capsys: pytest.CaptureFixture[str]) -> None:
    result = Result({"cores": "2"}, {}, [row(failed="3 answers were not 2xx")])
    report.print_table(result)
    assert "FAILED" in capsys.readouterr().out
    assert "FAILED: 3 answers were not 2xx" in report.markdown(result)


def test_a_saved_run_is_read_back_whole(tmp_path: Path) -> None:
    result = Result({"cores": "2"}, {"each run": "5 s"}, [row(of_empty=0.4, note="n")])
    result.save(tmp_path / "new" / "bench.json")
    assert rows.load(tmp_path / "new" / "bench.json") == result


def test_the_table_of_the_document_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    report.put_into(document, report.markdown(Result({}, {}, [row()])))
    text = document.read_text()
    assert text.startswith(f"before\n{report.BEGIN}\n")
    assert text.endswith(f"{report.END}\nafter\n")
    assert "old" not in text
    assert "| accepted | Synq \\| two lines | sqlite | api |  | 32 | 3,000 orders/s |" in text
    (tmp_path / "plain.md").write_text("no marks")
    with pytest.raises(ValueError, match="has no"):
        report.put_into(tmp_path / "plain.md", "x")
