"""Variants of a product: made, changed and deleted, each as a part of a change of the product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from entrepot.core import products
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.kinds import VariantName
from entrepot.core.money import Amount
from entrepot.core.naming import spellings, visible
from entrepot.core.order import Variant, or_equal
from entrepot.core.products import (
    VARIANT_DETAILS,
    FullVariant,
    Product,
    VariantDetails,
    place,
    title,
    undetailed,
)
from entrepot.core.properties import merged_text
from entrepot.core.refusal import Reason, Refusal, Refused, refuse

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
# Members of a change that are not members of VariantDetails.
_OF_VARIANT: Final = frozenset({"sku", "title", "currency", "price", "tracked"})
# JSON objects: one that is told as a dictionary is merged into what is there.
_OBJECTS: Final = ("properties", "options", "details")


class NewVariant(NamedTuple):
    """A variant to make. `where` is its path in the sender's body, for refusals.

    `said` are further members of VariantDetails, by their names. `title` is what lines of orders
    call the variant; None: it follows from the names of the product and the variant. `name_field`
    is what the sender calls the variant's own name.
    """

    where: str
    currency: str
    price: Amount
    sku: str | None = None
    title: str | None = None
    tracked: bool = False
    said: Mapping[str, Any] = _NOTHING
    name_field: str = "variant_name"


class VariantChange(NamedTuple):
    """A change of a variant. `where` is its path in the sender's body, for refusals.

    `said` are `sku`, `title`, `currency`, `price`, `tracked`, and members of VariantDetails, by
    their names. A `sku`, a `currency` or a `price` that is `only_as_is` may come back as it was
    read, as a mirrored order told it; a variant that has another one is refused.
    """

    where: str
    variant_id: bytes
    said: Mapping[str, Any]
    only_as_is: Mapping[str, Refusal] = _NOTHING
    name_field: str = "variant_name"  # as of a NewVariant


def known_variants(org: int, product_id: bytes, facts: Facts) -> list[FullVariant]:
    """The variants of a product as the batch knows them, deleted ones among them."""
    told = facts.of(VARIANT_DETAILS)
    return [
        FullVariant(one, told.get((org, one.id)) or undetailed(one))
        for one in facts.variants.values()
        if one.org == org and one.item_id == product_id
    ]


def make_variant(
    product: Product, draft: NewVariant, number: int, facts: Facts, changes: Changes
) -> FullVariant:
    """Make a variant, the product's `number`th, on the organization's default list.

    Refused: a SKU that a variant has already, and a blank name or SKU.
    """
    org, now = product.org, facts.now
    own = draft.said.get("name") or products.DEFAULT
    visible(own, _in(draft.where, draft.name_field))
    made = Variant(
        org, facts.new_id(), product.id, facts.new_id(), draft.sku,
        draft.title or title(product.name, own), draft.currency, draft.price, draft.tracked, now,
    )  # fmt: skip
    _take_sku(made, draft.where, changes)
    changes.variants.put(made)
    if not draft.said and number == 1:
        return FullVariant(made, undetailed(made))
    said = {"sequence": min(number, products.SEQUENCE_MAX), **draft.said, "name": own}
    details = with_objects(VariantDetails(org, made.id, now), said)
    changes.of(VARIANT_DETAILS).put(details)
    return FullVariant(made, details)


def change_variant(
    known: FullVariant | None,
    product: Product,
    change: VariantChange,
    facts: Facts,
    changes: Changes,
) -> FullVariant:
    """Change a variant of this product. Lines of orders keep the name and the price that they have.

    Refused: an unknown or deleted variant, a SKU that another variant has, another name or SKU
    that is blank, a price without a currency, a currency without a price, another currency
    without a cost where one is known, and to stop counting stock, because orders may have reserved
    the stock.
    """
    if known is None or known.variant.deleted_at is not None:
        raise refuse(Reason.UNKNOWN_VARIANT, field=_field(change, "id"))
    _look_at_values(known.variant, change)
    said, variant = change.said, _priced(known, change)
    if variant.tracked and said.get("tracked") is False:
        sentence = "the stock of the variant is counted, and stays counted"
        raise refuse(Reason.INVALID, sentence, _field(change, "tracked"))
    told = {name: value for name, value in said.items() if name not in _OF_VARIANT}
    if told.get("sequence") == place(known.details):
        told["sequence"] = known.details.sequence
    details = with_objects(known.details, told)
    if known.details.cost is not None and details.cost is not None:
        details = details._replace(cost=or_equal(known.details.cost, details.cost))
    if details.name != known.details.name:
        visible(details.name, _field(change, change.name_field))
        variant = _following(variant, product.name, known.details.name, product.name, details.name)
    variant = variant._replace(
        name=said.get("title") or variant.name,
        tracked=variant.tracked or bool(said.get("tracked")),
        sku=said.get("sku", variant.sku),
    )
    if variant.sku != known.variant.sku:
        _let_sku_go(known.variant, changes)
        _take_sku(variant, change.where, changes)
    if (variant, details) == tuple(known):
        return known
    if variant != known.variant:
        changes.variants.put(variant)
    details = details._replace(updated_at=max(facts.now, details.updated_at + 1))
    changes.of(VARIANT_DETAILS).put(details)
    return FullVariant(variant, details)


def _look_at_values(known: Variant, change: VariantChange) -> None:
    """Refuse a value that is taken as it is alone, where the variant has another one."""
    said = change.said
    same_currency = said.get("currency", known.currency) == known.currency
    for name, refusal in change.only_as_is.items():
        is_same = bool(said[name] == getattr(known, name))
        if name == "price":
            is_same = same_currency and or_equal(known.price, said[name]) == known.price
        if not is_same:
            raise Refused(refusal)


def _priced(one: FullVariant, change: VariantChange) -> Variant:
    """The variant with its new price. A number in another currency is another price, and another
    cost: both are told with the currency.
    """
    told, price, known = change.said.get("currency"), change.said.get("price"), one.variant
    currency = told or known.currency
    if price is not None and not currency:
        sentence = "the variant has no price yet: say the currency"
        raise refuse(Reason.INVALID, sentence, _field(change, "currency"))
    if price is None and currency != known.currency:
        raise refuse(Reason.INVALID, f"say the price in {currency}", _field(change, "price"))
    is_costed = bool(known.currency) and one.details.cost is not None
    if is_costed and currency != known.currency and "cost" not in change.said:
        raise refuse(Reason.INVALID, f"say the cost in {currency}", _field(change, "cost"))
    # An equal price at another scale is no change.
    price = known.price if price is None else or_equal(known.price, price)
    return known._replace(currency=currency, price=price)


def delete_variant(
    known: FullVariant | None, where: str, facts: Facts, changes: Changes
) -> FullVariant:
    """Delete a variant: orders that have it keep it, and its SKU is free again.

    Refused: an unknown variant, or one that is deleted already.
    """
    if known is None or known.variant.deleted_at is not None:
        raise refuse(Reason.UNKNOWN_VARIANT, field=where)
    deleted = known.variant._replace(deleted_at=facts.now)
    _let_sku_go(deleted, changes)
    changes.variants.put(deleted)
    return FullVariant(deleted, known.details)


def retitled(one: FullVariant, before: Product, after: Product, changes: Changes) -> FullVariant:
    """The variant of a product that got another name: a title that followed the name follows it."""
    own = one.details.name
    variant = _following(one.variant, before.name, own, after.name, own)
    if variant != one.variant:
        changes.variants.put(variant)
    return FullVariant(variant, one.details)


def _following(variant: Variant, product: str, own: str, now: str, own_now: str) -> Variant:
    follows = variant.name == title(product, own)
    return variant._replace(name=title(now, own_now)) if follows else variant


def with_objects(known: Any, said: Mapping[str, Any]) -> Any:
    """The value with the told members. A dictionary is merged into the object that is there."""
    told = dict(said)
    for name in _OBJECTS:
        if isinstance(told.get(name), dict):
            told[name] = merged_text(getattr(known, name), told[name])
    return known._replace(**told)


def _take_sku(variant: Variant, where: str, changes: Changes) -> None:
    """Give the variant its SKU. Refused: one that another variant has, in any spelling of its
    letters.
    """
    if variant.sku is None:
        return
    field = _in(where, "sku")
    visible(variant.sku, field)
    key = (variant.org, "sku", variant.sku)
    named = [
        changes.variant_names.get((variant.org, "sku", form)) for form in spellings(variant.sku)
    ]
    if any(one is not None and one.variant_id != variant.id for one in named):
        raise refuse(Reason.DUPLICATE_ENTRY, "a variant has this SKU already", field)
    changes.variant_names.put(VariantName(*key, variant.id))


def let_skus_go(
    told: Iterable[VariantChange], known: Mapping[bytes, FullVariant], changes: Changes
) -> None:
    """Free the SKUs of all variants that get another one, before the first of them takes it: two
    variants may change their SKUs with each other.
    """
    for change in told:
        one = known.get(change.variant_id)
        if one is not None and change.said.get("sku", one.variant.sku) != one.variant.sku:
            _let_sku_go(one.variant, changes)


def _let_sku_go(variant: Variant, changes: Changes) -> None:
    if variant.sku is None:
        return
    key = (variant.org, "sku", variant.sku)
    named = changes.variant_names.get(key)
    if named is not None and named.variant_id == variant.id:
        changes.variant_names.remove(key)


def _field(change: VariantChange, name: str) -> str:
    return _in(change.where, name)


def _in(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
