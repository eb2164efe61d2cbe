"""A process that serves: how it begins, what it runs beside the requests, and how it ends.

The module wiring makes the parts, and knows which part is handed to which.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import resource
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import uvicorn

from entrepot import clock, pages, settings, telemetry, wiring
from entrepot.clock import new_request_id
from entrepot.edge.app import Application, build_app
from entrepot.edge.dialects import ALL
from entrepot.edge.door import Door
from entrepot.edge.protocol import SPARE_CONNECTIONS, deadline_protocol
from entrepot.edge.services import Services
from entrepot.ending import in_time
from entrepot.pipeline.walking import Walking
from entrepot.providers.sandbox import SandboxProvider
from entrepot.settings import Settings
from entrepot.store.engine import Database, Unavailable
from entrepot.store.engines.opening import open_database
from entrepot.store.keeping import migrate
from entrepot.store.schema import readable
from entrepot.store.writing import queue

OTHER_FILES = 128  # databases, logs and pipes, beside the connections


async def free_jobs(database: Database) -> None:
    """End the leases of the process before: a book that takes one process has no other now."""
    freed = await database.write(queue.end_leases)
    if freed:
        telemetry.log.warning("pipeline.leases_ended", jobs=freed)


async def begin_serving(database: Database, chosen: Settings) -> None:
    """Open the book as a server. A full disk does not keep the server from answering reads."""
    try:
        if await migrate.revision(database) == migrate.head():
            await database.see_to_durability()
            await clock.BOOK.look(database)
            await database.begin_serving()
            if chosen.role != "api" and database.side_by_side == 1:
                await free_jobs(database)
        database.reading.tells = database.writing.tells = True  # also where the schema is another
    except Unavailable as error:
        if not error.passing:
            raise


async def let_go(services: Services, sandbox: SandboxProvider | None) -> None:
    """Close what a server holds, once nothing is under way."""
    if sandbox is not None:
        await sandbox.close()
    await services.integrations.close()
    await services.database.close()


def end_with_parent() -> None:
    """Drain when the process that started this one for its server is gone.

    Otherwise nobody would stop this process, and the next server could not have its address.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    loop, sentinel = asyncio.get_running_loop(), parent.sentinel

    def gone() -> None:
        loop.remove_reader(sentinel)
        telemetry.log.error("server.parent_gone", pid=os.getpid())
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(sentinel, gone)


def _collect_seldom() -> None:
    # The objects that exist now stay, so the collector need not walk them again and again. To
    # collect them first takes 50 ms, and finds half a megabyte at most.
    gc.freeze()
    # An array of orders makes tens of thousands of objects for a moment, and they go by themselves:
    # the collector is to look less often.
    gc.set_threshold(100_000, 20, 50)


def application(shared: str | None = None) -> Application:
    """The whole server as one ASGI application, by the settings of the environment.

    `shared`: where this is one process of several, the folder that they share.
    """
    chosen = settings.load()
    telemetry.set_up_logging(chosen.log_level)
    database = open_database(
        chosen.database_url, chosen.database_pool, pooler=chosen.database_pooler
    )
    holding = wiring.make_holding(database, chosen) if chosen.role != "api" else None
    writer = wiring.make_writer(database, chosen, holding)
    services = wiring.make_services(database, writer, chosen, shared)
    retention = wiring.make_retention(database, chosen) if chosen.role != "api" else None

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        end_with_parent()
        await migrate.reached(database)
        if chosen.migrate:
            await migrate.upgrade(database)
        await begin_serving(database, chosen)
        worker, running, sandbox = None, None, None
        walks: list[Walking] = [] if retention is None else [retention]
        if holding is not None:
            sandbox = wiring.open_sandbox(chosen)
            worker = await wiring.make_worker(holding, writer, sandbox, chosen)
            running = asyncio.create_task(worker.run(), name="pipeline")
            walks += wiring.make_walks(database, writer, worker, chosen)
        walking = [asyncio.create_task(walk.run(), name="walk") for walk in walks]
        timing = asyncio.create_task(clock.BOOK.keep(database), name="clock")
        _collect_seldom()
        readable.trust.rows = True
        try:
            yield
        finally:
            readable.doubt()
            with in_time(chosen.drain_seconds):
                for walk in walks:
                    walk.stop()
                await asyncio.gather(*walking)
                if worker is not None and running is not None:
                    await worker.stop()
                    await running
                await writer.drain()
                timing.cancel()
                await let_go(services, sandbox)

    dialects = () if chosen.role == "worker" else ALL
    app = build_app(
        services, dialects, pages.pages(database, chosen), new_request_id, lifespan=lifespan,
        tokens={"/metrics": chosen.metrics_token} if chosen.metrics_token else {},
        others=wiring.make_notified(services, chosen) if dialects else {},
    )  # fmt: skip
    if dialects:
        app.door = Door(writer, dialects, new_request_id)
    return app


def open_files(connections: int) -> int:
    """Raise this process's limit of open files for this many connections. Returns how many there
    may be.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + SPARE_CONNECTIONS + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        connections = max(1, min(connections, soft - SPARE_CONNECTIONS - OTHER_FILES))
    return connections


def server_config(
    host: str, port: int, chosen: Settings, shared: str | None = None, **more: Any
) -> uvicorn.Config:
    """How uvicorn serves the application: receive deadlines, a bounded drain, no access log."""
    return uvicorn.Config(
        partial(application, shared),
        factory=True,
        host=host,
        port=port,
        loop="uvloop",
        http=deadline_protocol(
            chosen.headers_seconds, chosen.body_seconds, open_files(chosen.connections_max)
        ),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=2048,
        timeout_graceful_shutdown=int(chosen.drain_seconds),
        **more,
    )
