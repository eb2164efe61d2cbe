"""Settings in Synq's words; pure."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from entrepot.core import ids
from entrepot.core.results import StockSettingsResult
from entrepot.core.stock_settings import StockSettings
from entrepot.edge.access import Principal
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.edge.synq.settings import wire
from entrepot.edge.times import seconds_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


def answer_of(settings: StockSettings, principal: Principal, *, hard: bool) -> Answer:
    """The settings, answered."""
    body = wire.Settings(
        id=ids.dashed(settings.id),
        org_id=ids.dashed_often(principal.org_id),
        tenant_id=ids.dashed_often(principal.tenant_id),
        inventory_allocation_model="HARD" if hard else "SOFT",
        auto_po_enabled=settings.auto_po,
        default_low_stock_threshold=settings.low_stock_threshold,
        costing_method=settings.costing,
        created_at=seconds_text(settings.created_at),
        updated_at=seconds_text(settings.updated_at),
        updated_by=UNSET if settings.updated_by is None else ids.dashed(settings.updated_by),
    )
    return Answer(200, _encode(body))


def changed(principal: Principal, request_id: str) -> Written:
    """How a change of settings is answered: with the settings as they now are."""

    def answer(result: StockSettingsResult) -> Answer:
        return answer_of(result.settings, principal, hard=result.hard)

    return written(refusal_answer, request_id, StockSettingsResult, answer)
