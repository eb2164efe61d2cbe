"""The search of orders on books of 10 thousand, 1 million and (large) 10 million orders.

`growth` takes these rows on its own books, since filling them takes minutes. This measure fills the
books where `growth` has not run before it.
"""

from __future__ import annotations

from bench import growth
from bench.fill import fill
from bench.run import Run

NUMBER = growth.SEARCH


def measure(run: Run) -> None:
    """Every request that searches, on one engine after the other."""
    if any(row.number == NUMBER for row in run.rows):
        return
    for engine in run.options.engines:
        with growth.open_(run, engine, fill) as places:
            growth.searches(run, engine, places)
