"""Auditing the book: every invariant that its parts can break, over one connection, read-only.

Run it inside `Database.read`, so that all of it sees one snapshot. It may run on a live book.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, func, select

from entrepot.store import schema
from entrepot.store.outage import LogFault
from entrepot.store.verify import numbers, parents, statements, waiting
from entrepot.store.verify.ledger import Hold, ProviderLedger, check_ledger
from entrepot.store.verify.log import check_log, log_alone
from entrepot.store.verify.orders import AttemptKey, check_orders
from entrepot.store.verify.report import INVARIANTS, Findings, Report, Violation
from entrepot.store.verify.statements import Check

__all__ = [
    "INVARIANTS", "AttemptKey", "Hold", "ProviderLedger", "Report", "Violation", "log_alone",
    "verify",
]  # fmt: skip

_ROWS_AT_ONCE = 500


def verify(
    conn: Connection,
    *,
    attempt_key: AttemptKey | None = None,
    overdue_before: int | None = None,
    now: int | None = None,
    ledger: ProviderLedger | None = None,
    log: Sequence[LogFault] = (),
) -> Report:
    """Check every invariant; what was looked at, and where one does not hold.

    `attempt_key` makes the provider key that an attempt should have, from the book's secret.
    Jobs due before `overdue_before` (microseconds) and held by nobody count as late; with `now`,
    holds of stock that ended before then, and jobs put off for too long, do as well. `ledger` is
    what a provider says it holds, read before this. `log` is what `Database.log_faults` found.
    Whatever is not given is not checked.
    """
    findings = Findings()
    checked = {
        table.name: conn.execute(select(func.count()).select_from(table)).scalar_one()
        for table in schema.metadata.sorted_tables
        if table is not schema.installation
    }
    late: Iterable[Check] = ()
    if now is not None and overdue_before is not None:
        late = waiting.checks(now, overdue_before)
    asked = (*statements.checks(overdue_before), *parents.checks(), *numbers.checks(), *late)
    for check in asked:
        streamed = check.broken.execution_options(yield_per=_ROWS_AT_ONCE)
        with conn.execute(streamed) as found:
            findings.add_rows(check.invariant, found.mappings())  # type: ignore[arg-type]
    check_orders(conn, findings, attempt_key)
    check_log(log, findings)
    if ledger is not None:
        checked["provider_holds"] = check_ledger(conn, findings, ledger)
    return Report(checked, findings.violations())
