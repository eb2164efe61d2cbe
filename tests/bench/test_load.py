"""The load generator is told how many to send, and the bench says what was lost."""

import os
import sys
from pathlib import Path

import pytest
from bench.requests import NOBODY, synq

from bench import process, wrk
from entrepot.testing.server import eventually

BUYERS = 50

# In place of wrk: it writes the figures it was given when it is told to end, as wrk does.
FAKE = """
import pathlib, signal, sys
figures, lua = sys.argv[1], pathlib.Path(sys.argv[-2])
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
lua.with_suffix(".begun").touch()
signal.sigwait({signal.SIGINT})
lua.with_suffix(".json").write_text(figures)
"""


def figures(answered: int, refused: int = 0) -> str:
    return (
        f'{{"requests": {answered}, "microseconds": 1000000, "p50": 1000, "p99": 2000, '
        f'"refused": {refused}, "broken": 0, "late": 0}}'
    )


def sent(told: str, arrived: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> wrk.Load:
    monkeypatch.setattr(wrk, "_command", lambda *_: [sys.executable, "-c", FAKE, told])
    monkeypatch.setattr(wrk, "STALLED_SECONDS", 0.05)
    monkeypatch.setattr(wrk, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(wrk, "LAST_SECONDS", 0.0)

    def count() -> int:
        eventually(lambda: list(folder.glob("*.begun")), "the generator has begun")
        return arrived

    return wrk.send(synq(NOBODY), "", 8, BUYERS, count, folder)


def test_the_script_stops_after_as_many_as_are_wanted(tmp_path: Path) -> None:
    assert f"sent > {BUYERS} and" in wrk.script(synq(NOBODY), tmp_path / "out", BUYERS)
    assert "delay" not in wrk.script(synq(NOBODY), tmp_path / "out")


@pytest.mark.parametrize(
    ("answered", "refused", "arrived", "failed"),
    [
        (BUYERS, 0, BUYERS, ""),
        (BUYERS, 3, BUYERS, "3 answers were not 2xx"),
        (BUYERS, 0, BUYERS - 1, f"{BUYERS - 1} of {BUYERS} requests arrived"),
        (BUYERS, 0, BUYERS + 1, f"{BUYERS + 1} of {BUYERS} requests arrived"),
        (BUYERS - 1, 0, BUYERS, f"{BUYERS - 1} of {BUYERS} requests were answered"),
    ],
)
def test_what_was_lost_is_told(
    answered: int,
    refused: int,
    arrived: int,
    failed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    load = sent(figures(answered, refused), arrived, tmp_path, monkeypatch)
    assert (load.failed, load.p50, load.p99) == (failed, 1.0, 2.0)


def test_a_process_tells_what_it_uses(tmp_path: Path) -> None:
    held, here = tmp_path / "held", os.getpid()
    with held.open("w"), held.open():
        assert process.open_files(here, held) == 2
    assert process.open_files(here, held) == 0
    assert 0 < process.memory(here) <= process.most_memory(here)
    before = process.processor_seconds(here)
    eventually(lambda: process.processor_seconds(here) > before, "processor time goes on")
    assert process.tree(here)[0] == here
