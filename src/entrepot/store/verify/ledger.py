"""The book against a provider's own list of the money that it holds (PROVIDER_LEDGER)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.store import schema
from entrepot.store.verify.orders import DEFINITE_NO
from entrepot.store.verify.own_reading import attempt_of
from entrepot.store.verify.report import Findings
from entrepot.store.verify.walk import rows_of


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
    key_of: dict[str, str] = {}
    for hold in ledger.holds:
        if hold.order in key_of:
            findings.add(
                "PROVIDER_LEDGER", order=hold.order, held_twice=f"{key_of[hold.order]} {hold.key}"
            )
        key_of[hold.order] = hold.key
        order_of[hold.key] = hold.order
    count = len(order_of)
    for row in rows_of(lambda page: conn.execute(page).all(), schema.payment_attempts):
        attempt = attempt_of(row)
        if attempt.service != ledger.service:
            continue
        held_for = order_of.pop(attempt.key, None)
        settled_before = attempt.updated_at < ledger.read_at
        fault = None
        if held_for is None:
            if attempt.state == "authorized" and settled_before:
                fault = "authorised here, not held there"
        elif held_for.replace("-", "").lower() != attempt.order_id.hex():
            fault = f"held for {held_for}"
        elif attempt.state in DEFINITE_NO and settled_before:
            fault = f"{attempt.state} here, held there"
        if fault is not None:
            findings.add(
                "PROVIDER_LEDGER", org=attempt.org, order=attempt.order_id, attempt=attempt.number,
                fault=fault,
            )  # fmt: skip
    for key, order in order_of.items():
        findings.add("PROVIDER_LEDGER", order=order, key=key, fault="held there, no attempt here")
    return count
