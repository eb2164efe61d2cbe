"""Making and amending products with their variants."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from entrepot.core import events, products
from entrepot.core.changes import Changes
from entrepot.core.decide import named_twice
from entrepot.core.decide.classify import sorted_into, wants_sorting
from entrepot.core.decide.variants import (
    NewVariant,
    VariantChange,
    change_variant,
    delete_variant,
    known_variants,
    let_skus_go,
    make_variant,
    retitled,
    with_objects,
)
from entrepot.core.expected import ANY, Expected
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.naming import spellings, visible
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.product_changes import changed, whole
from entrepot.core.products import (
    DELETED,
    HANDLES,
    ITEMS,
    PRODUCTS,
    STATUSES,
    VARIANTS_MAX,
    FullProduct,
    FullVariant,
    Item,
    Product,
    ProductHandle,
)
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, Refusal, Refused, refuse
from entrepot.core.results import Decision, ProductResult

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class ProductPaths(NamedTuple):
    """The sender's names for what a product is told with, for refusals."""

    handle: str = "handle"
    name: str = "name"
    status: str = "status"
    variants: str = "variants"
    deleted: str = "delete_variants"


class MakeProduct(NamedTuple):
    """Make a product with its variants. `said` are further members of a Product, by their names."""

    org: int
    source: str
    name: str
    variants: tuple[NewVariant, ...]
    said: Mapping[str, Any] = NOTHING
    paths: ProductPaths = ProductPaths()
    bare: bool = False  # the product may have no variant yet


class AmendProduct(NamedTuple):
    """Change a product and its variants together. `said` are members of a Product, by their names.

    Variants are deleted, then changed, then made. A deleted variant is named by its id and the
    path of that id.
    """

    org: int
    source: str
    product_id: bytes
    said: Mapping[str, Any] = NOTHING
    make: tuple[NewVariant, ...] = ()
    change: tuple[VariantChange, ...] = ()
    delete: tuple[tuple[bytes, str], ...] = ()
    expected: Expected = ANY
    paths: ProductPaths = ProductPaths()
    live: bool = False  # a deleted product is as an unknown one


def wants_new(command: MakeProduct, needs: Needs) -> None:
    """The product that has the handle, and the variants that have the SKUs, if any."""
    _wants_names(command.org, command.said, [one.sku for one in command.variants], needs)


def wants(command: AmendProduct, needs: Needs) -> None:
    """The product with its variants, and what has the new handle and the new SKUs, if anything."""
    skus = [one.sku for one in command.make] + [one.said.get("sku") for one in command.change]
    _wants_names(command.org, command.said, skus, needs)
    needs.products.add((command.org, command.product_id))


def _wants_names(org: int, said: Mapping[str, Any], skus: list[str | None], needs: Needs) -> None:
    handle = said.get("handle")
    if handle is not None:
        needs.of(HANDLES).add((org, handle))
    told = [form for sku in skus if sku is not None for form in spellings(sku)]
    needs.variant_names.update((org, "sku", form) for form in told)
    wants_sorting(org, said, needs)


def make(command: MakeProduct, facts: Facts) -> Decision:
    """Make the product, put its variants on the default list, and tell the organization's log.

    Refused: no variant or too many, a handle or a SKU that is taken, a category or a brand that the
    organization does not have, and a deleted product.
    """
    org, now, paths, changes = command.org, facts.now, command.paths, Changes(facts)
    if not command.variants and not command.bare:
        raise refuse(Reason.INVALID, "a product has at least one variant", paths.variants)
    _bounded(len(command.variants), paths.variants)
    made = Product(
        org, facts.new_id(), visible(command.name, paths.name), products.ACTIVE, now, now, 1
    )
    made = with_objects(made, sorted_into(command.said, org, facts))
    _status(made, paths)
    if made.status == DELETED:
        raise refuse(Reason.INVALID, "a new product is not deleted", paths.status)
    if made.handle is not None:
        _take_handle(made, made.handle, changes, paths)
    variants = [
        make_variant(made, draft, number, facts, changes)
        for number, draft in enumerate(command.variants, 1)
    ]
    changes.of(ITEMS).put(Item(org, made.id, made.name, now))
    changes.of(PRODUCTS).put(made)
    result = products.full(made, variants)
    tell(made, events.PRODUCT_CREATED, whole(result), command.source, facts, changes)
    ids = tuple(one.variant.id for one in variants)
    return Decision(changes, ProductResult(result, ids))


def amend(command: AmendProduct, facts: Facts) -> Decision:
    """Write what is told, and tell the organization's log what changed, from what to what.

    What is as it was changes nothing. A product that is deleted stays deleted, and its variants
    with it. Refused: an unknown product or variant, another version than is expected, a handle or
    a SKU that is taken, a category or a brand that the organization does not have, a variant that
    is named twice, and a product whose last variant goes.
    """
    org, paths, changes = command.org, command.paths, Changes(facts)
    before = known_product(org, command.product_id, facts)
    if before is None or (command.live and before.product.status == DELETED):
        raise refuse(Reason.UNKNOWN_PRODUCT)
    _as_expected(before, command.expected)
    after = with_objects(before.product, sorted_into(command.said, org, facts))
    if before.product.status == DELETED:
        if after != before.product or command.make or command.change or command.delete:
            raise refuse(Reason.ILLEGAL_MOVE, "the product is deleted, and stays deleted")
        return Decision(changes, ProductResult(before, ()))
    _status(after, paths)
    now = {one.variant.id: one for one in before.variants}
    for id_, where in command.delete:
        now[id_] = delete_variant(now.get(id_), where, facts, changes)
    named_twice.refuse([(one.variant_id, one) for one in command.change], "variant")
    let_skus_go(command.change, now, changes)
    for change in command.change:
        known = now.get(change.variant_id)
        now[change.variant_id] = change_variant(known, before.product, change, facts, changes)
    last = max((one.details.sequence or 0 for one in before.variants), default=0)
    made = [
        make_variant(after, draft, max(last, len(before.variants)) + number, facts, changes)
        for number, draft in enumerate(command.make, 1)
    ]
    now.update({one.variant.id: one for one in made})
    after, now = _settled(before.product, after, now, facts, changes)
    left = sum(one.variant.deleted_at is None for one in now.values())
    if not left and before.variants and after.status != DELETED:
        sentence = "a product has at least one variant: delete the product, or make another first"
        raise refuse(Reason.ILLEGAL_MOVE, sentence, paths.deleted)
    _bounded(left, paths.variants)
    if after.name != before.product.name:
        visible(after.name, paths.name)
    if after.handle != before.product.handle and after.status != DELETED:
        _let_handle_go(before.product, changes)
        if after.handle is not None:
            _take_handle(after, after.handle, changes, paths)
    result = conclude(before, after, now, command.source, facts, changes)
    return Decision(changes, ProductResult(result, tuple(one.variant.id for one in made)))


def _settled(
    before: Product, after: Product, now: dict[bytes, FullVariant], facts: Facts, changes: Changes
) -> tuple[Product, dict[bytes, FullVariant]]:
    """What follows from the change of a product for its variants."""
    if after.name != before.name:
        now = {id_: retitled(one, before, after, changes) for id_, one in now.items()}
    if after.status == DELETED:
        _let_handle_go(before, changes)
        now = {
            id_: one if one.variant.deleted_at is not None
            else delete_variant(one, "", facts, changes)
            for id_, one in now.items()
        }  # fmt: skip
        after = after._replace(deleted_at=facts.now)
    return after, now


def conclude(
    before: FullProduct,
    after: Product,
    now: Mapping[bytes, FullVariant],
    source: str,
    facts: Facts,
    changes: Changes,
) -> FullProduct:
    """Write the product, and tell what changed of it and of its variants; nothing if nothing did.

    No two versions have one time, so that a reader who goes by the time misses none.
    """
    body = changed(before, after, now)
    if not body:
        return before
    at = max(facts.now, before.product.updated_at + 1)
    after = after._replace(updated_at=at, version=before.product.version + 1)
    changes.of(PRODUCTS).put(after)
    type_ = events.PRODUCT_DELETED if after.status == DELETED else events.PRODUCT_UPDATED
    tell(after, type_, {"name": after.name, **body}, source, facts, changes)
    return products.full(after, list(now.values()))


def known_product(org: int, product_id: bytes, facts: Facts) -> FullProduct | None:
    """The product as the batch knows it, with its live variants; None where there is none."""
    item = facts.of(ITEMS).get((org, product_id))
    if item is None:
        return None
    variants = known_variants(org, product_id, facts)
    known = facts.of(PRODUCTS).get((org, product_id))
    product = products.untold(item, [one.variant for one in variants]) if known is None else known
    return products.full(product, variants)


def tell(
    product: Product,
    type_: str,
    body: dict[str, Any],
    source: str,
    facts: Facts,
    changes: Changes,
) -> None:
    """Add the product's event that its version counts last."""
    changes.events.append(
        Event(
            product.org, product.id, product.version, type_, facts.now, source, text_of(body),
            events.PRODUCT, facts.actor,
        )
    )  # fmt: skip


def _as_expected(before: FullProduct, expected: Expected) -> None:
    current = products.revision(before)
    if not expected.met_by(current, before.product.updated_at):
        sentence = f"the product is the version {current}, and not the one that is meant"
        raise Refused(Refusal(Reason.CHANGED_MEANWHILE, sentence, version=current))


def _status(product: Product, paths: ProductPaths) -> None:
    if product.status not in STATUSES:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(STATUSES)}", paths.status)


def _bounded(count: int, field: str) -> None:
    if count > VARIANTS_MAX:
        sentence = f"a product has at most {VARIANTS_MAX} variants"
        raise refuse(Reason.INVALID, sentence, field)


def _take_handle(product: Product, handle: str, changes: Changes, paths: ProductPaths) -> None:
    """Give the product its handle. Refused: one that another product has."""
    taken = changes.of(HANDLES).get((product.org, handle))
    if taken is not None and taken.product_id != product.id:
        sentence = f"the product {dashed(taken.product_id)} has this handle already"
        raise refuse(Reason.DUPLICATE_ENTRY, sentence, paths.handle)
    visible(handle, paths.handle)
    changes.of(HANDLES).put(ProductHandle(product.org, handle, product.id))


def _let_handle_go(product: Product, changes: Changes) -> None:
    if product.handle is not None:
        changes.of(HANDLES).remove((product.org, product.handle))
