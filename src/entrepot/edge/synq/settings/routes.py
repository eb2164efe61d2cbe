"""Synq's settings: the path table, and the lines that connect reading, the writer or a question,
and writing."""

from __future__ import annotations

from entrepot.core.refusal import Reason, refuse
from entrepot.edge import known, read_only
from entrepot.edge.access import ADMINS
from entrepot.edge.dialect import MIB, Call, Operation, Response
from entrepot.edge.synq.documented import BODY_ERRORS, ERRORS, HEADERS
from entrepot.edge.synq.settings import read, wire, write
from entrepot.edge.synq.wire import Error
from entrepot.store.reading import stock_settings
from entrepot.writer.envelope import Answer

_PATH = "/api/v1/settings/tenant"


async def get_settings(call: Call) -> Answer:
    """Answer with the settings. Refused: where nobody has told any."""
    found = await call.read(stock_settings.told)
    if found is None:
        raise refuse(Reason.NO_SUCH_ROUTE, "The settings were never told; PUT tells them.")
    return write.answer_of(found.settings, call.principal, hard=found.hard)


async def put_settings(call: Call) -> Answer:
    """Replace all settings."""
    body, rest = await call.parsed(lambda body: known.with_rest(body, read.CHANGE))
    command = read.run_stock(body, call.principal)
    answer = await call.submit(command, write.changed(call.principal, call.request_id))
    return await read_only.told(call, read_only.of_thing(rest, rest), answer)


OPERATIONS = (
    Operation(
        method="GET", path=_PATH, operation_id="getTenantSettings",
        summary="Get the tenant's settings", handler=get_settings, tag="Settings",
        parameters=HEADERS,
        responses={200: Response("The settings", wire.Settings), **ERRORS,
                   404: Response("Nobody has told settings yet", Error)},
    ),
    Operation(
        method="PUT", path=_PATH, operation_id="putTenantSettings",
        summary="Replace the tenant's settings", handler=put_settings, access=ADMINS,
        tag="Settings", parameters=HEADERS, body=wire.ChangeSettings, body_max=MIB,
        responses={200: Response("The settings as they now are", wire.Settings, ("Warning",)),
                   **BODY_ERRORS},
    ),
)  # fmt: skip
