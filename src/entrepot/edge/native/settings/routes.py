"""The native API's settings: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

import msgspec

from entrepot.core import actor, scopes
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import Result, SettingsResult
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.native import bodies
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.documented import BODY_ERRORS, ERRORS, KEY, REPLAYED
from entrepot.edge.native.refusals import refusal_answer
from entrepot.edge.native.settings import wire
from entrepot.store import accounts
from entrepot.store.reading import stock_settings
from entrepot.writer.envelope import Answer

_CHANGE = bodies.decoder(wire.ChangeSettings)


async def get_settings(call: Call) -> Answer:
    """Answer with the organization's settings."""
    bodies.no_query(call)
    chosen = await call.read(accounts.settings_chosen)
    run = await call.read(stock_settings.run)
    return Answer(200, msgspec.json.encode(wire.settings(chosen, run.settings, hard=run.hard)))


async def change_settings(call: Call) -> Answer:
    """Change settings; what was decided by the ones before stays."""
    bodies.no_query(call)
    told, body = await bodies.read(call, _CHANGE)
    added = (("lapsing",), ("attribution_days",), ("invoices",), ("merging",), ("stock",))
    key = bodies.keyed(call, "changeSettings", ("capture",), body, added=added)

    def answer(result: Result | Refusal) -> Answer:
        if isinstance(result, Refusal):
            return refusal_answer(_named(result), call.request_id)
        assert isinstance(result, SettingsResult)
        now = wire.settings(result.settings, result.stock, hard=result.hard)
        return Answer(200, msgspec.json.encode(now))

    stock = None if told.stock is None else _run_stock(told.stock, call)
    command = ChangeSettings(
        call.principal.org, told.capture, told.lapsing, told.attribution_days, told.invoices,
        told.merging, NAME, stock,
    )  # fmt: skip
    return await call.submit(command, answer, key)


def _named(refusal: Refusal) -> Refusal:
    """The refusal with the name that the allocation has here."""
    if refusal.reason is not Reason.OUT_OF_STOCK:
        return refusal
    return Refusal(refusal.reason, refusal.detail, "stock.allocation")


def _run_stock(told: wire.ChangeStock, call: Call) -> RunStock:
    by = actor.credential_id(call.principal.actor)
    return RunStock(
        call.principal.org, NAME, told.allocation, told.low_stock_threshold, told.auto_po,
        told.costing, by,
    )  # fmt: skip


OPERATIONS = (
    Operation(
        method="GET", path="/v1/settings", operation_id="getSettings", summary="Get the settings",
        handler=get_settings, access=Scoped(scopes.SETTINGS_READ), tag="Settings",
        responses={200: Response("The settings", wire.Settings), **ERRORS},
    ),
    Operation(
        method="PATCH", path="/v1/settings", operation_id="changeSettings",
        summary="Change the settings", handler=change_settings,
        access=Scoped(scopes.SETTINGS_WRITE), tag="Settings", parameters=(KEY,),
        body=wire.ChangeSettings,
        responses={200: Response("The settings as they now are", wire.Settings, REPLAYED),
                   **BODY_ERRORS},
    ),
)  # fmt: skip
