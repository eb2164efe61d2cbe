"""Synq's requests about media into commands; pure."""

from __future__ import annotations

import msgspec

from entrepot.core.decide.illustrate import AddMedium
from entrepot.edge import prefixes
from entrepot.edge.access import Principal
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.media import wire

ADD: msgspec.json.Decoder[wire.AddMedium] = msgspec.json.Decoder(wire.AddMedium)


def add_medium(body: wire.AddMedium, principal: Principal) -> AddMedium:
    """The command. Its place is 0 unless told."""
    return AddMedium(
        principal.org,
        "synq",
        body.url.strip(),
        _named(body.product_id, "product_id", *prefixes.PRODUCT),
        _named(body.variant_id, "variant_id", *prefixes.VARIANT),
        body.alt_text or None,
        body.sort_order or 0,
    )


def _named(told: str | None, field: str, *known: str) -> bytes | None:
    return uuid(told, field, *known) if told else None
