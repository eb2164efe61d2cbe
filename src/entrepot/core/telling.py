"""Where the words that were told put a mirrored order: by what was told, not by the way there.

The order remembers the last word that its sender told on each axis. A telling moves only what its
changed words say otherwise than the words before them; whatever another dialect moved meanwhile
stays. A word of the money, one that calls off, and one that says how far the order is are of three
matters: the order of tellings counts within a matter only, where the last word is the true one.
`paid` and `open` are of the money as well, and take a refund back. A managed order does not come
here: the lifecycle says where its words may bring it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from entrepot.core import words
from entrepot.core.facets import Facets
from entrepot.core.words import Words

Told = tuple[tuple[str, str], ...]

_PLACE, _HANDED_OVER, _ANNOUNCED, _CLOSED = 3, 2, 1, 0


def _places(axis: str, *aside: str) -> dict[str, tuple[int, str]]:
    return {
        word: (_PLACE, row["fulfilment"][0])
        for word, row in words.AXES[axis].items()
        if "fulfilment" in row and word not in aside
    }


# What a word says of the goods, and how surely: where they are, that they left the shop, that they
# will be fetched, that the sale is over. The surest word of a sender counts.
GOODS: dict[str, dict[str, tuple[int, str]]] = {
    "synq": _places("synq"),
    "polinate_status": _places("polinate_status"),
    "konvo": {
        "shipped": (_HANDED_OVER, "in_transit"),
        "fulfilled": (_HANDED_OVER, "in_transit"),
        "completed": (_CLOSED, "delivered"),
    },
    "konvo_shipment": _places("konvo_shipment", "none") | {"confirmed": (_ANNOUNCED, "accepted")},
}
# Words that speak of money or of calling off. The goods, and for money the stage, stay as they
# were; every other word says anew how far the order is, and `paid` and `open` what is paid.
ASIDE = frozenset({"cancelled", "refunded", "partially_refunded", "disputed"})
_WAS = ".was"
# The axis that says in so many words whether the order is confirmed. Else the rest implies it.
_STAGED = "polinate_phase"
_MONEY_CAME = frozenset({"paid", "partially_refunded", "refunded", "disputed"})
_NOT_TO_SHIP = frozenset({"refunded", "disputed"})
_NOT_YET = ("placed", "draft")
_WAITS = ("unassigned", "accepted")


class Moved(NamedTuple):
    """Where a telling puts the order, and which of its words were news."""

    facets: Facets
    changed: Told


def spelled(told: Mapping[str, str]) -> str:
    """Told words as an order keeps them."""
    return " ".join(f"{axis}={word}" for axis, word in sorted(told.items()))


@lru_cache(maxsize=4096)
def remembered(kept: str, told: Told) -> str:
    """What the order keeps once its sender has told these words as well.

    Beside a word that speaks of something else, the word before it stands as `axis.was`.
    """
    old = heard(kept)
    new = {**old, **dict(told)}
    for axis, word in told:
        was = old.get(axis)
        if word not in ASIDE:
            new.pop(axis + _WAS, None)
        elif was is not None and was not in ASIDE:
            new[axis + _WAS] = was
    return spelled(new)


@lru_cache(maxsize=1024)
def heard(kept: str) -> Mapping[str, str]:
    """The last word that the sender told on each axis, from what the order keeps."""
    return {axis: word for axis, _, word in (pair.partition("=") for pair in kept.split())}


@lru_cache(maxsize=4096)
def retold(before: Facets, shown: Words, kept: str, told: Told) -> Moved:
    """The order's own sender tells these words; `kept` is what it told last (see `spelled`)."""
    old = heard(kept)
    new = heard(remembered(kept, told))
    changed = tuple((axis, word) for axis, word in told if old.get(axis) != word)
    if all(getattr(shown, axis) == word for axis, word in changed):
        # No word at all, or what the order shows already: what was read and is sent back.
        return Moved(before, changed)
    facets = _moved(before, changed)
    facets = facets._replace(fulfilment=_goods(before, facets, old, new))
    if facets.stage == "deleted":
        return Moved(facets, changed)
    told_here = _claim(new) is not None
    if _STAGED not in new:
        staged = facets._replace(stage=_stage(facets, shown, goods_told=told_here))
        facets = staged if _still_true(changed, staged) else facets
    if not told_here and not _told_elsewhere(facets, shown, new):
        implied = _implied(facets)
        facets = implied if _still_true(changed, implied) else facets
    return Moved(facets, changed)


def _still_true(told: Told, facets: Facets) -> bool:
    return all(words.is_true(axis, word, facets) for axis, word in told)


@lru_cache(maxsize=4096)
def told_besides(before: Facets, shown: Words, kept: str, told: Told) -> Facets:
    """Somebody else tells these words of a mirrored order whose sender last told `kept`."""
    facets = _moved(before, told)
    if facets == before or facets.stage == "deleted":
        return facets
    claims = {**heard(kept), **dict(told)}
    told_here = _claim(claims) is not None or _told_elsewhere(facets, shown, claims)
    if facets.stage in _NOT_YET and _STAGED not in claims and _confirms(facets, told_here):
        facets = facets._replace(stage="confirmed")
    return facets if told_here else _implied(facets)


@lru_cache(maxsize=1024)
def first_told(told: Told) -> tuple[Facets, Words, str]:
    """Where a mirrored order stands when it is first told of, its words, and what it keeps."""
    nothing = Facets()
    facets = retold(nothing, words.fresh(nothing), "", told).facets
    return facets, words.shown(facets, words.fresh(facets), dict(told)), remembered("", told)


def _moved(facets: Facets, told: Told) -> Facets:
    for axis, word in told:
        facets = words.moved_by(axis, word, facets)
    return facets


def _claim(told: Mapping[str, str]) -> tuple[int, str] | None:
    """The surest that these words say of the goods."""
    said = []
    for axis, word in told.items():
        counts = told.get(axis + _WAS, word) if word in ASIDE else word
        if counts in GOODS.get(axis, {}):
            said.append(GOODS[axis][counts])
    return max(said, default=None)


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


def _stage(facets: Facets, shown: Words, *, goods_told: bool) -> str:
    if facets.stage not in (*_NOT_YET, "confirmed"):
        return facets.stage
    if _confirms(facets, goods_told):
        return "confirmed"
    stays = words.is_told(_STAGED, shown) and words.is_true(_STAGED, shown.polinate_phase, facets)
    return facets.stage if stays else "placed"


def _told_elsewhere(facets: Facets, shown: Words, own: Mapping[str, str]) -> bool:
    """Whether a word of another axis, told and still true, says where the goods are."""
    return any(
        axis not in own
        and words.is_told(axis, shown)
        and getattr(shown, axis) in GOODS[axis]
        and words.is_true(axis, getattr(shown, axis), facets)
        for axis in GOODS
    )


def _implied(facets: Facets) -> Facets:
    """Nobody has said where the goods are: they wait to be packed once the order is confirmed."""
    if facets.fulfilment not in _WAITS:
        return facets
    waits = facets.stage == "confirmed" and facets.payment not in _NOT_TO_SHIP
    return facets._replace(fulfilment="accepted" if waits else "unassigned")
