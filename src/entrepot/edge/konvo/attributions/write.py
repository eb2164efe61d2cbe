"""Attributions in Konvo's words; pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from entrepot.core import ids
from entrepot.core.attributing import Shown
from entrepot.edge.konvo.attributions import wire
from entrepot.edge.konvo.orders.write import minor_units, shown_currency
from entrepot.edge.times import millis_text
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


def attribution(found: Shown, shown: Sequence[str] = wire.MEMBERS) -> wire.Attribution:
    """An attribution, with the members that are `shown`. The total is the order's as it now is."""
    one = found.attribution
    code, digits = shown_currency(found.currency)
    told = wire.Attribution(
        id=ids.dashed(one.id),
        origin=one.origin.upper(),
        origin_id=ids.dashed(one.origin_id),
        external_user_id=one.external_user_id,
        order_total=minor_units(found.total, digits),
        type=one.type,
        created_at=millis_text(one.created_at),
        order_id=ids.dashed(one.order_id),
        contact_id=ids.dashed(one.customer_id),
        currency=code,
    )
    if len(shown) < len(wire.MEMBERS):
        for field in msgspec.structs.fields(wire.Attribution):
            if field.encode_name not in shown:
                setattr(told, field.name, UNSET)
    return told


def page(found: tuple[list[Shown], int], shown: Sequence[str]) -> Answer:
    """GET: these attributions, and how many there are in all."""
    listed, total = found
    return Answer(
        200, _encode(wire.Attributions(total, [attribution(one, shown) for one in listed]))
    )
