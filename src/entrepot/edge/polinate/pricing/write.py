"""Price lists in Polinate's words; pure."""

from __future__ import annotations

import msgspec

from entrepot.core.results import PriceListResult
from entrepot.edge.polinate.pricing import wire
from entrepot.edge.polinate.refusals import refusal_answer
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


def created(request_id: str) -> Written:
    """How the making of a list is answered."""

    def answer(result: PriceListResult) -> Answer:
        entries = [f"ile_{one.hex()}" for one in result.entries]
        made = wire.PricingCreated(True, f"list_{result.price_list.id.hex()}", entries)
        return Answer(201, _encode(made))

    return written(refusal_answer, request_id, PriceListResult, answer)
