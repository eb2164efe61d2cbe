"""Tellings of every dialect, and what comes of them: for the tests of words."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from tests.core.book import Book

from entrepot.core import telling, words
from entrepot.core.facets import Facets
from entrepot.core.order import Order

Told = tuple[tuple[str, str], ...]
Stand = tuple[Facets, str, str]


def pairs(one: str, other: str) -> list[Told]:
    """Every telling of a dialect with two axes: a word of each, or of one, or of none."""
    rows = itertools.product([None, *words.AXES[one].rows], [None, *words.AXES[other].rows])
    return [
        tuple((axis, word) for axis, word in zip((one, other), row, strict=True) if word)
        for row in rows
    ]


# As their readers tell them: the shipment before the status, the phase before it.
KONVO = pairs("konvo_shipment", "konvo")
POLINATE = pairs("polinate_phase", "polinate_status")
SOURCE = [told for told in POLINATE if len(told) == 2]  # an order source tells both
SYNQ: list[Told] = [(("synq", word),) for word in words.AXES["synq"].rows]
# Words that say how far the order is; the others speak of money, or call it off.
ROAD = ("open", "paid", "shipped", "fulfilled", "completed")


def konvo(status: str | None = None, shipment: str | None = None) -> Told:
    told = (("konvo_shipment", shipment), ("konvo", status))
    return tuple((axis, word) for axis, word in told if word)


def retold(stand: Stand, told: Told) -> Stand:
    facets, told_before, kept = stand
    after, changed = telling.retold(facets, told_before, kept, told)
    return (
        after,
        words.after_move(facets, after, told_before, dict(changed)),
        telling.remembered(kept, told),
    )


def besides(stand: Stand, told: Told) -> Stand:
    facets, told_before, kept = stand
    after = telling.told_besides(facets, told_before, kept, told)
    return after, words.after_move(facets, after, told_before, dict(told)), kept


def says(stand: Stand) -> Mapping[str, str]:
    """The word that is shown on each axis."""
    return words.shown(*stand[:2])


def view(stand: Stand) -> tuple[str, str, str, str]:
    shown = says(stand)
    return shown["synq"], shown["polinate_phase"], shown["polinate_status"], shown["konvo"]


def reached(
    first: Iterable[Told], own: Iterable[Told], others: Iterable[Told], depth: int
) -> set[Stand]:
    """Every stand after a first telling and up to `depth` more, by its sender and by others."""
    own, others = list(own), list(others)
    seen: set[Stand] = set()
    new = {telling.first_told(told) for told in first}
    for _ in range(depth):
        seen |= new
        going = [stand for stand in new if stand[0].stage != "deleted"]
        new = {retold(stand, told) for stand in going for told in own}
        new |= {besides(stand, told) for stand in going for told in others}
        new -= seen
    return seen | new


def moved(*tellings: Told) -> Order:
    """The order after these tellings of one sender."""
    book = Book()
    for told in tellings:
        book.mirrored(*told)
    [order] = book.facts.orders.values()
    return order
