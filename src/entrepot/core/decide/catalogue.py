"""The goods of an order: matched against the book, and remembered when they come for the first
time.
"""

from __future__ import annotations

from collections.abc import Collection

from entrepot.core.changes import Changes
from entrepot.core.commands import DraftLine, VariantRef
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.kinds import VariantName
from entrepot.core.money import ZERO
from entrepot.core.order import Line, Variant
from entrepot.core.price_lists import LIST_ENTRIES, EntryKey
from entrepot.core.refusal import Reason, Refused, refuse


def resolve_variant(
    draft: DraftLine, org: int, facts: Facts, changes: Changes, kept: Collection[bytes] = ()
) -> Variant:
    """The variant that a line means. Ids of ours must exist; a sender's names make one at need.

    An order has some variants already: those that it has `kept` may be deleted by now.
    """
    ref = draft.variant
    if ref.variant_id is not None:
        # A known variant stays as it is known: only a new one is found in the changes.
        known = (org, ref.variant_id)
        variant = facts.variants.get(known) or changes.variants.get(known)
        if variant is not None:
            if variant.deleted_at is not None and variant.id not in kept:
                raise _deleted(draft)
            return variant
        if not ref.names:
            raise refuse(Reason.UNKNOWN_VARIANT, field=f"{draft.where}.{ref.field}")
    if ref.entry_id is not None:
        return _of_entry(ref.entry_id, draft, org, facts, kept)
    for kind, value in (*ref.names, *ref.older):
        name = (org, kind, value)
        # A name stays with its variant: only a new name, of a new variant, is in the changes.
        found = facts.variant_names.get(name) or changes.variant_names.get(name)
        if found is not None:
            key = (org, found.variant_id)
            variant = facts.variants.get(key) or changes.variants.get(key)
            assert variant is not None, "a variant is read with its name"
            return variant
    if ref.known:
        raise refuse(Reason.UNKNOWN_VARIANT, field=f"{draft.where}.{ref.field}")
    return _with_sku(ref, org, changes) or _new_variant(draft, org, facts, changes)


def _of_entry(
    entry_id: bytes, draft: DraftLine, org: int, facts: Facts, kept: Collection[bytes]
) -> Variant:
    """The variant of an entry of a list."""
    variant_id = facts.by_entry.get((org, entry_id))
    if variant_id is None:
        raise refuse(
            Reason.UNKNOWN_VARIANT,
            "No such item list entry is known here.",
            field=f"{draft.where}.{draft.variant.field}",
        )
    variant = facts.variants[org, variant_id]
    if variant.id in kept:
        return variant
    if variant.deleted_at is not None:
        raise _deleted(draft)
    list_id = facts.list_of_entry.get((org, entry_id))
    if list_id is not None and _is_removed((org, list_id, variant_id), facts):
        raise refuse(
            Reason.UNKNOWN_VARIANT,
            "The price list has this entry no more.",
            field=f"{draft.where}.{draft.variant.field}",
        )
    return variant


def _is_removed(key: EntryKey, facts: Facts) -> bool:
    entry = facts.of(LIST_ENTRIES).get(key)
    return entry is not None and entry.removed_at is not None


def _with_sku(ref: VariantRef, org: int, changes: Changes) -> Variant | None:
    """The variant that has the line's SKU, and has the line's names from now on."""
    named = (changes.variant_names.get((org, "sku", sku)) for sku in ref.skus)
    if (found := next(filter(None, named), None)) is None:
        return None
    variant = changes.variants.get((org, found.variant_id))
    assert variant is not None, "a variant is read with its name"
    for kind, value in ref.names:
        changes.variant_names.put(VariantName(org, kind, value, variant.id))
    return variant


def _deleted(draft: DraftLine) -> Refused:
    field = f"{draft.where}.{draft.variant.field}"
    return refuse(Reason.UNKNOWN_VARIANT, "The variant is deleted.", field=field)


def _new_variant(draft: DraftLine, org: int, facts: Facts, changes: Changes) -> Variant:
    variant = Variant(
        org=org,
        id=facts.new_id(),
        item_id=facts.new_id(),
        entry_id=facts.new_id(),
        sku=draft.sku,
        name=draft.title,
        currency=draft.currency or "USD",
        price=draft.price or ZERO,
        tracked=False,
        created_at=facts.now,
    )
    changes.variants.put(variant)
    for kind, value in draft.variant.names:
        changes.variant_names.put(VariantName(org, kind, value, variant.id))
    return variant


def first_seen(
    variant_id: bytes, facts: Facts, changes: Changes, org: int, draft: DraftLine | None = None
) -> Variant:
    """A variant that somebody names by an id which the organization does not have yet.

    The variant is tracked: its stock is what was adjusted, so a wrong id has no stock. A variant
    without a line that tells its price has no price; an empty currency says so.
    """
    variant = Variant(
        org, variant_id, facts.new_id(), facts.new_id(), draft.sku if draft else None,
        draft.title if draft else f"Variant {dashed(variant_id)}",
        (draft.currency or "") if draft else "", (draft.price or ZERO) if draft else ZERO,
        tracked=True, created_at=facts.now,
    )  # fmt: skip
    changes.variants.put(variant)
    return variant


def duplicate_line(draft: DraftLine) -> Refused:
    """The refusal of a second line of one entry of a list."""
    sentence = "the order has a line of this item list entry already"
    return refuse(Reason.DUPLICATE_ENTRY, sentence, f"{draft.where}.{draft.variant.field}")


def make_line(  # noqa: PLR0913, PLR0917 - a draft, its place and what is known
    draft: DraftLine, number: int, org: int, currency: str, facts: Facts, changes: Changes,
    kept: Collection[bytes] = (), location: bytes | None = None,
) -> Line:  # fmt: skip
    """The line that a draft becomes; what the draft leaves open comes from the catalogue.

    `kept`: see `resolve_variant`. `location`: where the goods are, unless the draft says where.
    """
    variant = resolve_variant(draft, org, facts, changes, kept)
    currency = draft.currency or currency
    if draft.price is None and variant.currency != currency:
        priced = f"is priced in {variant.currency}" if variant.currency else "has no price yet"
        sentence = f"the variant {priced}: say a price in {currency}"
        raise refuse(Reason.INVALID, sentence, field=f"{draft.where}.{draft.price_field}")
    if draft.price is None and not variant.price.within_range():
        sentence = "the variant's price is damaged (`entrepot verify` names it): say a price"
        raise refuse(Reason.INVALID, sentence, field=f"{draft.where}.{draft.price_field}")
    if draft.location_id is not None and not facts.has_location(org, draft.location_id):
        raise refuse(Reason.UNKNOWN_LOCATION, field=f"{draft.where}.location_id")
    return Line(
        facts.new_id(), number, variant.id, variant.item_id,
        draft.variant.entry_id or variant.entry_id,
        (draft.location_id or location) if variant.tracked else None,
        draft.sku or variant.sku, draft.title or variant.name, draft.variant_title,
        draft.quantity, draft.unit_of_measure or "each", currency,
        variant.price if draft.price is None else draft.price, draft.cost or ZERO,
        draft.requires_shipping, draft.details, draft.properties, facts.now, facts.now,
    )  # fmt: skip
