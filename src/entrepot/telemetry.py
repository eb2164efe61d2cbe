"""Logs and metrics. A log line is structured, and has no secret and no personal data."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from bisect import bisect_left
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from entrepot.plain_logs import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# The processes of one server keep their metrics in files of this folder, so each process can tell
# the metrics of all. prometheus_client reads the variable when it is imported.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

registry = CollectorRegistry()
log: Any = structlog.get_logger("entrepot")

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class _Level:
    """Whether debug lines are written: asked for every order, and structlog takes a while to say
    so.
    """

    debugging = False


_level = _Level()


class _StandardError:
    """Standard error as it is now. A failure to write a line is ignored: orders go on."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def without_values(_logger: object, _method: str, event: Any) -> Any:
    """A log processor: it logs an exception and its causes by type and traceback, without text.

    The text of a database's exception contains the row that was refused.
    """
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    parts: list[str] = []
    seen: list[BaseException] = []
    while isinstance(error, BaseException) and error not in seen:
        seen.append(error)
        parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
        error = error.__cause__ or error.__context__
    if parts:
        event["exception"] = "\n\nbecause of\n\n".join(parts)
    return event


def set_up_logging(level: str = "info") -> None:
    """Log this level and above to standard error: as text on a terminal, otherwise as JSON."""
    written: Any = structlog.processors.JSONRenderer()
    if sys.stderr.isatty():
        written = structlog.dev.ConsoleRenderer(colors="NO_COLOR" not in os.environ)
    set_debugging(on=level.upper() == "DEBUG")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_values,
            written,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _StandardError())),
        cache_logger_on_first_use=True,
    )


def is_debugging() -> bool:
    """Whether debug lines are written. Code that logs every order asks first, to save the cost."""
    return _level.debugging


def set_debugging(*, on: bool) -> None:
    """Say whether debug lines are written, without setting up what writes them."""
    _level.debugging = on


class Committed(NamedTuple):
    """The figures of a committed batch."""

    events: Mapping[str, int]  # by type
    accepted: Mapping[str, int]  # orders made, by dialect
    shared: int  # of these, those whose payment reference paid another live order already


class Metrics:
    """Every metric of this process, by its name in Prometheus."""

    def __init__(self) -> None:
        self.batch_size = Histogram(
            "entrepot_batch_commands",
            "Commands in a transaction",
            buckets=_SIZES,
            registry=registry,
        )
        self.commit_seconds = Histogram(
            "entrepot_commit_seconds",
            "Duration of a batch in seconds",
            buckets=_SECONDS,
            registry=registry,
        )
        self.queue_seconds = Histogram(
            "entrepot_writer_queue_seconds",
            "Wait of the oldest command of a batch in seconds",
            buckets=_SECONDS,
            registry=registry,
        )
        self.conflicts = Counter(
            "entrepot_batch_conflicts", "Batches that ran again after a conflict", registry=registry
        )
        self.events = Counter(
            "entrepot_order_events", "Order events written, by type", ["type"], registry=registry
        )
        self.accepted = Counter(
            "entrepot_orders_accepted", "Orders created, by dialect", ["dialect"], registry=registry
        )
        self.shared_payments = Counter(
            "entrepot_shared_payments",
            "Orders created with a payment reference that already pays another live order",
            registry=registry,
        )
        self.requests = Counter(
            "entrepot_requests",
            "Requests answered, by dialect and status",
            ["dialect", "status"],
            registry=registry,
        )
        self.wrong_credentials = Counter(
            "entrepot_wrong_credentials",
            "Requests with unknown credentials, by dialect",
            ["dialect"],
            registry=registry,
        )
        self.shed = Counter(
            "entrepot_writes_shed",
            "Writes refused for overload, by reason: door (before reading), queue (full), age "
            "(waited too long), connections (too many)",
            ["where"],
            registry=registry,
        )
        self.shed_at_the_door = self.shed.labels("door")
        self._add_pipeline()
        self._add_retention()
        self._add_lapsing()

    def _add_pipeline(self) -> None:
        self.jobs = Gauge(
            "entrepot_jobs",
            "Jobs by kind and state",
            ["kind", "state"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self.job_age = Gauge(
            "entrepot_oldest_due_job_seconds",
            "Age of the oldest due job in seconds",
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self.unfinished_age = Gauge(
            "entrepot_oldest_unfinished_job_seconds",
            "Age in seconds of the oldest job that is neither done nor parked",
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self.holds_overdue = Gauge(
            "entrepot_holds_overdue",
            "Order lines that still hold stock after their hold has ended",
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self.provider_calls = Counter(
            "entrepot_provider_calls",
            "Calls to payment providers, by provider, operation and outcome",
            ["provider", "operation", "outcome"],
            registry=registry,
        )
        self.provider_notifications = Counter(
            "entrepot_provider_notifications",
            "Notifications of payment providers, by provider and outcome: taken, repeated, forged",
            ["provider", "outcome"],
            registry=registry,
        )
        self.integration_events = Counter(
            "entrepot_integration_events",
            "Events of the integration service, by outcome: placed, repeated, rejected, kept, "
            "forged, unknown, refused",
            ["outcome"],
            registry=registry,
        )
        self.provider_seconds = Histogram(
            "entrepot_provider_seconds",
            "Duration of a call to a payment provider in seconds",
            ["provider", "operation"],
            buckets=_SECONDS,
            registry=registry,
        )

    def _add_retention(self) -> None:
        self.retention_removed = Counter(
            "entrepot_retention_removed",
            "Old rows removed from the book, by kind: idempotency keys, archived events",
            ["kind"],
            registry=registry,
        )
        self.retention_swept_at = Gauge(
            "entrepot_retention_swept_timestamp_seconds",
            "Time when this server last finished looking for old rows, by kind",
            ["kind"],
            registry=registry,
            multiprocess_mode="max",
        )

    def _add_lapsing(self) -> None:
        self.webhook_deliveries = Counter(
            "entrepot_webhook_deliveries",
            "Messages sent to webhooks, by what became of them",
            ["outcome"],
            registry=registry,
        )
        self.webhooks_disabled = Counter(
            "entrepot_webhooks_disabled",
            "Webhooks that took nothing for three days and get nothing more",
            registry=registry,
        )
        self.stock_low = Counter(
            "entrepot_stock_low", "Shelves whose stock fell to the threshold", registry=registry
        )
        self.orders_merged = Counter(
            "entrepot_orders_merged", "Orders whose lines an older order took", registry=registry
        )
        self.holds_lapsing = Counter(
            "entrepot_holds_lapsing",
            "Holds of money at a payment service that were found to end soon, each once",
            registry=registry,
        )

    def count(self, written: Committed) -> None:
        """Count what a committed batch wrote."""
        for type_, number in written.events.items():
            _adding(self.events, type_)(number)
        for origin, number in written.accepted.items():
            _adding(self.accepted, origin)(number)
        if written.shared:
            self.shared_payments.inc(written.shared)


metrics = Metrics()


@lru_cache(maxsize=1024)
def _adding(counter: Counter, label: str) -> Callable[[float], None]:
    """What adds to the counter of a label: to look for a counter costs more than to add."""
    return counting(counter.labels(label))


def counting(counter: Counter) -> Callable[[float], None]:
    """What adds to a counter that has its labels, for code that counts every request.

    `Counter.inc` asks each time whether the counter has its labels, and for an exemplar.
    """
    add: Callable[[float], None] = counter._value.inc  # noqa: SLF001
    return add


def observing(histogram: Histogram) -> Callable[[float], None]:
    """What adds values to a histogram that has its labels, for code that measures every order.

    `Histogram.observe` goes through the buckets one by one.
    """
    bounds, total = histogram._upper_bounds, histogram._sum.inc  # noqa: SLF001
    buckets = [bucket.inc for bucket in histogram._buckets]  # noqa: SLF001

    def observe(value: float) -> None:
        total(value)
        buckets[bisect_left(bounds, value)](1)

    return observe


def exposition() -> bytes:
    """All metrics as Prometheus text: of this process, or of all processes of its server."""
    return generate_latest(_collected())


def serve_exposition(host: str, port: int) -> Callable[[], None]:
    """Serve all metrics at a separate address, in a thread. Gives the function that stops it.

    Raises OSError if the address is in use or not allowed.
    """
    server, thread = start_http_server(port, host, _collected())

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


def _collected() -> CollectorRegistry:
    folder = os.environ.get(SHARED_FOLDER)
    if not folder:
        return registry
    together = CollectorRegistry()
    MultiProcessCollector(together, path=folder)  # type: ignore[no-untyped-call]
    return together


def forget_process(pid: int) -> None:
    """Drop the gauges of a process that has ended. Its counters stay."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call]
