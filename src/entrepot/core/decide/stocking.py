"""Making and changing variants, and making locations, apart from orders that name them."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.kinds import Location, VariantName
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.order import Event, Variant
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, LocationResult, VariantResult


class MakeVariant(NamedTuple):
    """Make a variant with a SKU that no other variant of the organization has."""

    org: int
    sku: str
    name: str
    currency: str
    price: Amount
    tracked: bool = True


class ChangeVariant(NamedTuple):
    """Change a variant. None leaves a member as it is."""

    org: int
    variant_id: bytes
    name: str | None = None
    currency: str | None = None
    price: Amount | None = None
    tracked: bool | None = None


class MakeLocation(NamedTuple):
    """Make a location, a place that has stock. `source`: the dialect that tells it."""

    org: int
    name: str
    source: str


def wants_sku(command: MakeVariant, needs: Needs) -> None:
    """The variant that has the SKU, if any."""
    needs.variant_names.add((command.org, "sku", command.sku))


def make_variant(command: MakeVariant, facts: Facts) -> Decision:
    """Make the variant. Refused: a SKU that a variant has already."""
    org, changes = command.org, Changes(facts)
    if changes.variant_names.get((org, "sku", command.sku)) is not None:
        raise refuse(Reason.DUPLICATE_ENTRY, "a variant has this SKU already", "sku")
    made = Variant(
        org, facts.new_id(), facts.new_id(), facts.new_id(), command.sku, command.name,
        command.currency, command.price, command.tracked, facts.now,
    )  # fmt: skip
    changes.variants.put(made)
    changes.variant_names.put(VariantName(org, "sku", command.sku, made.id))
    return Decision(changes, VariantResult(made))


def wants_variant(command: ChangeVariant, needs: Needs) -> None:
    """The variant as it is."""
    needs.variants.add((command.org, command.variant_id))


def change_variant(command: ChangeVariant, facts: Facts) -> Decision:
    """Change the variant. Lines of orders keep the name and the price that they have.

    Refused: an unknown variant, a price without a currency, a currency without a price, and to stop
    counting stock, because orders may have reserved the stock.
    """
    changes = Changes(facts)
    known = changes.variants.get((command.org, command.variant_id))
    if known is None:
        raise refuse(Reason.UNKNOWN_VARIANT)
    currency = command.currency or known.currency
    if command.price is not None and not currency:
        raise refuse(Reason.INVALID, "the variant has no price yet: say the currency", "currency")
    if command.price is None and currency != known.currency:
        raise refuse(Reason.INVALID, f"say the price in {currency}", "price")
    if known.tracked and command.tracked is False:
        sentence = "the stock of the variant is counted, and stays counted"
        raise refuse(Reason.INVALID, sentence, "tracked")
    changed = known._replace(
        name=command.name or known.name,
        currency=currency,
        price=known.price if command.price is None else command.price,
        tracked=known.tracked or bool(command.tracked),
    )
    if changed != known:
        changes.variants.put(changed)
    return Decision(changes, VariantResult(changed))


def wants_nothing(command: MakeLocation, needs: Needs) -> None:
    """Nothing but the organization."""


def make_location(command: MakeLocation, facts: Facts) -> Decision:
    """Make the location, and tell the organization's log. Two locations may have one name."""
    changes = Changes(facts)
    made = Location(command.org, facts.new_id(), command.name)
    changes.locations.put(made)
    changes.events.append(
        Event(
            made.org, made.id, 1, events.LOCATION_MADE, facts.now, command.source,
            text_of({"name": made.name}), events.LOCATION, facts.actor,
        )
    )  # fmt: skip
    return Decision(changes, LocationResult(made))
