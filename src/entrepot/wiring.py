"""Connects the rooms: the only module that constructs them and hands them to each other."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from entrepot import clock, pages, payment_services, sealing, settings, telemetry
from entrepot.clock import new_id, new_request_id, now
from entrepot.core.order import Event
from entrepot.core.webhooks import Webhook
from entrepot.edge import notifications
from entrepot.edge.admission import Admission
from entrepot.edge.app import Application, build_app
from entrepot.edge.asgi import Entrance
from entrepot.edge.dialects import ALL
from entrepot.edge.door import Door
from entrepot.edge.polinate.credentials import business_text
from entrepot.edge.polinate.orders.source import SOURCE, mirror_from_source
from entrepot.edge.protocol import SPARE_CONNECTIONS, deadline_protocol
from entrepot.edge.rate_limit import SharedTokenBuckets
from entrepot.edge.services import Integrations, Services, Unverified
from entrepot.edge.synq.bulk_jobs.read import command_of
from entrepot.ending import in_time
from entrepot.outbox import messages
from entrepot.outbox.integration import Unconfirmed, integration_service
from entrepot.outbox.sending import Result, Sender
from entrepot.pipeline.bulk_jobs import BulkJobs
from entrepot.pipeline.deliveries import Deliveries
from entrepot.pipeline.following import Contacts, Following, Terms
from entrepot.pipeline.holding import Holding
from entrepot.pipeline.lapsing import Lapsing
from entrepot.pipeline.merging import Merging
from entrepot.pipeline.retention import DAY_SECONDS, Retention, RetentionSettings
from entrepot.pipeline.retry import starting_at
from entrepot.pipeline.settings import WorkerSettings
from entrepot.pipeline.steps.outside import Connect, Outside, SourceDialect
from entrepot.pipeline.stock_watch import StockWatch
from entrepot.pipeline.walking import Walking
from entrepot.pipeline.worker import Worker
from entrepot.providers.sandbox import SandboxProvider
from entrepot.settings import Settings
from entrepot.store.engine import Database, Unavailable
from entrepot.store.engines.opening import open_database
from entrepot.store.engines.private_files import readable_by_others
from entrepot.store.keeping import migrate
from entrepot.store.keeping.archive import EventArchive
from entrepot.store.reading.webhooks import ToSend
from entrepot.store.writing import queue
from entrepot.writer.hooks import Hooks
from entrepot.writer.queues import Limits
from entrepot.writer.writer import Writer

OTHER_FILES = 128  # databases, logs and pipes, beside the connections

# How long a command of the operator waits for others who write to the book.
_OPERATOR_SECONDS = 60.0
# Jobs that another process makes are found by looking only: a process that makes none looks often.
_LOOKING_SECONDS = 0.05


def make_writer(database: Database, chosen: Settings, hooks: Hooks | None = None) -> Writer:
    """The door for writes. `hooks`: the pipeline of this process; a command of the operator has
    none. That one sends its own commands alone, so nobody is served sooner if it is refused.
    """
    limits = Limits(chosen.batch_max, chosen.queue_max, chosen.queue_seconds)
    if hooks is None:
        limits = Limits(chosen.batch_max, queue_seconds=_OPERATOR_SECONDS)
    return Writer(database, now=now, new_id=new_id, limits=limits, hooks=hooks)


def make_holding(database: Database, chosen: Settings) -> Holding:
    """The holder of this process's jobs, for its worker."""
    terms = WorkerSettings(
        lease_seconds=chosen.lease_seconds,
        hold_seconds=chosen.hold_seconds,
        calls_max=chosen.provider_calls_max,
        account_calls_max=chosen.account_calls_max,
        drain_seconds=chosen.drain_seconds,
    )
    if chosen.role == "worker":
        terms = terms._replace(busy_seconds=_LOOKING_SECONDS, idle_seconds=_LOOKING_SECONDS)
    return Holding(database, now=now, settings=terms)


def make_services(
    database: Database, writer: Writer, chosen: Settings, shared: str | None = None
) -> Services:
    """The services of the dialects. `shared`: the folder of the server of this process."""
    tokens = None
    if chosen.jwt_issuer:
        # Imported here, because the cryptography it loads is of no use to most installations.
        from entrepot.edge.tokens import TokenVerifier  # noqa: PLC0415

        tokens = TokenVerifier(chosen.jwt_issuer, chosen.jwt_audience, chosen.jwt_jwks)
    rate, buckets = chosen.rate_limit, None
    if shared is not None and rate is not None:
        buckets = SharedTokenBuckets(Path(shared, "rate_limit"), rate)
    admission = Admission(
        database, monotonic=time.monotonic, rate=rate, tokens=tokens, shared_buckets=buckets
    )
    # Who may send webhooks to private addresses may have payment services there, to try them.
    services = payment_services.Accounts(
        sealing.keys_of(chosen.seal_keys), elsewhere=chosen.webhooks_private
    )
    return Services(
        database, writer, admission, chosen.sandbox, chosen.cell, chosen.webhooks_private,
        make_integrations(chosen), provider_accounts=services,
        seal_secret=partial(sealing.seal_secret, sealing.keys_of(chosen.seal_keys)),
    )  # fmt: skip


def make_integrations(chosen: Settings) -> Integrations:
    """The integration service, as the settings tell it."""
    told = Integrations(
        chosen.integration_url.rstrip("/"), chosen.integration_workspace,
        chosen.integration_secret.encode(), trusts_clients=chosen.integration_trusts_clients,
    )  # fmt: skip
    service = integration_service(told.url, chosen.integration_key, chosen.integration_private)
    if service is None:
        return told

    async def provider(name: str) -> str:
        try:
            return await service.provider(name)
        except Unconfirmed as error:
            raise Unverified(str(error)) from error

    return told._replace(provider=provider, close=service.close)


def make_connectors(database: Database, chosen: Settings) -> Mapping[str, Connect]:
    """For each payment service a function that connects to the service for one account."""
    keys = sealing.keys_of(chosen.seal_keys)
    return payment_services.connectors(database, keys, chosen.account_calls_max)


def open_sandbox(chosen: Settings) -> SandboxProvider:
    """The sandbox, its ledger opened. A ledger that cannot be opened is logged, in words.

    The server starts all the same: orders are accepted, and wait for the ledger.
    """
    sandbox = SandboxProvider(chosen.sandbox_ledger)
    fault = sandbox.open()
    if fault is not None:
        path = f"{settings.PREFIX}SANDBOX_LEDGER={chosen.sandbox_ledger}"
        telemetry.log.error("sandbox.ledger_unusable", why=fault, setting=path)
    elif readable_by_others(Path(chosen.sandbox_ledger)):
        telemetry.log.warning(
            "sandbox.ledger_readable_by_others", path=chosen.sandbox_ledger, remedy="chmod 600"
        )
    return sandbox


def make_outside(database: Database, chosen: Settings) -> Outside:
    """The payment services, for a command that asks them without a worker."""
    sandbox = SandboxProvider(chosen.sandbox_ledger)
    dialect = SourceDialect(SOURCE, business_text, mirror_from_source)
    return Outside(make_connectors(database, chosen), sandbox, database, dialect)


async def make_worker(
    holding: Holding, writer: Writer, sandbox: SandboxProvider, chosen: Settings
) -> Worker:
    """The pipeline's worker. The sandbox answers for providers without an account, unless off."""
    return Worker(
        holding,
        writer,
        providers=make_connectors(holding.database, chosen),
        sandbox=sandbox,
        dialect=SourceDialect(SOURCE, business_text, mirror_from_source),
        stands_in=chosen.sandbox,
        secret=await migrate.install_secret(holding.database),
        policies=starting_at(chosen.retry_seconds),
        shops=integration_service(
            chosen.integration_url, chosen.integration_key, chosen.integration_private
        ),
    )


def make_retention(database: Database, chosen: Settings) -> Retention:
    """The remover of old rows. Raises SettingsError if nothing can be written to the archive."""
    archive = None
    if chosen.events_days is not None:
        archive = EventArchive(Path(chosen.archive_dir))
        try:
            archive.prepare()
        except OSError as error:
            named = f"{settings.PREFIX}ARCHIVE_DIR={chosen.archive_dir!r}"
            raise settings.SettingsError(f"{named}: {error}") from error
    keys, events, addresses = (
        None if days is None else days * DAY_SECONDS
        for days in (chosen.idempotency_days, chosen.events_days, chosen.click_address_days)
    )
    periods = RetentionSettings(keys, events, addresses)
    return Retention(database, now=now, settings=periods, archive=archive)


def make_walks(
    database: Database, writer: Writer, worker: Worker, chosen: Settings
) -> list[Walking]:
    """The walks of a process that runs the pipeline, beside the orders."""
    sender = Sender(private=chosen.webhooks_private)
    keys = sealing.keys_of(chosen.seal_keys)

    async def send(webhook: Webhook, event: Event, beside: ToSend) -> Result:
        body = messages.message(event, webhook.format, beside)
        try:
            secret = sealing.open_secret(keys, webhook.org, webhook.secret)
        except sealing.Unsealable as why:
            return Result(None, f"the webhook's secret: {why}")
        return await sender.send(webhook.url, secret, messages.message_id(event), body)

    # Orders are merged by what the reader of contacts has read.
    contacts, merging = Contacts(database, now=now), Merging(database, writer, SOURCE)
    return [
        Lapsing(database, writer, worker.service, now=now),
        StockWatch(database, writer, now=now),
        BulkJobs(database, writer, command_of, now=now),
        Deliveries(database, writer, send, sender.close, now=now),
        Following(database, [contacts, Terms(database, writer), merging], now=now),
    ]


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


def application(shared: str | None = None) -> Application:
    """The whole server as one ASGI application, by the settings of the environment.

    `shared`: where this is one process of several, the folder that they share.
    """
    chosen = settings.load()
    telemetry.set_up_logging(chosen.log_level)
    database = open_database(
        chosen.database_url, chosen.database_pool, pooler=chosen.database_pooler
    )
    holding = make_holding(database, chosen) if chosen.role != "api" else None
    writer = make_writer(database, chosen, holding)
    services = make_services(database, writer, chosen, shared)
    retention = make_retention(database, chosen) if chosen.role != "api" else None

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
            sandbox = open_sandbox(chosen)
            worker = await make_worker(holding, writer, sandbox, chosen)
            running = asyncio.create_task(worker.run(), name="pipeline")
            walks += make_walks(database, writer, worker, chosen)
        walking = [asyncio.create_task(walk.run(), name="walk") for walk in walks]
        timing = asyncio.create_task(clock.BOOK.keep(database), name="clock")
        # The objects that exist now stay, so the collector need not walk them again and again. To
        # collect them first takes 50 ms, and finds half a megabyte at most.
        gc.freeze()
        # Arrays of orders make tens of thousands for a moment; these go without it as well.
        gc.set_threshold(100_000, 20, 50)
        try:
            yield
        finally:
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
        others=_notified(services, chosen) if dialects else {},
    )  # fmt: skip
    if dialects:
        app.door = Door(writer, dialects, new_request_id)
    return app


def _notified(services: Services, chosen: Settings) -> Mapping[str, Entrance]:
    """The entrance for notifications of payment services, by its path."""
    keys = sealing.keys_of(chosen.seal_keys)
    read = payment_services.Notifications(services.database, keys).read
    known = frozenset(payment_services.PROVIDERS)
    return {notifications.PATH: notifications.entrance(services, read, known, new_request_id)}


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
