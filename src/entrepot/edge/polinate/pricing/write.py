"""Price lists in Polinate's words; pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from entrepot.core.refusal import Refusal
from entrepot.core.results import PriceListResult, Result
from entrepot.edge.polinate.pricing import wire
from entrepot.edge.polinate.refusals import refusal_answer
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


def created(request_id: str) -> Callable[[Result | Refusal], Answer]:
    """How the making of a list is answered."""

    def answer(result: Result | Refusal) -> Answer:
        if isinstance(result, Refusal):
            return refusal_answer(result, request_id)
        assert isinstance(result, PriceListResult)
        entries = [f"ile_{one.hex()}" for one in result.entries]
        made = wire.PricingCreated(True, f"list_{result.price_list.id.hex()}", entries)
        return Answer(201, _encode(made))

    return answer
