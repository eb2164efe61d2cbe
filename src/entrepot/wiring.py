"""Connects the rooms: the only module that constructs them and hands them to each other."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from entrepot import payment_services, sealing, settings, telemetry
from entrepot.clock import new_id, new_request_id, now
from entrepot.core.order import Event
from entrepot.core.webhooks import Webhook
from entrepot.edge import notifications
from entrepot.edge.admission import Admission
from entrepot.edge.asgi import Entrance
from entrepot.edge.polinate.credentials import business_text
from entrepot.edge.polinate.orders.source import SOURCE, mirror_from_source
from entrepot.edge.rate_limit import SharedTokenBuckets
from entrepot.edge.services import Integrations, Services, Unverified
from entrepot.edge.synq.bulk_jobs.read import command_of
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
from entrepot.store.engine import Database
from entrepot.store.engines.private_files import readable_by_others
from entrepot.store.keeping import migrate
from entrepot.store.keeping.archive import EventArchive
from entrepot.store.reading.webhooks import ToSend
from entrepot.writer.hooks import Hooks
from entrepot.writer.queues import Limits
from entrepot.writer.writer import Writer

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
    # The setting that allows webhooks to private addresses allows payment services there too.
    services = payment_services.Accounts(
        sealing.keys_of(chosen.seal_keys), elsewhere=chosen.webhooks_private
    )
    return Services(
        database, writer, admission, chosen.sandbox, chosen.cell, chosen.webhooks_private,
        make_integrations(chosen), provider_accounts=services,
        seal_secret=partial(sealing.seal_secret, sealing.keys_of(chosen.seal_keys)),
        renew_secret=partial(sealing.renewed_secret, sealing.keys_of(chosen.seal_keys)),
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
            opened = sealing.open_secret(keys, webhook.org, webhook.secret)
        except sealing.Unsealable as why:
            return Result(None, f"the webhook's secret: {why}")
        signing = sealing.secrets_of(opened, now())
        return await sender.send(webhook.url, signing, messages.message_id(event), body)

    # Orders are merged by what the reader of contacts has read.
    contacts, merging = Contacts(database, now=now), Merging(database, writer, SOURCE)
    return [
        Lapsing(database, writer, worker.service, now=now),
        StockWatch(database, writer, now=now),
        BulkJobs(database, writer, command_of, now=now),
        Deliveries(database, writer, send, sender.close, now=now),
        Following(database, [contacts, Terms(database, writer), merging], now=now),
    ]


def make_notified(services: Services, chosen: Settings) -> Mapping[str, Entrance]:
    """The entrance for notifications of payment services, by its path."""
    keys = sealing.keys_of(chosen.seal_keys)
    read = payment_services.Notifications(services.database, keys).read
    known = frozenset(payment_services.PROVIDERS)
    return {notifications.PATH: notifications.entrance(services, read, known, new_request_id)}
