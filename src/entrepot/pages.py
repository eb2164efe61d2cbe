"""The plain pages beside the dialects: health, metrics, documents and their reference."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from sqlalchemy import text

from entrepot import telemetry
from entrepot.edge import reference
from entrepot.settings import Settings
from entrepot.store import migrate
from entrepot.store.engine import Database

Page = Callable[[], Awaitable[tuple[int, str, bytes]]]
_JSON = "application/json"


def pages(database: Database, chosen: Settings) -> dict[str, Page]:
    """Every page by its path."""

    async def live() -> tuple[int, str, bytes]:
        return 200, _JSON, b'{"status":"live"}'

    async def ready() -> tuple[int, str, bytes]:
        try:
            await database.read(lambda conn: conn.execute(text("SELECT 1")).scalar_one())
            revision = await migrate.revision(database)
        except Exception as error:
            telemetry.log.warning("health.not_ready", why=type(error).__name__)
            return 503, _JSON, b'{"status":"not ready","database":"not reachable"}'
        if revision != migrate.head():
            told = {"status": "not ready", "schema": revision, "needed": migrate.head()}
            return 503, _JSON, msgspec.json.encode(told)
        told = {
            "status": "ready", "role": chosen.role, "database": database.dialect,
            "schema": revision,
        }  # fmt: skip
        return 200, _JSON, msgspec.json.encode(told)

    async def metrics() -> tuple[int, str, bytes]:
        return 200, "text/plain; version=0.0.4; charset=utf-8", telemetry.exposition()

    return {
        "/health/live": live,
        "/health/ready": ready,
        "/health": live,
        "/metrics": metrics,
        **reference.pages(),
    }
