"""Making and changing single variants, and making locations, apart from orders that name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.decide import product, variants
from entrepot.core.decide.product import MakeProduct
from entrepot.core.decide.variants import NewVariant, VariantChange
from entrepot.core.facts import Facts
from entrepot.core.kinds import Location
from entrepot.core.money import Amount
from entrepot.core.naming import spellings, visible
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.products import DEFAULT
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, LocationResult, ProductResult, VariantResult


class MakeVariant(NamedTuple):
    """Make a product of one variant, with a SKU that no other variant of the organization has.

    `said` are members of VariantDetails, by their names.
    """

    org: int
    source: str
    sku: str
    name: str
    currency: str
    price: Amount
    tracked: bool = True
    said: Mapping[str, Any] = product.NOTHING


class ChangeVariant(NamedTuple):
    """Change a variant: `said` as a VariantChange has them."""

    org: int
    source: str
    variant_id: bytes
    said: Mapping[str, Any]


class MakeLocation(NamedTuple):
    """Make a location, a place that has stock. `source`: the dialect that tells it."""

    org: int
    name: str
    source: str


def wants_sku(command: MakeVariant, needs: Needs) -> None:
    """The variant that has the SKU, if any."""
    product.wants_new(_as_product(command), needs)


def make_variant(command: MakeVariant, facts: Facts) -> Decision:
    """Make the product with its variant. Refused: a SKU that a variant has already."""
    made = product.make(_as_product(command), facts)
    assert isinstance(made.result, ProductResult)
    [variant] = made.result.product.variants
    return Decision(made.changes, VariantResult(*variant))


def _as_product(command: MakeVariant) -> MakeProduct:
    variant = NewVariant(
        "",
        command.currency,
        command.price,
        command.sku,
        command.name,
        command.tracked,
        command.said,
    )
    return MakeProduct(command.org, command.source, command.name, (variant,))


def wants_variant(command: ChangeVariant, needs: Needs) -> None:
    """The variant as it is, with its product, and the variant that has the new SKU, if any."""
    needs.whose_products.add((command.org, command.variant_id))
    needs.variants.add((command.org, command.variant_id))
    if (sku := command.said.get("sku")) is not None:
        needs.variant_names.update((command.org, "sku", form) for form in spellings(sku))


def change_variant(command: ChangeVariant, facts: Facts) -> Decision:
    """Change the variant, as a change of its product.

    The only variant of a product and the product are one thing for people: a new title of the one
    is the name of the other, if they were called alike.
    """
    org, changes = command.org, Changes(facts)
    known = facts.variants.get((org, command.variant_id))
    if known is None or known.deleted_at is not None:
        raise refuse(Reason.UNKNOWN_VARIANT)
    before = product.known_product(org, known.item_id, facts)
    assert before is not None, "a product is read with its variants"
    now = {one.variant.id: one for one in before.variants}
    told = VariantChange("", known.id, command.said)
    changed = variants.change_variant(now[known.id], before.product, told, facts, changes)
    now[known.id] = changed
    after = before.product
    if len(now) == 1 and known.name == after.name and changed.details.name == DEFAULT:
        after = after._replace(name=changed.variant.name)
    product.conclude(before, after, now, command.source, facts, changes)
    return Decision(changes, VariantResult(*changed))


def wants_nothing(command: MakeLocation, needs: Needs) -> None:
    """The organization alone."""


def make_location(command: MakeLocation, facts: Facts) -> Decision:
    """Make the location, and tell the organization's log. Two locations may have one name."""
    changes = Changes(facts)
    made = Location(command.org, facts.new_id(), visible(command.name, "name"))
    changes.locations.put(made)
    changes.events.append(
        Event(
            made.org, made.id, 1, events.LOCATION_MADE, facts.now, command.source,
            text_of({"name": made.name}), events.LOCATION, facts.actor,
        )
    )  # fmt: skip
    return Decision(changes, LocationResult(made))
