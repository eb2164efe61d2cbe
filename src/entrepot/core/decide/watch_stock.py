"""Noticing that stock is low, from the organization's log, after the orders that took it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.kinds import Shelf
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.quantity import NONE, ONE, Quantity, json_number, whole
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, WatchResult
from entrepot.core.stock_settings import (
    LOW_STOCK,
    PURCHASE_DRAFTS,
    STOCK_SETTINGS,
    LowStock,
    PurchaseDraft,
    StockSettings,
)

_SOURCE = "pipeline"
# The numbers of the events of a low shelf, and of a draft.
_BEGAN, _ENDED = 1, 2


class WatchStock(NamedTuple):
    """Pipeline: look at the shelves that events `after`, up to `reached`, may have moved."""

    org: int
    after: int
    reached: int
    shelves: tuple[tuple[bytes, bytes], ...]  # variant, location


def wants(command: WatchStock, needs: Needs) -> None:
    """The settings, and of each shelf its variant, its level, whether it is low, and its draft."""
    needs.of(STOCK_SETTINGS).add((command.org,))
    needs.variants.update((command.org, variant_id) for variant_id, _ in command.shelves)
    shelves = {(command.org, *shelf) for shelf in command.shelves}
    needs.shelves |= shelves
    needs.of(LOW_STOCK).update(shelves)
    needs.of(PURCHASE_DRAFTS).update(shelves)


def watch(command: WatchStock, facts: Facts) -> Decision:
    """Tell of each shelf that became low, or low no longer, and go on behind `reached`.

    Refused: a watch that somebody else has taken further.
    """
    changes = Changes(facts)
    settings = changes.of(STOCK_SETTINGS).get((command.org,))
    if settings is None or settings.watched != command.after:
        raise refuse(Reason.STALE_LEASE)
    changes.of(STOCK_SETTINGS).put(settings._replace(watched=command.reached))
    low = 0
    for variant_id, location_id in command.shelves:
        low += _look((command.org, variant_id, location_id), settings, facts, changes)
    return Decision(changes, WatchResult(low))


def _look(shelf: Shelf, settings: StockSettings, facts: Facts, changes: Changes) -> bool:
    """Whether the shelf became low. One of a deleted variant is not, whatever is on it: nobody buys
    the variant any more.
    """
    level = facts.levels.get(shelf)
    free = Quantity(level.on_hand - level.reserved) if level else NONE
    known = changes.of(LOW_STOCK).get(shelf)
    variant = facts.variants.get(shelf[:2])
    is_sold = level is not None and variant is not None and variant.deleted_at is None
    is_low = is_sold and free <= whole(settings.low_stock_threshold)
    if not is_low:
        if known is not None:
            _ends(shelf, known, free, facts, changes)
        return False
    if known is None:
        _begins(shelf, free, settings, facts, changes)
    if settings.auto_po:
        _draft(shelf, free, settings, facts, changes)
    return known is None


def _begins(
    shelf: Shelf, free: Quantity, settings: StockSettings, facts: Facts, changes: Changes
) -> None:
    low = LowStock(*shelf, facts.new_id(), free, facts.now)
    changes.of(LOW_STOCK).put(low)
    told = {"free": json_number(free), "threshold": settings.low_stock_threshold}
    subject = _Subject(events.LOW_STOCK, low.id, _BEGAN)
    changes.events.append(_event(shelf, subject, events.STOCK_LOW, told, facts))


def _draft(
    shelf: Shelf, free: Quantity, settings: StockSettings, facts: Facts, changes: Changes
) -> None:
    """Draft what brings twice the threshold now, in place of a draft that brings more or less."""
    wanted = Quantity(max(2 * whole(settings.low_stock_threshold) - free, ONE))
    known = changes.of(PURCHASE_DRAFTS).get(shelf)
    if known is not None and known.quantity == wanted:
        return
    _withdraw(shelf, facts, changes)
    draft = PurchaseDraft(*shelf, facts.new_id(), wanted, facts.now)
    changes.of(PURCHASE_DRAFTS).put(draft)
    told = {"quantity": json_number(wanted)}
    subject = _Subject(events.PURCHASE, draft.id, _BEGAN)
    changes.events.append(_event(shelf, subject, events.PURCHASE_DRAFTED, told, facts))


def _ends(shelf: Shelf, low: LowStock, free: Quantity, facts: Facts, changes: Changes) -> None:
    changes.of(LOW_STOCK).remove(shelf)
    told = {"free": json_number(free)}
    subject = _Subject(events.LOW_STOCK, low.id, _ENDED)
    changes.events.append(_event(shelf, subject, events.STOCK_RECOVERED, told, facts))
    _withdraw(shelf, facts, changes)


def _withdraw(shelf: Shelf, facts: Facts, changes: Changes) -> None:
    """Take the draft of a shelf away, if there is one."""
    draft = changes.of(PURCHASE_DRAFTS).get(shelf)
    if draft is not None:
        changes.of(PURCHASE_DRAFTS).remove(shelf)
        told = {"quantity": json_number(draft.quantity)}
        subject = _Subject(events.PURCHASE, draft.id, _ENDED)
        changes.events.append(_event(shelf, subject, events.PURCHASE_WITHDRAWN, told, facts))


class _Subject(NamedTuple):
    kind: str
    id: bytes
    seq: int


def _event(
    shelf: Shelf, subject: _Subject, type_: str, told: Mapping[str, object], facts: Facts
) -> Event:
    org, variant_id, location_id = shelf
    body = {"variant_id": dashed(variant_id), "location_id": dashed(location_id), **told}
    return Event(
        org, subject.id, subject.seq, type_, facts.now, _SOURCE, text_of(body), subject.kind,
        facts.actor,
    )  # fmt: skip
