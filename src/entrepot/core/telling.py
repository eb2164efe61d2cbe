"""The facets of a mirrored order, from the words that were told and not from the way there.

- The order remembers the last word that its sender told on each axis.
- A telling moves only those facets of which its words say something else than the words before
  them. Facets that another dialect moved meanwhile stay.
- Words speak of three matters: of money, of calling off, and of how far the order is. The order of
  tellings counts within a matter only, where the last word is the true one. `paid` and `open` are
  words of money as well, and take a refund back.

A managed order does not come here: the lifecycle says which moves its words may make.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from entrepot.core import words
from entrepot.core.facets import Facets
from entrepot.core.words import heard, spelled

Told = tuple[tuple[str, str], ...]

# How surely a word tells of the goods: that the sale is over, that the goods will be fetched, that
# they left the shop, or where they are. The surest word of a sender counts.
PLACE, HANDED_OVER, ANNOUNCED, CLOSED = 3, 2, 1, 0


def progress_of(rows: Mapping[str, words.Row], *aside: str) -> dict[str, tuple[int, str]]:
    """The progress of the goods that each word of an axis names, for words that name one."""
    return {
        word: (PLACE, row["fulfilment"][0])
        for word, row in rows.items()
        if "fulfilment" in row and word not in aside
    }


_WAS = ".was"
_MONEY_CAME = frozenset({"paid", "partially_refunded", "refunded", "disputed"})
_NOT_TO_SHIP = frozenset({"refunded", "disputed"})
_NOT_YET = ("placed", "draft")
_WAITS = ("unassigned", "accepted")


class Moved(NamedTuple):
    """The facets after a telling, and the words of the telling that were news."""

    facets: Facets
    changed: Told


def _aside(axis: str, word: str) -> bool:
    """Whether a word speaks of money or of calling off. The goods, and for money the stage, stay as
    they were; every other word says anew how far the order is.
    """
    known = words.AXES.get(axis)
    return known is not None and word in known.aside


def _staged(told: Mapping[str, str]) -> bool:
    """Whether these words say how far the order is. Else the rest implies it."""
    return any(axis in told for axis, known in words.AXES.items() if known.says_stage)


@lru_cache(maxsize=4096)
def remembered(kept: str, told: Told) -> str:
    """The told words that the order keeps after its sender has told these words as well.

    If a word speaks of another matter than the word before it, the word before it is kept too, as
    `axis.was`.
    """
    old = heard(kept)
    new = {**old, **dict(told)}
    for axis, word in told:
        was = old.get(axis)
        if not _aside(axis, word):
            new.pop(axis + _WAS, None)
        elif was is not None and not _aside(axis, was):
            new[axis + _WAS] = was
    return spelled(new)


@lru_cache(maxsize=4096)
def retold(before: Facets, told_before: str, kept: str, told: Told) -> Moved:
    """The order's own sender tells these words. `kept` is what it told last, `told_before` what
    anybody told that is still shown (both as words.spelled has them).
    """
    old = _of_sender(heard(kept), told)
    new = _of_sender(heard(remembered(kept, told)), told)
    changed = tuple((axis, word) for axis, word in told if old.get(axis) != word)
    shown = words.shown(before, told_before)
    if all(shown[axis] == word for axis, word in changed):
        # No word at all, or what the order shows already: what was read and is sent back.
        return Moved(before, changed)
    facets = _moved(before, changed)
    facets = facets._replace(fulfilment=_goods(before, facets, old, new))
    if facets.stage == "deleted":
        return Moved(facets, changed)
    told_here = _claim(new) is not None
    if not _staged(new):
        staged = facets._replace(stage=_stage(facets, told_before, goods_told=told_here))
        facets = staged if _still_true(changed, staged) else facets
    if not told_here and not _told_elsewhere(facets, told_before, new):
        implied = _implied(facets)
        facets = implied if _still_true(changed, implied) else facets
    return Moved(facets, changed)


def _of_sender(known: Mapping[str, str], told: Told) -> dict[str, str]:
    """The words of the dialect that tells now. An order may keep words of other senders too, and
    the surest word of one sender says nothing of another's.
    """
    dialects = {axis.partition("_")[0] for axis, _ in told}
    return {
        axis: word
        for axis, word in known.items()
        if axis.removesuffix(_WAS).partition("_")[0] in dialects
    }


def _still_true(told: Told, facets: Facets) -> bool:
    return all(words.is_true(axis, word, facets) for axis, word in told)


@lru_cache(maxsize=4096)
def told_besides(before: Facets, told_before: str, kept: str, told: Told) -> Facets:
    """Somebody else tells these words of a mirrored order whose sender last told `kept`."""
    facets = _moved(before, told)
    if facets == before or facets.stage == "deleted":
        return facets
    claims = {**heard(kept), **dict(told)}
    told_here = _claim(claims) is not None or _told_elsewhere(facets, told_before, claims)
    staged = _staged(_of_sender(claims, told))
    if facets.stage in _NOT_YET and not staged and _confirms(facets, told_here):
        facets = facets._replace(stage="confirmed")
    return facets if told_here else _implied(facets)


@lru_cache(maxsize=1024)
def first_told(told: Told) -> tuple[Facets, str, str]:
    """A mirrored order that is told of for the first time: its facets, the words that are true, and
    the last words of its sender.
    """
    facets = retold(Facets(), "", "", told).facets
    return facets, words.kept(facets, "", dict(told)), remembered("", told)


def _moved(facets: Facets, told: Told) -> Facets:
    for axis, word in told:
        facets = words.moved_by(axis, word, facets)
    return facets


def _claim(told: Mapping[str, str]) -> tuple[int, str] | None:
    """The surest that these words say of the goods."""
    levels = []
    for axis, word in told.items():
        counts = told.get(axis + _WAS, word) if _aside(axis, word) else word
        known = words.AXES.get(axis)
        if known is not None and counts in known.goods:
            levels.append(known.goods[counts])
    return max(levels, default=None)


def _goods(before: Facets, moved: Facets, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    was, now = _claim(old), _claim(new)
    if now is not None:
        return now[1] if now != was or moved.fulfilment != before.fulfilment else moved.fulfilment
    withdrawn = was is not None and moved.fulfilment == was[1]
    return "unassigned" if withdrawn else moved.fulfilment


def _confirms(facets: Facets, goods_told: bool) -> bool:
    if facets.payment in _MONEY_CAME or facets.returns != "none":
        return True
    return facets.fulfilment != "unassigned" and (goods_told or facets.fulfilment not in _WAITS)


def _stage(facets: Facets, told_before: str, *, goods_told: bool) -> str:
    if facets.stage not in (*_NOT_YET, "confirmed"):
        return facets.stage
    if _confirms(facets, goods_told):
        return "confirmed"
    stays = any(
        words.AXES[axis].says_stage and words.is_true(axis, word, facets)
        for axis, word in heard(told_before).items()
        if axis in words.AXES
    )
    return facets.stage if stays else "placed"


def _told_elsewhere(facets: Facets, told_before: str, own: Mapping[str, str]) -> bool:
    """Whether a word of another axis, told and still true, says where the goods are."""
    return any(
        axis not in own and word in words.AXES[axis].goods and words.is_true(axis, word, facets)
        for axis, word in heard(told_before).items()
        if axis in words.AXES
    )


def _implied(facets: Facets) -> Facets:
    """Without a word about the goods they wait, and are packed once the order is confirmed."""
    if facets.fulfilment not in _WAITS:
        return facets
    waits = facets.stage == "confirmed" and facets.payment not in _NOT_TO_SHIP
    return facets._replace(fulfilment="accepted" if waits else "unassigned")
