"""Polinate's order lines, as wanted or as changed, into the commands' lines; pure."""

from __future__ import annotations

from msgspec import UNSET

from entrepot.core.commands import DraftLine, LineChange, VariantRef
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.polinate import values, wire


def new_line(item: wire.NewLine, where: str) -> DraftLine:
    """A line as wanted. Refused: no or two names of the goods, an amount that is none."""
    entry, variant = item.item_list_entry_id, item.item_variant_id
    if (entry is None) == (variant is None):
        raise refuse(
            Reason.INVALID,
            "exactly one of itemListEntryId and itemVariantId is needed",
            f"{where}.itemListEntryId",
        )
    if entry is not None:
        field = "itemListEntryId"
        ref = VariantRef(entry_id=values.id_of(entry, "ile_"), field=field)
    else:
        field = "itemVariantId"
        ref = VariantRef(variant_id=values.id_of(variant or "", "var_"), field=field)
    if ref.entry_id is None and ref.variant_id is None:
        raise refuse(Reason.UNKNOWN_VARIANT, field=f"{where}.{field}")
    return DraftLine(
        where=where,
        variant=ref,
        quantity=values.quantity(item.quantity, f"{where}.quantity"),
        price=values.maybe_money(item.price, f"{where}.price"),
        currency=values.maybe_code(item.currency, f"{where}.currency"),
        unit_of_measure=item.unit_of_measure,
        cost=values.maybe_money(item.cost, f"{where}.cost"),
        properties=values.json_text(item.properties),
    )


def line_change(item: wire.LineChanges, where: str) -> LineChange:
    """What to change on a line; a member that was left out changes nothing."""
    quantity = item.quantity
    return LineChange(
        where=where,
        line_id=values.line_id(item.id, f"{where}.id"),
        quantity=None if quantity is UNSET else values.quantity(quantity, f"{where}.quantity"),
        unit_of_measure=values.maybe(item.unit_of_measure),
        currency=values.maybe_code(item.currency, f"{where}.currency"),
        price=values.maybe_money(item.price, f"{where}.price"),
        cost=values.maybe_money(item.cost, f"{where}.cost"),
        properties=values.maybe(item.properties),
    )
