"""The audit of a book: every invariant that its parts can break, over one connection, read-only.

Run the audit inside `Database.read`, so that all of it sees one snapshot. It may run on a live
book. Parts that cannot be read are reported, and the rest is audited all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Table, func, literal_column, select

from entrepot.store import schema
from entrepot.store.engines.sql import sql_of
from entrepot.store.verify import (
    accounts,
    attributions,
    bulk_jobs,
    coming_back,
    contacts,
    costing,
    integrations,
    invoices,
    leaving,
    numbers,
    parents,
    partners,
    price_lists,
    products,
    promises,
    statements,
    taxonomy,
    waiting,
)
from entrepot.store.verify.answers import check_answers
from entrepot.store.verify.asking import Asking
from entrepot.store.verify.costing import check_costing
from entrepot.store.verify.damage import check_damage
from entrepot.store.verify.drift import check_schema
from entrepot.store.verify.ledger import Hold, ProviderLedger, check_ledger
from entrepot.store.verify.log import check_log, log_alone
from entrepot.store.verify.merging import check_merging
from entrepot.store.verify.needed import needed_by
from entrepot.store.verify.orders import Walk
from entrepot.store.verify.organizations import check_organizations
from entrepot.store.verify.own_keys import OperationKey, keys_by
from entrepot.store.verify.report import INVARIANTS, Findings, Report, Violation
from entrepot.store.verify.statements import Check
from entrepot.store.verify.terms import check_terms
from entrepot.store.verify.waiting import Horizons

__all__ = [
    "INVARIANTS",
    "Hold",
    "Horizons",
    "OperationKey",
    "ProviderLedger",
    "Report",
    "Violation",
    "check_log",
    "keys_by",
    "log_alone",
    "verify",
]  # fmt: skip

_ROWS_AT_ONCE = 500
_CHECKS_AT_ONCE = 40


def verify(  # noqa: PLR0913 - each is one more thing that an audit may compare with
    conn: Connection,
    *,
    operation_key: OperationKey | None = None,
    overdue_before: int | None = None,
    now: int | None = None,
    horizons: Horizons | None = None,
    ledger: ProviderLedger | None = None,
    findings: Findings | None = None,
) -> Report:
    """Check every invariant. Returns the number of rows read, and every violation.

    - `operation_key` makes the key that an operation on a payment should have, from the secret.
    - Jobs due before `overdue_before` (microseconds) and held by nobody count as late.
    - With `now`, holds of stock that ended before `overdue_before` count as late, and so do jobs
      that were put off for too long.
    - Jobs beyond `horizons` count as put off too far.
    - `ledger` has the money that a provider holds, read before this call.
    - `findings` has earlier findings, if any.

    Without such a value, its invariant is not checked.
    """
    asking = Asking(conn, findings or Findings())
    sound, counted = check_damage(asking)
    checked = _rows(asking, counted)
    check_schema(asking)
    bounded = waiting.checks(now, overdue_before, horizons)
    rowless = _rowless(asking, checked)
    to_ask = [one for one in (*_checks(), *bounded) if not needed_by(one.broken) & rowless]
    for check in _suspicious(asking, to_ask):
        asking.ask(check.invariant, lambda check=check: _ask(asking, check))  # type: ignore[misc]
    asking.ask("the properties of invoices", lambda: invoices.check_properties(asking))
    asking.ask("ANSWERS", lambda: check_answers(conn, asking.findings, sound))
    if "payment_claims" not in rowless:
        asking.ask("CLAIMS", lambda: promises.check_claims(asking))
    if "orders" not in rowless:
        asking.ask("CLAIMS", lambda: promises.check_unclaimed(asking))
    asking.ask("the ids of organizations", lambda: check_organizations(asking))
    asking.ask("SEARCH", lambda: check_terms(asking, sound))
    asking.ask("MERGING", lambda: check_merging(asking))
    asking.ask("COSTING", lambda: check_costing(conn, asking.findings))
    Walk(asking, sound, operation_key).check()
    if ledger is not None:
        count = asking.ask("PROVIDER_LEDGER", lambda: check_ledger(conn, asking.findings, ledger))
        checked["provider_holds"] = count or 0
    return Report(checked, asking.findings.violations())


@cache
def _checks() -> tuple[Check, ...]:
    """The checks of rows. They are made once: making them takes as long as asking a small book."""
    return (
        *statements.checks(), *promises.checks(), *leaving.checks(),
        *coming_back.checks(), *parents.checks(), *numbers.checks(), *contacts.checks(),
        *attributions.checks(), *products.checks(), *taxonomy.checks(), *partners.checks(),
        *invoices.checks(), *integrations.checks(), *bulk_jobs.checks(), *price_lists.checks(),
        *accounts.checks(), *costing.checks(),
    )  # fmt: skip


def _rows(asking: Asking, counted: dict[str, int]) -> dict[str, int]:
    """How many rows each table has that can be read. Some were counted before."""
    tables = schema.metadata.sorted_tables
    left = [table for table in tables if table.name not in counted]
    counts: Sequence[int | None] | None = (
        asking.counts([_rows_of(one) for one in left]) if left else []
    )
    if counts is None:
        counts = [
            asking.ask(f"the table {table.name}", lambda table=table: _count(asking, table))  # type: ignore[misc]
            for table in left
        ]
    found = counted | {one.name: count for one, count in zip(left, counts, strict=True)}
    return {
        table.name: count for table in tables
        if table is not schema.installation and (count := found[table.name]) is not None
    }  # fmt: skip


@cache
def _rows_of(table: Table) -> Select[Any]:
    return select(literal_column("1")).select_from(table)


def _rowless(asking: Asking, counted: dict[str, int]) -> set[str]:
    """The names of the tables that have no row."""
    empty = [name for name, count in counted.items() if count == 0]
    if sql_of(asking.conn).types_values or not empty:
        return set(empty)
    # SQLite may have counted by an index. The audit compares no index of SQLite's with its table.
    counts = asking.counts([f"SELECT 1 FROM {name} NOT INDEXED" for name in empty]) or [1] * len(
        empty
    )
    return {name for name, count in zip(empty, counts, strict=True) if not count}


def _count(asking: Asking, table: Table) -> int:
    return int(asking.found(select(func.count()).select_from(table)).scalar_one())


def _suspicious(asking: Asking, checks: Sequence[Check]) -> Iterator[Check]:
    """The checks that find something, and those that cannot be asked together with others."""
    for at in range(0, len(checks), _CHECKS_AT_ONCE):
        some = checks[at : at + _CHECKS_AT_ONCE]
        counts = asking.counts([check.broken for check in some])
        if counts is None:
            yield from some
        else:
            yield from (check for check, count in zip(some, counts, strict=True) if count)


def _ask(asking: Asking, check: statements.Check) -> None:
    with asking.found(check.broken, _ROWS_AT_ONCE) as found:
        asking.findings.add_rows(check.invariant, found.mappings())  # type: ignore[arg-type]
