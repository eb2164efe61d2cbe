"""The open load: a timetable that no answer moves, and what counts as a fault of the server."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from bench.requests import NOBODY, synq

from bench import overload

FINE = overload.Seen(10, 1.0, 2.0, 30, 1.0, 2.0, 12, 0, 0, 0)


def test_refusals_are_no_fault_and_all_else_is() -> None:
    assert FINE.failed == ""
    for name in ("broken", "silent", "cut"):
        assert dataclasses.replace(FINE, **{name: 3}).failed.startswith("3 ")


def test_every_request_of_the_timetable_has_a_key_and_an_id_of_its_own(tmp_path: Path) -> None:
    text = overload.script(synq(NOBODY), tmp_path / "out.json", 2500.0, 10)
    assert "2500.0" in text
    assert "X-Request-Id: slot-%08d" in text
    assert f"{overload.WARM_SECONDS}, {overload.WARM_SECONDS + 10}" in text
    assert text.count("@KEY@") == 0
