"""Who is connected to whom: the only place that constructs the rooms and hands them each other."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from litestar import Litestar

from entrepot import pages, settings, telemetry
from entrepot.clock import new_id, new_request_id, now
from entrepot.edge.admission import Admission
from entrepot.edge.app import build_app
from entrepot.edge.dialect import Services
from entrepot.edge.dialects import ALL
from entrepot.edge.polinate.read import mirror_from_source
from entrepot.edge.protocol import deadline_protocol
from entrepot.edge.tokens import TokenVerifier
from entrepot.pipeline.retry import starting_at
from entrepot.pipeline.worker import Worker, WorkerSettings
from entrepot.providers.sandbox import SandboxProvider
from entrepot.settings import Settings
from entrepot.store import migrate
from entrepot.store.engine import Database, open_database
from entrepot.writer.writer import Limits, Writer


def make_writer(database: Database, chosen: Settings) -> Writer:
    """The door for writes."""
    limits = Limits(chosen.batch_max, chosen.queue_max)
    return Writer(database, now=now, new_id=new_id, limits=limits)


def make_services(database: Database, writer: Writer, chosen: Settings) -> Services:
    """What the dialects work with."""
    tokens = None
    if chosen.jwt_issuer:
        tokens = TokenVerifier(chosen.jwt_issuer, chosen.jwt_audience, chosen.jwt_jwks)
    admission = Admission(database, monotonic=time.monotonic, rate=chosen.rate_limit, tokens=tokens)
    return Services(database, writer, admission)


async def make_worker(
    database: Database, writer: Writer, sandbox: SandboxProvider, chosen: Settings
) -> Worker:
    """The pipeline's worker. Every provider name without credentials is answered by the sandbox."""
    return Worker(
        database,
        writer,
        providers={},
        sandbox=sandbox,
        fetch_reader=mirror_from_source,
        secret=await migrate.install_secret(database),
        now=now,
        settings=WorkerSettings(
            lease_seconds=chosen.lease_seconds,
            hold_seconds=chosen.hold_seconds,
            calls_max=chosen.provider_calls_max,
            drain_seconds=chosen.drain_seconds,
        ),
        policies=starting_at(chosen.retry_seconds),
    )


def application() -> Litestar:
    """The whole server as one ASGI application, by the settings of the environment."""
    chosen = settings.load()
    telemetry.set_up_logging(chosen.log_level)
    database = open_database(chosen.database_url, chosen.database_pool)
    writer = make_writer(database, chosen)
    services = make_services(database, writer, chosen)

    @asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        if chosen.migrate:
            await migrate.upgrade(database)
        worker, running, sandbox = None, None, None
        if chosen.role != "api":
            sandbox = SandboxProvider(chosen.sandbox_ledger)
            worker = await make_worker(database, writer, sandbox, chosen)
            running = asyncio.create_task(worker.run(), name="pipeline")
        # What is there now stays: the collector need not walk it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        try:
            yield
        finally:
            if worker is not None and running is not None:
                await worker.stop()
                await running
            await writer.drain()
            if sandbox is not None:
                await sandbox.close()
            await database.close()

    dialects = () if chosen.role == "worker" else ALL
    return build_app(
        services, dialects, pages.pages(database, chosen), new_request_id, lifespan=lifespan
    )


def server_config(host: str, port: int, chosen: Settings, **more: Any) -> uvicorn.Config:
    """How uvicorn serves the application: receive deadlines, a bounded drain, no access log."""
    return uvicorn.Config(
        "entrepot.wiring:application",
        factory=True,
        host=host,
        port=port,
        loop="uvloop",
        http=deadline_protocol(chosen.headers_seconds, chosen.body_seconds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=2048,
        timeout_graceful_shutdown=int(chosen.drain_seconds),
        **more,
    )
