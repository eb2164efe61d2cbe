"""A measure of the bench by turns: on one version's server, then on the other's, many times.

The measure itself is this folder's for both versions. It starts servers by the command line of the
version that is its turn, so that only what a server does is compared. Each turn has books of its
own, which are verified by the version that wrote them. The empty handlers are left out, because the
other version is the yardstick.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import measures
from bench.ratios import spread
from bench.rows import Row
from bench.run import Options, Run, say

FAILED = "FAILED:"
# A lower figure in these units is a better figure.
_LESS = frozenset({"s", "B", "MB"})
# Measures of which a part is of this version alone: books that are filled by its schema, and a
# simulator of its own.
_OWN = frozenset({"growth", "search", "kinds", "sdk_provider"})


class _Turn(Run):
    """A run of which no row is held against the empty handlers."""

    @contextmanager
    def judged(self, *_: int) -> Iterator[None]:
        """Only the block."""
        yield


def compare(name: str, programs: tuple[str, str], options: Options, pairs: int) -> list[str]:
    """Lines on each figure of a measure: new over old, or old over new where less is better.

    `programs` are the old `entrepot` and the new one. A row that failed is told, and no ratio is of
    it. Raises ValueError for a name that no measure has, and for a measure of one version alone.
    """
    measures.named(name)
    if name in _OWN:
        raise ValueError(f"{name} is not measured by turns: a part of it is of one version alone")
    found: tuple[list[list[Row]], list[list[Row]]] = ([], [])
    for pair in range(pairs):
        # The one that goes first is another one from pair to pair.
        for which in (0, 1) if pair % 2 == 0 else (1, 0):
            say(f"{name}: pair {pair + 1} of {pairs}, {'old' if which == 0 else 'new'}")
            found[which].append(_turn(name, programs[which], options))
    old, new = (list(zip(*turns, strict=True)) for turns in found)
    return [line for rows in zip(old, new, strict=True) for line in _told(*rows)]


def _turn(name: str, program: str, options: Options) -> list[Row]:
    place = Path("var/bench")
    place.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(dir=place) as folder,
        _Turn(options, Path(folder), program=program) as run,
    ):
        measures.named(name).measure(run)
        return run.rows


def _told(old: tuple[Row, ...], new: tuple[Row, ...]) -> list[str]:
    """The figure of one row, turn by turn; and its p50, where it has one."""
    first = new[0]
    failed = [f"  {FAILED} {row.failed}" for row in (*old, *new) if row.failed]
    sound = [pair for pair in zip(old, new, strict=True) if not any(row.failed for row in pair)]
    named = [first.what, first.engine, first.role, f"{len(new)} pairs"]
    told = [", ".join(part for part in named if part)]
    told.append(_figure(first.unit, [(was.rate, now.rate) for was, now in sound]))
    if first.p50:
        told.append(_figure("ms p50", [(was.p50, now.p50) for was, now in sound]))
    return told + failed


def _figure(unit: str, pairs: list[tuple[float, float]]) -> str:
    less = unit in _LESS or unit.startswith("ms")
    ratios = [was / now if less else now / was for was, now in pairs if was and now]
    if not ratios:
        return f"  {unit}: no figure"
    better = "old over new" if less else "new over old"
    was, now = (median(figures) for figures in zip(*pairs, strict=True))
    return f"  {unit}, {better}: {spread(ratios)}, of {was:,.4g} and {now:,.4g}"
