"""An inventory in Synq's words; pure."""

from __future__ import annotations

import msgspec

from entrepot.core import ids
from entrepot.core.quantity import ONE
from entrepot.core.results import StockResult
from entrepot.edge.access import Principal
from entrepot.edge.synq.inventory import wire
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.edge.times import seconds_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


def adjusted(principal: Principal, request_id: str) -> Written:
    """How an adjustment is answered: with the ledger entry."""

    def answer(result: StockResult) -> Answer:
        entry = result.entry
        body = wire.StockEntry(
            id=ids.dashed(entry.id),
            org_id=ids.dashed_often(principal.org_id),
            tenant_id=ids.dashed_often(principal.tenant_id),
            variant_id=ids.dashed(entry.variant_id),
            location_id=ids.dashed(entry.location_id),
            quantity_delta=entry.delta // ONE,
            transaction_type="adjustment",
            notes=entry.note,
            created_at=seconds_text(entry.created_at),
        )
        return Answer(200, _encode(body))

    return written(refusal_answer, request_id, StockResult, answer)
