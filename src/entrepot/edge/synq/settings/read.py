"""Synq's requests about settings into commands; pure."""

from __future__ import annotations

import msgspec

from entrepot.core import actor
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.naming import capitals
from entrepot.core.refusal import Reason, refuse
from entrepot.core.stock_settings import DEFAULT_ALLOCATION, DEFAULT_COSTING
from entrepot.edge.access import Principal
from entrepot.edge.strict_json import InvalidJson, whole_number
from entrepot.edge.synq.settings import wire

CHANGE: msgspec.json.Decoder[wire.ChangeSettings] = msgspec.json.Decoder(wire.ChangeSettings)
_THRESHOLD = "default_low_stock_threshold"


def run_stock(body: wire.ChangeSettings, principal: Principal) -> RunStock:
    """The command. All settings are replaced: what is absent is as it is by default, and 0."""
    return RunStock(
        principal.org,
        "synq",
        _word(body.inventory_allocation_model) or DEFAULT_ALLOCATION,
        _threshold(body.default_low_stock_threshold),
        bool(body.auto_po_enabled),
        _word(body.costing_method) or DEFAULT_COSTING,
        actor.credential_id(principal.actor),
    )


def _word(told: str | None) -> str:
    """A word in capitals, without blanks around it; empty where none was told."""
    return capitals((told or "").strip())


def _threshold(told: msgspec.Raw) -> int:
    if bytes(told) in (b"", b"null"):
        return 0
    try:
        return whole_number(told, _THRESHOLD)
    except InvalidJson as error:
        raise refuse(Reason.INVALID, error.problem, error.path) from error
