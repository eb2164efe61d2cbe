"""Requests of one client that go to several books by turns."""

from __future__ import annotations

from email.message import Message

import pytest
from bench.reading import Reading
from tests.local_http import LocalHttp

from bench import one_by_one


def test_each_request_goes_to_every_book_one_right_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(one_by_one, "WARM", 2)
    monkeypatch.setattr(one_by_one, "ROUNDS", 4)
    asked: list[tuple[str, str]] = []

    def book(name: str) -> LocalHttp:
        def answer(path: str, headers: Message) -> tuple[int, bytes, dict[str, str]]:
            asked.append((name, path))
            return (200 if headers["X-Key"] == name else 401), b"{}", {}

        return LocalHttp(answer)

    with book("small") as small, book("large") as large:
        same = [Reading("a list", {"X-Key": name}, ("/a", "/b")) for name in ("small", "large")]
        taken = one_by_one.milliseconds([small.url, large.url], same)
        with pytest.raises(one_by_one.Refused, match="/a was answered with 401"):
            one_by_one.milliseconds([large.url], same[:1])
    assert len(taken) == 2
    assert all(one > 0 for one in taken)
    rounds = 6
    for number in range(rounds):
        path = "ab"[number % 2]
        pair = asked[2 * number : 2 * number + 2]
        assert sorted(pair) == [("large", f"/{path}"), ("small", f"/{path}")]
    # Neither book is always asked first.
    assert {asked[2 * number][0] for number in range(rounds)} == {"small", "large"}
