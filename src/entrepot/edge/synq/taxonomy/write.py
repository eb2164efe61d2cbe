"""Categories, brands, attributes, groups and templates in Synq's words; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from entrepot.core import ids, taxonomy
from entrepot.core.results import TaxonResult
from entrepot.core.taxonomy import Taxon
from entrepot.edge.access import Principal
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.edge.synq.taxonomy import wire
from entrepot.edge.times import seconds_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

encode = msgspec.json.Encoder().encode
_SHAPES: Mapping[str, type[wire.Shape]] = {
    taxonomy.CATEGORY: wire.Category,
    taxonomy.BRAND: wire.Brand,
    taxonomy.ATTRIBUTE: wire.Attribute,
    taxonomy.ATTRIBUTE_GROUP: wire.Named,
    taxonomy.TEMPLATE: wire.Named,
}


def taxon(one: Taxon, principal: Principal) -> wire.Shape:
    """The entry in the shape of its kind."""
    told: dict[str, Any] = {
        "id": ids.dashed(one.id),
        "org_id": ids.dashed_often(principal.org_id),
        "tenant_id": ids.dashed_often(principal.tenant_id),
        "parent_id": None if one.parent_id is None else ids.dashed(one.parent_id),
        "name": one.name,
        "slug": one.slug,
        "description": one.description,
        "logo_url": one.logo_url,
        "type": one.type,
        "created_at": seconds_text(one.created_at),
        "updated_at": seconds_text(one.updated_at),
    }
    shape = _SHAPES[one.kind]
    return shape(**{name: told[name] for name in shape.__struct_fields__})


def made(principal: Principal, request_id: str) -> Written:
    """How the making is answered: with what was made."""

    def answer(result: TaxonResult) -> Answer:
        return Answer(201, encode(taxon(result.taxon, principal)))

    return written(refusal_answer, request_id, TaxonResult, answer)
