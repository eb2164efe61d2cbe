"""All measures, in the order of the table. A measure is added with its module and its line here.

bench/run.py says what such a module holds.
"""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from bench.run import Run

NAMES = (
    "accepted",
    "accepted_postgres",
    "arrays",
    "confirmed",
    "slow_provider",
    "sdk_provider",
    "flash_sale",
    "floor",
    "lonely",
    "footprint",
    "overload",
    "hostile",
    # Last: PostgreSQL vacuums what it was filled with for minutes afterwards. `search` takes its
    # rows on the books of `growth` where both are measured.
    "growth",
    "search",
    "kinds",
)


class Measure(Protocol):
    """The module of a measure."""

    NUMBER: int

    def measure(self, run: Run) -> None:
        """Append rows to the run."""
        ...


def named(name: str) -> Measure:
    """The measure of that name. Raises ValueError, which names those that there are."""
    if name not in NAMES:
        raise ValueError(f"there is no measure {name!r}; there are {', '.join(NAMES)}")
    return cast("Measure", importlib.import_module(f"bench.{name}"))
