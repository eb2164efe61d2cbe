"""Synq's requests about categories and other taxa into commands; pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.json import Decoder

from entrepot.core import taxonomy
from entrepot.core.decide.classify import MakeTaxon
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.access import Principal
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.taxonomy import wire

_NAMED: Decoder[wire.Body] = Decoder(wire.MakeNamed)
#: How the body of each kind is read.
BODIES: Mapping[str, Decoder[wire.Body]] = {
    taxonomy.CATEGORY: Decoder(wire.MakeCategory),
    taxonomy.BRAND: Decoder(wire.MakeBrand),
    taxonomy.ATTRIBUTE: Decoder(wire.MakeAttribute),
    taxonomy.ATTRIBUTE_GROUP: _NAMED,
    taxonomy.TEMPLATE: _NAMED,
}


def make_taxon(kind: str, body: wire.Body, principal: Principal) -> MakeTaxon:
    """The command. Empty texts are as none."""
    made = MakeTaxon(principal.org, "synq", kind, body.name, body.slug or None)
    if isinstance(body, wire.MakeAttribute):
        return made._replace(type=body.type or None)
    made = made._replace(description=body.description or None)
    if isinstance(body, wire.MakeCategory):
        parent = _either(body.parent, body.parent_id, "parentId", "parent_id")
        return made._replace(parent_id=None if parent is None else uuid(parent, "parentId"))
    if isinstance(body, wire.MakeBrand):
        return made._replace(logo_url=_either(body.logo, body.logo_url, "logoUrl", "logo_url"))
    return made


def _either(first: str | None, second: str | None, name: str, other: str) -> str | None:
    """The value that was told by one of two names. Refused: two values."""
    if first and second and first != second:
        raise refuse(Reason.INVALID, f"{other} says something else", name)
    return first or second or None
