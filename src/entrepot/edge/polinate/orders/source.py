"""An order of another system that speaks Polinate's schema, into a mirrored order; pure."""

from __future__ import annotations

import hashlib

import msgspec

from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.mirror import OrderDraft
from entrepot.core.order import sealed_digest
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import addresses, goods_names, quantities
from entrepot.edge.dialect import read_json
from entrepot.edge.polinate.orders import bodies, values, wire

SOURCE = "polinate"
_SOURCE_ORDER = msgspec.json.Decoder(wire.SourceOrder)


def mirror_from_source(
    document: bytes,
    sender_id: str,
    org: int,  # noqa: ARG001 - every source is read alike
) -> OrderDraft:
    """An order of another system that was asked for as `sender_id`, to be mirrored in `org`.

    Refused: a document that is no order in Polinate's schema, or is another order.
    """
    told = read_json(bodies.source_order(document), _SOURCE_ORDER)
    if sender_id not in (told.id, told.internal_reference, told.external_reference):
        raise refuse(Reason.INVALID, "is not the order that was asked for", "id")
    said = {
        "external_name": told.internal_reference,
        "external_reference": told.external_reference,
        "membership_id": told.membership_id,
        "integration_id": told.integration_id,
        "notes": told.notes,
        "delivery_address": told.delivery_address,
        "properties": values.json_text(told.properties, "properties"),
        "expected_at": values.instant(told.expected_delivery_at, "expectedDeliveryAt"),
        "shipped_at": told.shipped_at and values.instant(told.shipped_at, "shippedAt"),
        "made_at": told.created_at and values.instant(told.created_at, "createdAt"),
        "delivered_at": told.delivered_at and values.instant(told.delivered_at, "deliveredAt"),
        "ingested": True,
    }
    return OrderDraft(
        where="",
        sender_id=told.id,
        digest=sealed_digest(told.id, hashlib.blake2b(document, digest_size=16).digest()),
        currency=values.told_code(told.currency, "currency"),
        total=values.money(told.total_amount, "totalAmount"),
        lines=tuple(
            _source_line(line, f"orderItems[{index}]")
            for index, line in enumerate(told.order_items or ())
        ),
        customer=CustomerRef(
            own=addresses.own_id(SOURCE, told.partnership_id), field="partnershipId"
        ),
        words=values.told_words(told.phase, told.status),
        said=said,
    )


def _source_line(line: wire.SourceLine, where: str) -> DraftLine:
    variant, title = line.item_list_entry.item_variant_id, line.item_list_entry_id
    # Goods without an id are known by the entry of their list, as by a title.
    named = (SOURCE, variant) if variant else goods_names.name("title", title)
    return DraftLine(
        where=where,
        variant=VariantRef(names=(named,)),
        quantity=quantities.told(line.quantity, f"{where}.quantity"),
        price=values.money(line.price, f"{where}.price"),
        currency=values.told_code(line.currency, f"{where}.currency"),
        title=variant or title,
        unit_of_measure=line.unit_of_measure,
        cost=values.money(line.cost, f"{where}.cost"),
        properties=values.json_text(line.properties, f"{where}.properties"),
    )
