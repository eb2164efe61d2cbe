"""The answers under idempotency keys: each is as it was given, and is about its order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from entrepot.core.order import answer_checksum
from entrepot.store import schema
from entrepot.store.verify.damage import Sound
from entrepot.store.verify.report import Findings

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
    _, key, operation, fingerprint, status, body, order_id, checksum = row
    body, fingerprint = bytes(body), bytes(fingerprint)
    if checksum is not None:
        order = None if order_id is None else bytes(order_id)
        if answer_checksum(key, operation, fingerprint, status, body, order) != checksum:
            return "not what was answered: another checksum"
    created = status == _CREATED and operation.endswith(".createOrder")
    if created and order_id is not None:
        named = bytes(order_id).hex().encode()
        if named not in body.replace(b"-", b"").lower():
            return "tells of another order"
    return None
