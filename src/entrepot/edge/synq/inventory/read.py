"""Synq's requests about an inventory into commands; pure."""

from __future__ import annotations

import msgspec

from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.quantity import whole
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import prefixes
from entrepot.edge.access import Principal
from entrepot.edge.strict_json import InvalidJson, whole_number
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.inventory import wire
from entrepot.writer.envelope import Idempotency
from entrepot.writer.idempotency import fingerprint

ADJUST_STOCK: msgspec.json.Decoder[wire.AdjustStock] = msgspec.json.Decoder(wire.AdjustStock)


def adjust_stock(
    body: wire.AdjustStock, key: str | None, principal: Principal
) -> tuple[AdjustStock, Idempotency | None]:
    """The command, and its key if it has one; the delta is a signed 32-bit integer."""
    variant_id = uuid(body.variant_id, "variant_id", *prefixes.VARIANT)
    location_id = uuid(body.location_id, "location_id")
    try:
        delta = whole_number(body.quantity_delta, "quantity_delta")
    except InvalidJson as error:
        raise refuse(Reason.INVALID, error.problem, error.path) from error
    if not -(2**31) <= delta < 2**31:
        raise refuse(Reason.INVALID, "must be a 32-bit integer", "quantity_delta")
    command = AdjustStock(
        principal.org, variant_id, location_id, whole(delta), "API Adjustment", source="synq"
    )
    if key is None:
        return command, None
    covered = fingerprint((variant_id, location_id, str(delta).encode()))
    parts = ("variant_id", "location_id", "quantity_delta")
    return command, Idempotency(key, "synq.adjustInventory", parts, covered)
