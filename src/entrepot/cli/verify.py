"""`entrepot verify`: whether everything that must hold of the order book holds, right now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import Parameter
from pysqlite3 import dbapi2 as sqlite_driver
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import URL, Connection, column, create_engine, inspect, select, table
from sqlalchemy.exc import DBAPIError

from entrepot import settings, telemetry
from entrepot.cli.errors import sentence_of
from entrepot.cli.lines import printable
from entrepot.cli.session import OperatorError, on_book, require_book
from entrepot.clock import now
from entrepot.core.shown import MICROSECONDS
from entrepot.pipeline.retry import RETRY_AFTER_MAX
from entrepot.store.engines.book_log import BookLog
from entrepot.store.engines.opening import parsed_url
from entrepot.store.engines.outage import LogFault
from entrepot.store.keeping import migrate
from entrepot.store.verify import (
    INVARIANTS,
    Hold,
    Horizons,
    ProviderLedger,
    Report,
    check_log,
    keys_by,
    log_alone,
)
from entrepot.store.verify import verify as verify_book
from entrepot.store.verify.asking import Asking
from entrepot.store.verify.opening import read_only
from entrepot.store.verify.report import Findings

WITNESSES_SHOWN = 3
_BOUND_MAX = 1_000_000_000
# No step is put off for longer, unless it waits for its hold to end; beyond, clocks may differ.
_PUT_OFF_SECONDS, _SPARE_SECONDS = RETRY_AFTER_MAX, 60.0


def verify(
    *,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    sandbox_ledger: Path | None = None,
    bound: float | None = None,
) -> None:
    """Check every invariant of the book in one read-only snapshot.

    Safe on a live book: it writes nothing and takes no lock. Exit code 1 says that something does
    not hold or is damaged, 2 that the book could not be asked.

    Parameters
    ----------
    as_json
        Print one line of JSON, also where the book could not be asked.
    sandbox_ledger
        The sandbox provider's ledger, to compare the money that it holds with the book.
    bound
        Seconds that a due job may wait, and stock be held beyond its hold; longer counts as a
        violation.
    """
    try:
        report = _report(sandbox_ledger, bound)
    except Exception as error:
        sentence = sentence_of(error)
        if as_json:
            told: dict[str, Any] = {"ok": None, "error": sentence, "checked": {}, "violations": []}
            print(json.dumps(told, ensure_ascii=False))
        raise OperatorError(sentence) from error
    if as_json:
        print(_as_json(report))
    else:
        # The provider's holds cannot be told from the book alone, so this invariant is not counted.
        _print(report, len(INVARIANTS) - (sandbox_ledger is None))
    if not report.ok:
        raise SystemExit(1)


def _report(sandbox_ledger: Path | None, bound: float | None) -> Report:
    if bound is not None and not 0 <= bound < _BOUND_MAX:
        raise OperatorError(f"--bound must be a number of seconds from 0 to {_BOUND_MAX:,}")
    ledger = None if sandbox_ledger is None else _ledger(sandbox_ledger)
    chosen = settings.load()
    telemetry.set_up_logging(chosen.log_level)
    require_book(chosen.database_url)
    ahead = int(max(chosen.hold_seconds, _PUT_OFF_SECONDS) + _SPARE_SECONDS) * MICROSECONDS
    held = int(max(chosen.lease_seconds, _PUT_OFF_SECONDS) + _SPARE_SECONDS) * MICROSECONDS

    def audit(conn: Connection, log: Sequence[LogFault] = ()) -> Report:
        findings = Findings()
        check_log(log, findings)
        secret = _secret(conn, findings)
        own = Asking(conn, findings).ask("secrets of organizations", lambda: _own_secrets(conn))
        moment = now()
        return verify_book(
            conn,
            operation_key=None if secret is None else keys_by(secret, own or {}),
            overdue_before=None if bound is None else moment - int(bound * MICROSECONDS),
            now=moment,
            horizons=Horizons(moment + ahead, moment + held),
            ledger=ledger,
            findings=findings,
        )

    parsed = parsed_url(chosen.database_url)
    if parsed.get_backend_name() == "sqlite":
        return _of_file(Path(str(parsed.database)).resolve(), audit)
    return on_book(lambda database: database.read(audit), up_to_date=False)


def _of_file(path: Path, audit: Callable[[Connection, Sequence[LogFault]], Report]) -> Report:
    """The report of an SQLite book, with what is wrong with its log; that alone where no more can
    be said.
    """
    book_log = BookLog(path)
    removed = book_log.removed()
    if removed:
        return log_alone(removed)
    marked = book_log.mark.read()

    def work(conn: Connection) -> Report:
        asking = Asking(conn, Findings())
        driver = conn.connection.driver_connection
        log = asking.ask("LOG", lambda: book_log.faults(driver, marked)) or []
        if log and asking.ask("the schema's version", lambda: migrate.revision_of(conn)) is None:
            return log_alone(log)
        return audit(conn, log)

    return read_only(path, work)


def _secret(conn: Connection, findings: Findings) -> bytes | None:
    """The book's secret, where it has one. Raises OperatorError where the schema is another."""
    asking = Asking(conn, findings)
    found = asking.ask("the schema's version", lambda: (migrate.revision_of(conn),))
    if found is not None:
        tables = asking.ask("the tables", lambda: inspect(conn).get_table_names()) or []
        if found[0] is None and "orders" in tables:
            findings.add("SCHEMA", missing_table="alembic_version")
        else:
            why_not = migrate.why_not_at_head(found[0])
            if why_not is not None:
                raise OperatorError(why_not)
    secret = asking.ask("SECRET", lambda: (migrate.secret_of(conn),))
    if secret is not None and secret[0] is None:
        findings.add("SECRET", missing=migrate.INSTALL_SECRET)
    return None if secret is None else secret[0]


def _own_secrets(conn: Connection) -> dict[int, bytes]:
    """The secrets of organizations that came from another book."""
    orgs = table("organizations", column("org"), column("payment_secret"))
    found = conn.execute(select(orgs).where(orgs.c.payment_secret.is_not(None)))
    return {row.org: bytes(row.payment_secret) for row in found}


def _ledger(path: Path) -> ProviderLedger:
    if not path.exists():
        raise OperatorError(f"there is no ledger at {path}; name the file that the sandbox keeps")
    try:
        return ProviderLedger("sandbox", now(), list(_holds(path)))
    except DBAPIError as error:
        raise OperatorError(
            f"{path} cannot be read as a ledger: {error.orig}; name the file that the sandbox keeps"
        ) from error


def _holds(path: Path) -> Iterator[Hold]:
    """The money that the sandbox holds, read from its own file without changing it."""
    file = f"file:{quote(str(path.resolve()))}"
    url = URL.create("sqlite+pysqlite", database=file, query={"mode": "ro", "uri": "true"})
    engine = create_engine(url, module=sqlite_driver)
    payments = table("payments", column("order_ref"), column("key"), column("state"))
    held = select(payments.c.order_ref, payments.c.key).where(payments.c.state == "authorised")
    try:
        with engine.connect() as conn:
            yield from (Hold(order, key) for order, key in conn.execute(held))
    finally:
        engine.dispose()


def _as_json(report: Report) -> str:
    return json.dumps(
        {
            "ok": report.ok,
            "checked": report.checked,
            "violations": [asdict(violation) for violation in report.violations],
        },
        ensure_ascii=False,
    )


def _print(report: Report, asked: int) -> None:
    console = Console()
    rows = ", ".join(f"{count} {name}" for name, count in report.checked.items())
    if report.ok:
        console.print(f"{asked} invariants asked, all hold. Looked at {rows}.", markup=False)
        return
    shown = Table("Invariant", "Count", "What does not hold, and where", show_lines=True)
    for violation in report.violations:
        where = [
            printable("  ".join(f"{name}={value}" for name, value in witness.items()))
            for witness in violation.witnesses[:WITNESSES_SHOWN]
        ]
        text = "\n".join((violation.statement, *where))
        shown.add_row(violation.invariant, str(violation.count), Text(text))
    console.print(shown)
    console.print(f"Looked at {rows}. docs/verify.md says what to do.", markup=False)
