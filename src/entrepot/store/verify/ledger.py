"""The book against a provider's own list of the money that it holds (PROVIDER_LEDGER)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core.payment import Operation
from entrepot.store import schema
from entrepot.store.verify.own_reading import operation_of
from entrepot.store.verify.payments import DEFINITE_NO
from entrepot.store.verify.report import Findings
from entrepot.store.verify.walk import AnyRow, AnySelect, Beside, rows_of


class Hold(NamedTuple):
    """Money that the provider holds now: for which order, as UUID text, and under which key."""

    order: str
    key: str


class ProviderLedger(NamedTuple):
    """Money that one service holds, read (`read_at`, microseconds) before the book's snapshot was
    taken.
    """

    service: str
    read_at: int
    holds: Iterable[Hold]


def check_ledger(conn: Connection, findings: Findings, ledger: ProviderLedger) -> int:
    """Compare the ledger with the book, both ways. Returns the number of holds, and keeps them in
    memory.

    Attempts that the book settled after the ledger was read prove nothing, and are left alone.
    """
    order_of: dict[str, str] = {}
    for hold in ledger.holds:
        if hold.key in order_of:
            findings.add("PROVIDER_LEDGER", order=hold.order, held_twice=hold.key)
        order_of[hold.key] = hold.order
    count = len(order_of)
    for asked in _authorisations(conn, ledger.service):
        held_for = order_of.pop(asked.key, None)
        settled_before = asked.updated_at < ledger.read_at
        fault = None
        if held_for is None:
            if asked.state == "done" and settled_before:
                fault = "authorised here, not held there"
        elif held_for.replace("-", "").lower() != asked.order_id.hex():
            fault = f"held for {held_for}"
        elif asked.state in DEFINITE_NO and settled_before:
            fault = f"{asked.state.replace('_', ' ')} here, held there"
        if fault is not None:
            findings.add(
                "PROVIDER_LEDGER", org=asked.org, order=asked.order_id, payment=asked.payment,
                fault=fault,
            )  # fmt: skip
    for key, order in order_of.items():
        findings.add("PROVIDER_LEDGER", order=order, key=key, fault="held there, no payment here")
    return count


def _authorisations(conn: Connection, service: str) -> Iterator[Operation]:
    """The authorisations that a service was asked for."""

    def fetch(page: AnySelect) -> Sequence[AnyRow]:
        return conn.execute(page).all()

    payments = Beside(rows_of(fetch, schema.payments))
    operations = map(operation_of, rows_of(fetch, schema.payment_operations))
    for key, its in groupby(operations, key=lambda one: (one.org, one.order_id)):
        mine = {row.number for row in payments.of(key) if row.service == service}
        yield from (one for one in its if one.kind == "authorise" and one.payment in mine)
