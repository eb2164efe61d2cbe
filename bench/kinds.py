"""Growth of everything else than orders: lists of books with 10 thousand and 1 million rows of each
kind, and in a large run 10 million.

The books are filled as bench/fill_kinds.py says. Invoices, contacts, clicks and attributions come
with orders, and are in the books of `growth`.
"""

from __future__ import annotations

from bench import growth, reading_kinds
from bench.fill_kinds import fill
from bench.run import Run

NUMBER = 13


def measure(run: Run) -> None:
    """Every request that reads, on one engine after the other."""
    for engine in run.options.engines:
        first = len(run.rows)
        with growth.open_(run, engine, fill) as places:
            growth.reads(run, engine, places, reading_kinds.every)
            growth.closed(run, "kinds", NUMBER, engine, places, first)
