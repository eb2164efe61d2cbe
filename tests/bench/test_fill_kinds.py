"""A book with many rows of each kind is one that the product could have written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from bench.fill import Filled
from bench.fill_kinds import Pattern, UnknownChange, fill
from tests.conftest import ENGINES

from bench import book, reading_kinds
from entrepot.store import schema

ROWS = 120
KINDS = (
    "products", "buyers", "buyer_locations", "partnerships", "media", "bulk_jobs", "locations",
    "stock_levels", "shelf_values", "purchase_drafts", "webhook_deliveries", "contacts",
)  # fmt: skip


@pytest.fixture(scope="module", params=ENGINES)
def filled(
    request: pytest.FixtureRequest,
    fresh_database: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Filled:
    return fill(fresh_database(request.param), tmp_path_factory.mktemp("kinds"), ROWS)


def test_verify_finds_nothing_wrong_with_it(filled: Filled) -> None:
    filled.server().verify()


def test_it_has_as_many_of_each_kind_as_wanted_and_the_pattern_is_gone(filled: Filled) -> None:
    for table in KINDS:
        [(many,)] = book.rows(filled.url, f"SELECT count(*) FROM {table}")
        # The demo organization has some goods of its own.
        assert ROWS <= many < ROWS + 10, table
    taxa = book.rows(filled.url, "SELECT kind, count(*) FROM taxa GROUP BY kind")
    assert [many for _, many in taxa] == [ROWS] * 5
    found = book.rows(filled.url, "SELECT id, created_at FROM buyers ORDER BY id")
    times = [row[1] for row in found]
    assert times == sorted(times)
    assert times[-1] - times[0] > 300 * 86_400 * 10**6


def test_every_list_is_full_and_every_filter_finds_what_it_says(filled: Filled) -> None:
    with filled.server() as server:
        counts = {}
        for one in reading_kinds.every(filled, server):
            answer = httpx.get(server.url + one.paths[0], headers=one.headers, timeout=30)
            assert answer.status_code == 200, (one.name, answer.text)
            counts[one.name] = _rows(answer.json())
    for name, count in counts.items():
        if " page" in name:
            assert count >= 50, name
        if ", one " in name:
            assert count == 1, name


def _rows(said: Any) -> int:
    listed = said if isinstance(said, list) else said.get("data", said.get("result", []))
    return len(listed)


def test_a_change_of_which_nothing_is_told_stops_the_filling() -> None:
    before: dict[str, list[Any]] = {table: [] for table in schema.metadata.tables}
    hook = tuple(f"hook {column.name}" for column in schema.webhooks.columns)
    after = {name: list(rows) for name, rows in before.items()}
    before["webhooks"], after["webhooks"] = [hook], [(*hook[:-1], "later")]
    with pytest.raises(UnknownChange, match="has changed a row of webhooks"):
        Pattern(before, after, ROWS)
