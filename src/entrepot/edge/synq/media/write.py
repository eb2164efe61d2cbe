"""Media in Synq's words; pure."""

from __future__ import annotations

import msgspec

from entrepot.core import ids, media
from entrepot.core.results import MediumResult
from entrepot.edge.access import Principal
from entrepot.edge.synq.media import wire
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.edge.times import seconds_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

encode = msgspec.json.Encoder().encode


def medium(one: media.Medium, principal: Principal) -> wire.Medium:
    """A medium."""
    return wire.Medium(
        id=ids.dashed(one.id),
        org_id=ids.dashed_often(principal.org_id),
        tenant_id=ids.dashed_often(principal.tenant_id),
        product_id=None if one.product_id is None else ids.dashed(one.product_id),
        variant_id=None if one.variant_id is None else ids.dashed(one.variant_id),
        url=one.url,
        alt_text=one.alt_text,
        sort_order=one.sort_order,
        created_at=seconds_text(one.created_at),
        updated_at=seconds_text(one.updated_at),
    )


def added(principal: Principal, request_id: str) -> Written:
    """How the adding is answered: with the medium."""

    def answer(result: MediumResult) -> Answer:
        return Answer(201, encode(medium(result.medium, principal)))

    return written(refusal_answer, request_id, MediumResult, answer)
