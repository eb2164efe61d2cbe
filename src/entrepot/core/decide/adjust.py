"""Adjusting what is on hand of a variant, by an entry of the append-only ledger."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import actor, events
from entrepot.core.changes import Changes
from entrepot.core.costing import COST_MAX, PLACES, VARIANT_COSTS, VariantCost
from entrepot.core.decide.catalogue import first_seen
from entrepot.core.decide.goods import move_level
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.kinds import Location
from entrepot.core.money import Amount, stripped
from entrepot.core.needs import Needs
from entrepot.core.order import Event, StockEntry
from entrepot.core.properties import text_of
from entrepot.core.quantity import NONE, ON_HAND_MAX, Quantity, json_number, text
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, StockResult


class AdjustStock(NamedTuple):
    """Add to or take from what is on hand of a variant at a location."""

    org: int
    variant_id: bytes
    location_id: bytes
    delta: Quantity
    note: str
    # How much is on hand afterwards; then `delta` is what is between.
    set_to: Quantity | None = None
    makes: bool = True  # a variant or location whose id is new to the organization is made
    field: str = "quantity_delta"  # the member that tells how much, for refusals
    source: str = actor.OPERATOR  # the dialect that tells it, or the operator
    # What a unit of goods that come in cost, and its currency. Without it they cost what was told
    # of the variant last.
    unit_cost: Amount | None = None
    currency: str = ""


def wants(command: AdjustStock, needs: Needs) -> None:
    """The variant, what it cost, the location and the level of the one at the other."""
    org, variant_id, location_id = command.org, command.variant_id, command.location_id
    needs.variants.add((org, variant_id))
    needs.locations.add((org, location_id))
    needs.shelves.add((org, variant_id, location_id))
    needs.of(VARIANT_COSTS).add((org, variant_id))


def adjust(command: AdjustStock, facts: Facts) -> Decision:
    """Write the entry, move the level, and tell the organization's log.

    From its first adjustment on, a variant is tracked.

    A variant and a location that the organization does not have yet are made. Refused: under HARD
    allocation less on hand than is reserved. Under SOFT goods may have left that were never
    counted: a shelf below zero is corrected either way; a cost of goods that do not come in, one in
    another currency than the variant's other costs, and one that cannot be kept.
    """
    org, changes = command.org, Changes(facts)
    changes.exact_stock = True
    variant = facts.variants.get((org, command.variant_id))
    if not command.makes:
        _are_known(command, facts)
    if variant is None:
        variant = first_seen(command.variant_id, facts, changes, org)
    if not facts.has_location(org, command.location_id):
        name = f"Location {dashed(command.location_id)}"
        changes.locations.put(Location(org, command.location_id, name))
    shelf = (org, command.variant_id, command.location_id)
    level = facts.levels.get(shelf)
    there, promised = (level.on_hand, level.reserved) if level else (NONE, NONE)
    delta = command.delta if command.set_to is None else Quantity(command.set_to - there)
    on_hand = there + delta
    if facts.orgs[org].hard and delta < 0 and on_hand < promised:
        raise refuse(
            Reason.OUT_OF_STOCK,
            f"{text(there)} on hand, {text(promised)} of it reserved; cannot take "
            f"{text(Quantity(-delta))} away",
            field=command.field,
        )
    if abs(on_hand) > ON_HAND_MAX:
        raise refuse(Reason.INVALID, "more than can be counted", field=command.field)
    cost = _cost(command, facts, changes)
    entry = StockEntry(
        org, facts.new_id(), command.variant_id, command.location_id,
        delta, "adjustment", None, command.note, facts.now,
        None if cost is None or delta <= 0 else cost.unit_cost,
    )  # fmt: skip
    changes.entries.append(entry)
    changes.events.append(_told(entry, cost, command.source, facts))
    move_level(shelf, facts, changes, on_hand=delta)
    if not variant.tracked:
        changes.variants.put(variant._replace(tracked=True))
    return Decision(changes, StockResult(entry))


def _cost(command: AdjustStock, facts: Facts, changes: Changes) -> VariantCost | None:
    """What a unit of the variant costs, as it is told now or was told last."""
    key = (command.org, command.variant_id)
    known = changes.of(VARIANT_COSTS).get(key)
    told = command.unit_cost
    if told is None:
        return known
    if command.set_to is not None or command.delta <= 0:
        sentence = "is told of stock that comes in: with a `delta` above 0"
        raise refuse(Reason.INVALID, sentence, "unit_cost")
    units, scale = stripped(*told)
    if scale > PLACES or not 0 <= units * 10 ** (PLACES - scale) <= COST_MAX:
        most = COST_MAX // 10**PLACES
        raise refuse(Reason.INVALID, f"must be 0 to {most}, of {PLACES} places", "unit_cost")
    if known is not None and known.currency != command.currency:
        sentence = f"the variant's costs are told in {known.currency}"
        raise refuse(Reason.INVALID, sentence, "currency")
    cost = VariantCost(*key, command.currency, told.at(PLACES), facts.now)
    changes.of(VARIANT_COSTS).put(cost)
    return cost


def _told(entry: StockEntry, cost: VariantCost | None, source: str, facts: Facts) -> Event:
    """The event of an entry, of which it is the only one."""
    body = {
        "variant_id": dashed(entry.variant_id),
        "location_id": dashed(entry.location_id),
        "delta": json_number(entry.delta),
        "reason": entry.note,
    }
    if entry.unit_cost is not None and cost is not None:
        body["unit_cost"] = Amount(*stripped(entry.unit_cost, PLACES)).text()
        body["currency"] = cost.currency
    return Event(
        entry.org, entry.id, 1, events.STOCK_ADJUSTED, facts.now, source, text_of(body),
        events.STOCK_ENTRY, facts.actor,
    )  # fmt: skip


def _are_known(command: AdjustStock, facts: Facts) -> None:
    """Refuse a variant or a location that the organization does not have."""
    if (command.org, command.variant_id) not in facts.variants:
        raise refuse(Reason.UNKNOWN_VARIANT, field="variant_id")
    if not facts.has_location(command.org, command.location_id):
        raise refuse(Reason.UNKNOWN_LOCATION, field="location_id")
