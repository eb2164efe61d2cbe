"""Polinate's order lines, as wanted or as changed, into the commands' lines; pure."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from entrepot.core.commands import DraftLine, LineChange, VariantRef
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import prefixes, quantities
from entrepot.edge.polinate.orders import values, wire


def new_line(item: wire.NewLine, where: str, *, managed: bool) -> DraftLine:
    """A line of a new order. Refused: no name of the goods or two names, and an amount that is
    none.

    A line for an order that Entrepot runs (`managed`) needs a quantity and amounts that can be
    sold, and a currency of ISO 4217. Lines of other orders are judged when the order is decided.
    """
    entry, variant = item.item_list_entry_id, item.item_variant_id
    if (entry is None) == (variant is None):
        raise refuse(
            Reason.INVALID,
            "exactly one of itemListEntryId and itemVariantId is needed",
            f"{where}.itemListEntryId",
        )
    if entry is not None:
        field = "itemListEntryId"
        ref = VariantRef(entry_id=values.id_of(entry, *prefixes.ENTRY), field=field)
    else:
        field = "itemVariantId"
        ref = VariantRef(variant_id=values.id_of(variant or "", *prefixes.VARIANT), field=field)
    if ref.entry_id is None and ref.variant_id is None:
        raise refuse(Reason.UNKNOWN_VARIANT, field=f"{where}.{field}")
    quantity = quantities.wanted if managed else quantities.told
    money = values.maybe_price if managed else values.maybe_money
    code = values.maybe_code if managed else values.maybe_told_code
    return DraftLine(
        where=where,
        variant=ref,
        quantity=quantity(item.quantity, f"{where}.quantity"),
        price=money(item.price, f"{where}.price"),
        currency=code(item.currency, f"{where}.currency"),
        unit_of_measure=item.unit_of_measure,
        cost=money(item.cost, f"{where}.cost"),
        properties=values.json_text(item.properties, f"{where}.properties"),
    )


def line_change(item: wire.LineChanges, where: str) -> LineChange:
    """The changes of a line; a member that was left out changes nothing."""
    quantity = item.quantity
    return LineChange(
        where=where,
        line_id=values.line_id(item.id, f"{where}.id"),
        quantity=None if quantity is UNSET else quantities.told(quantity, f"{where}.quantity"),
        unit_of_measure=values.maybe(item.unit_of_measure),
        currency=values.maybe_told_code(item.currency, f"{where}.currency"),
        price=values.maybe_money(item.price, f"{where}.price"),
        cost=values.maybe_money(item.cost, f"{where}.cost"),
        properties=values.free_object(item.properties, f"{where}.properties"),
        variant_id=_goods(item.item_variant_id, prefixes.VARIANT, f"{where}.itemVariantId"),
        entry_id=_goods(item.item_list_entry_id, prefixes.ENTRY, f"{where}.itemListEntryId"),
    )


def _goods(text: str | UnsetType, known: tuple[str, ...], field: str) -> bytes | None:
    if isinstance(text, UnsetType):
        return None
    found = values.id_of(text, *known)
    if found is None:
        raise refuse(Reason.UNKNOWN_VARIANT, field=field)
    return found
