"""The plain pages beside the dialects: health, metrics, documents and their reference."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from entrepot import telemetry
from entrepot.edge import reference
from entrepot.settings import Settings
from entrepot.store.engine import Database, Unavailable
from entrepot.store.engines import readiness
from entrepot.store.keeping import migrate

Page = Callable[[], Awaitable[tuple[int, str, bytes]]]
_JSON = "application/json"


def pages(database: Database, chosen: Settings) -> dict[str, Page]:
    """Every page by its path."""

    async def live() -> tuple[int, str, bytes]:
        return 200, _JSON, b'{"status":"live"}'

    async def ready() -> tuple[int, str, bytes]:
        try:
            revision = await migrate.revision(database)
        except Unavailable as error:
            return _not_ready(error.fault or "not reachable")
        except Exception as error:
            telemetry.log.warning("health.not_ready", why=type(error).__name__)
            return _not_ready("not reachable")
        if revision != migrate.head():
            told = {"status": "not ready", "schema": revision, "needed": migrate.head()}
            return 503, _JSON, msgspec.json.encode(told)
        fault = await readiness.fault(database)
        if fault is not None:
            return _not_ready(fault)
        told = {
            "status": "ready", "role": chosen.role, "database": database.dialect,
            "schema": revision,
        }  # fmt: skip
        return 200, _JSON, msgspec.json.encode(told)

    async def metrics() -> tuple[int, str, bytes]:
        return 200, "text/plain; version=0.0.4; charset=utf-8", telemetry.exposition()

    listed: dict[str, Page] = {
        "/health/live": live, "/health/ready": ready, "/health": live, **reference.pages(),
    }  # fmt: skip
    if not chosen.metrics_address:
        listed["/metrics"] = metrics
    return listed


def _not_ready(database: str) -> tuple[int, str, bytes]:
    told = {"status": "not ready", "database": database}
    return 503, _JSON, msgspec.json.encode(told)
