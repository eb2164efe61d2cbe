"""What Entrepot is held against does the work that it is said to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.floor import Against, Bare
from bench.rows import Row
from bench.run import Options, Run

from bench import book
from entrepot.testing.postgres import Postgres

_COUNTS = """
SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM order_lines),
       (SELECT count(*) FROM order_events)
"""


class _Run(Run):
    """One with a PostgreSQL of the tests' own, and no other server."""

    def __init__(self, folder: Path, postgres: Postgres) -> None:
        super().__init__(Options(seconds=1), folder)
        self._postgres = postgres


def test_each_transaction_of_the_bare_database_is_a_whole_order(
    tmp_path: Path, postgres: Postgres
) -> None:
    run = _Run(tmp_path, postgres)
    bare = Bare(run)
    with bare.around("two rows", "\\set first 1\n\\set second 2\n"):
        pass
    assert [row.what for row in run.rows] == [
        f"pgbench, two rows, {x}" for x in ("before", "after")
    ]
    assert all(row.rate > 0 for row in run.rows)
    url = f"postgresql://postgres@127.0.0.1:{postgres.port}/{bare.name}"
    [(orders, lines, events)] = book.rows(url, _COUNTS)
    assert orders > 0
    assert (lines, events) == (2 * orders, orders)
    assert book.rows(url, "SELECT reserved FROM stock WHERE reserved > 0") == [(2 * orders,)] * 2


def test_a_row_is_held_against_the_mean_of_before_and_after() -> None:
    against = Against("two rows")
    against.rates = [1_000.0, 2_000.0]
    row = Row(what="x", rate=3_000.0, note="n")
    against.judge(row)
    assert row.ratio == pytest.approx(2.0)
    assert row.note == "n; pgbench before and after: 1,000, 2,000"
