"""`entrepot verify`: whether everything that must hold of the order book holds, right now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter
from pysqlite3 import dbapi2 as sqlite_driver
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import column, create_engine, select, table

from entrepot.cli.session import OperatorError, on_book
from entrepot.clock import now
from entrepot.core.order import Attempt
from entrepot.pipeline.keys import payment_key
from entrepot.store import migrate
from entrepot.store.engine import Database
from entrepot.store.verify import INVARIANTS, AttemptKey, Hold, ProviderLedger, Report, log_alone
from entrepot.store.verify import verify as verify_book

MICROSECONDS = 1_000_000
WITNESSES_SHOWN = 3


def verify(
    *,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    sandbox_ledger: Path | None = None,
    bound: float | None = None,
) -> None:
    """Check every invariant of the book in one read-only snapshot; exit 1 where one does not hold.

    Safe on a live book: it writes nothing and takes no lock.

    Parameters
    ----------
    as_json: Print one line of JSON.
    sandbox_ledger: The sandbox provider's ledger, to compare the money that it holds with the book.
    bound: Seconds that a due job may wait, and stock be held beyond its hold; longer counts as a
        violation.
    """
    if bound is not None and bound < 0:
        raise OperatorError("--bound must be 0 or more seconds")
    ledger = None if sandbox_ledger is None else _ledger(sandbox_ledger)
    at = now()
    overdue_before = None if bound is None else at - int(bound * MICROSECONDS)

    async def work(database: Database) -> Report:
        log = await database.log_faults()
        if any(fault.kind == "log_removed" for fault in log):
            return log_alone(log)
        found, head = await migrate.revision(database), migrate.head()
        if log and found is None:
            return log_alone(log)
        if found != head:
            raise OperatorError(f"schema at {found or 'nothing'}, not {head}: `entrepot migrate`")
        attempt_key = _attempt_key(await migrate.install_secret(database))
        return await database.read(
            lambda conn: verify_book(
                conn,
                attempt_key=attempt_key,
                overdue_before=overdue_before,
                now=at,
                ledger=ledger,
                log=log,
            )
        )

    report = on_book(work, up_to_date=False)
    if as_json:
        print(_as_json(report))
    else:
        # What a provider holds is the one thing that the book cannot tell by itself.
        _print(report, len(INVARIANTS) - (ledger is None))
    if not report.ok:
        raise SystemExit(1)


def _attempt_key(secret: bytes) -> AttemptKey:
    def key(attempt: Attempt) -> str:
        tenant = attempt.org.to_bytes(8, "big")
        return payment_key(secret, tenant, attempt.order_id, "authorise", attempt.number)

    return key


def _ledger(path: Path) -> ProviderLedger:
    if not path.exists():
        raise OperatorError(f"there is no ledger at {path}")
    return ProviderLedger("sandbox", now(), list(_holds(path)))


def _holds(path: Path) -> Iterator[Hold]:
    """The money that the sandbox holds, read from its own file without changing it."""
    url = f"sqlite+pysqlite:///file:{quote(str(path.resolve()))}?mode=ro&uri=true"
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
            "  ".join(f"{name}={value}" for name, value in witness.items())
            for witness in violation.witnesses[:WITNESSES_SHOWN]
        ]
        text = "\n".join((violation.statement, *where))
        shown.add_row(violation.invariant, str(violation.count), Text(text))
    console.print(shown)
    console.print(f"Looked at {rows}. docs/verify.md says what to do.", markup=False)
