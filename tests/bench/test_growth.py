"""Growth is timed when a book's pages are in memory, and a row says so only then."""

from __future__ import annotations

from typing import Any

import pytest
from bench.growth import IN_MEMORY, Taken, Warm
from bench.wrk import Load

from bench import growth

LOAD = Load(1_000, 1.0, 2.0, 3.0)
COLD, WARM = 8 * IN_MEMORY * LOAD.requests, 0


def warmed(monkeypatch: pytest.MonkeyPatch, *fetched: int) -> tuple[Warm, int]:
    """The result of windows that fetch these bytes, the last for ever; and how many windows there
    were.
    """
    windows, now = list(fetched), [0.0]

    def taken(_place: Any, _load: Any, seconds: int) -> Taken:
        now[0] += seconds
        return Taken(LOAD, 0.0, windows.pop(0) if len(windows) > 1 else windows[0])

    monkeypatch.setattr(growth, "_taken", taken)
    monkeypatch.setattr(growth, "_rest", lambda _place: None)
    monkeypatch.setattr(growth.time, "monotonic", lambda: now[0])
    place: Any = None
    found = growth._warm(place, lambda **_: LOAD, 2)
    return found, round(now[0]) // growth.WINDOW_SECONDS


def test_a_book_in_memory_is_timed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert warmed(monkeypatch, WARM) == (Warm(2, ""), 1)


def test_one_on_the_disk_is_read_until_it_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    found, windows = warmed(monkeypatch, COLD, COLD, WARM)
    assert windows == 3
    assert found.began == "; warm after 6 s, at first 1,000/s and 2 KiB of the disk each"


def test_who_gives_up_does_not_say_warm(monkeypatch: pytest.MonkeyPatch) -> None:
    found, windows = warmed(monkeypatch, COLD)
    assert windows * growth.WINDOW_SECONDS < growth.WARM_WITHIN + 2 * growth.WINDOW_SECONDS
    assert found.began.startswith("; still not in memory after")
