"""The words law: which status words of each dialect are true of which facets.

A dialect registers an axis of words for each of its statuses. A row of an axis is a word with the
facet values for which the word is true; a facet that the row does not name does not matter to the
word. The first value of each facet in a row is where the facet lands when the word is told and was
not true. Rows stand in order of preference; the preferred word is the first one that is true,
unless `preferred` narrows the row.

An order keeps the words that were told of it and are still true, as text. Every other word that it
shows follows from its facets, so that a changed row changes what orders show and nothing stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from entrepot.core.facets import Facets

Row = dict[str, tuple[str, ...]]


class Axis(NamedTuple):
    """A status of a dialect: its words, and what they mean beside their rows."""

    name: str  # the dialect, alone or before an underscore
    rows: dict[str, Row]
    # The facets for which a word is preferred, if they are fewer than those for which it is true.
    preferred: dict[str, Row] = {}  # noqa: RUF012 - never written to
    # The word of a deleted order of which nothing else was ever true.
    nothing_came: str | None = None
    # The word of a managed order that is rejected after its confirmation, told by the move itself.
    turned_down: str | None = None
    # The goods' progress that a word names, and how surely (see core.telling).
    goods: dict[str, tuple[int, str]] = {}  # noqa: RUF012 - as above
    # Words that speak of money or of calling off (see core.telling).
    aside: frozenset[str] = frozenset()
    # Whether the words of the axis say how far the order is.
    says_stage: bool = False

    @property
    def dialect(self) -> str:
        """The dialect whose words stand on this axis."""
        return self.name.partition("_")[0]

    def standing(self, word: str, facet: str) -> tuple[str, ...]:
        """The values of a facet for which the word is true, where the row names the facet."""
        return self.rows[word][facet]


AXES: dict[str, Axis] = {}


def register(*axes: Axis) -> None:
    """Let orders show these words, too. An axis of the same name is replaced."""
    AXES.update({axis.name: axis for axis in axes})
    for cached in _CACHED:
        cached.cache_clear()


def unregister(name: str) -> None:
    """Let orders show the words of this axis no longer."""
    del AXES[name]
    for cached in _CACHED:
        cached.cache_clear()


def spelled(told: Mapping[str, str]) -> str:
    """Told words as an order keeps them."""
    return " ".join([f"{axis}={word}" for axis, word in sorted(told.items())])


@lru_cache(maxsize=4096)
def heard(kept: str) -> Mapping[str, str]:
    """The word of each axis, from what an order keeps."""
    return {axis: word for axis, _, word in (pair.partition("=") for pair in kept.split())}


def turned_down() -> dict[str, str]:
    """The words that a managed order's rejection after its confirmation says by itself."""
    return {axis: known.turned_down for axis, known in AXES.items() if known.turned_down}


def is_true(axis: str, word: str, facets: Facets) -> bool:
    """Whether `word` is true of `facets` on this axis."""
    row = AXES[axis].rows.get(word)
    return row is not None and _holds(row, facets)


def _holds(row: Row, facets: Facets) -> bool:
    # A loop: a generator that `all` asks takes three times as long for a row's one or two facets.
    for facet, allowed in row.items():  # noqa: SIM110
        if getattr(facets, facet) not in allowed:
            return False
    return True


@lru_cache(maxsize=8192)
def preferred(axis: str, facets: Facets) -> str:
    """The first preferred word of the axis; every combination of facets has one (tested)."""
    table = AXES[axis]
    for word, row in table.rows.items():
        if _holds(table.preferred.get(word, row), facets):
            return word
    if facets.stage == "deleted" and table.nothing_came is not None:
        return table.nothing_came
    raise AssertionError(f"no {axis} word is true of {facets}")


@lru_cache(maxsize=1024)
def moved_by(axis: str, word: str, facets: Facets) -> Facets:
    """The facets after `word` was told: only those move that keep it from being true."""
    row = AXES[axis].rows[word]
    moves = {
        facet: allowed[0] for facet, allowed in row.items() if getattr(facets, facet) not in allowed
    }
    return facets._replace(**moves) if moves else facets


@lru_cache(maxsize=8192)
def shown(facets: Facets, told: str) -> Mapping[str, str]:
    """The word that an order shows on every axis: the one that was told while it is true, else the
    preferred one. `told` is what the order keeps.
    """
    known = heard(told)
    return {
        axis: known[axis] if _stays(axis, known, facets) else preferred(axis, facets)
        for axis in AXES
    }


def _stays(axis: str, known: Mapping[str, str], facets: Facets) -> bool:
    word = known.get(axis)
    return word is not None and is_true(axis, word, facets)


def nothing_came(facets: Facets, told: str) -> bool:
    """Whether a deleted order was called off: it says in some dialect that nothing came of it."""
    says = shown(facets, told)
    return any(says[axis] == table.nothing_came for axis, table in AXES.items())


def kept(facets: Facets, before: str, told: Mapping[str, str] | None = None) -> str:
    """The told words that an order keeps, of those told before and now: the true ones."""
    if not before and not told:
        return ""
    return _kept(facets, before, tuple(told.items()) if told else ())


@lru_cache(maxsize=4096)
def _kept(facets: Facets, before: str, told: tuple[tuple[str, str], ...]) -> str:
    known = {**heard(before), **dict(told)}
    return spelled({axis: known[axis] for axis in AXES if _stays(axis, known, facets)})


def after_move(
    before: Facets, after: Facets, told_before: str, told: Mapping[str, str] | None = None
) -> str:
    """The told words that an order keeps after these words, if any, moved it from `before` to
    `after`.

    A deleted order keeps every word that is still true of it, and no word is told of it any more.
    """
    if after.stage == "deleted":
        if before.stage == "deleted":
            return told_before
        last = after._replace(stage=before.stage)
        told = {**shown(last, kept(last, told_before, told)), **(told or {})}
    return kept(after, told_before, told)


_CACHED = (moved_by, preferred, shown, _kept)
