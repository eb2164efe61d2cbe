"""The answers under idempotency keys: each is as it was given, and is about its order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from entrepot.store import schema
from entrepot.store.verify.own_reading import checksum_of
from entrepot.store.verify.report import Findings
from entrepot.store.verify.values import Sound

_ROWS_AT_ONCE = 1_000
_CREATED = 201
_keys = schema.idempotency_keys.c


def check_answers(conn: Connection, findings: Findings, sound: Sound) -> None:
    """Compare each answer with its checksum, and an answer to a create with its order's id.

    Rows of older versions have no checksum.
    """
    statement = select(
        _keys.org, _keys.key, _keys.operation, _keys.fingerprint, _keys.status, _keys.body,
        _keys.order_id, _keys.checksum,
    )  # fmt: skip
    if "idempotency_keys" in sound:
        statement = statement.where(sound["idempotency_keys"])
    with conn.execute(statement.execution_options(yield_per=_ROWS_AT_ONCE)) as found:
        for partition in found.partitions():
            for row in partition:
                fault = _fault(row)
                if fault is not None:
                    findings.add("ANSWERS", org=row[0], key=row[1], order_id=row[6], fault=fault)


def _fault(row: Any) -> str | None:
    if row.checksum is not None and checksum_of(row) != row.checksum:
        return "not what was answered: another checksum"
    created = row.status == _CREATED and row.operation.endswith(".createOrder")
    if created and row.order_id is not None:
        named = bytes(row.order_id).hex().encode()
        if named not in bytes(row.body).replace(b"-", b"").lower():
            return "tells of another order"
    return None
