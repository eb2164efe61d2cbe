"""A payment attempt becomes a payment with its operations: its authorisation, and its void."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_PAGE = 1_000
_PAYMENTS = """
    INSERT INTO payments (org, order_id, number, provider, service, reference, currency,
                          amount_units, amount_scale, created_at)
    SELECT org, order_id, number, provider, service, reference, currency,
           amount_units, amount_scale, created_at
    FROM payment_attempts
"""
# An attempt that is voiding has a reference where its provider has authorised it.
_AUTHORISATIONS = """
    INSERT INTO payment_operations (org, order_id, payment, number, kind, units, key, state,
                                    provider_reference, created_at, updated_at)
    SELECT org, order_id, number, 1, 'authorise', amount_units, key,
           CASE WHEN state = 'authorized' THEN 'done'
                WHEN state = 'voiding' AND provider_reference IS NOT NULL THEN 'done'
                WHEN state = 'voiding' THEN 'prepared'
                WHEN state IN ('voided', 'expired') THEN 'given_up'
                ELSE state END,
           provider_reference, created_at, updated_at
    FROM payment_attempts
"""
_VOIDED = """
    SELECT org, order_id, number, amount_units, key, state, updated_at FROM payment_attempts
    WHERE state IN ('voiding', 'voided', 'expired') AND (org, order_id, number) > (:org, :order_id, :number)
    ORDER BY org, order_id, number LIMIT :page
"""
_VOID = """
    INSERT INTO payment_operations (org, order_id, payment, number, kind, units, key, state,
                                    provider_reference, created_at, updated_at)
    VALUES (:org, :order_id, :payment, 2, 'void', :units, :key, :state, NULL, :at, :at)
"""
_ATTEMPTS = """
    INSERT INTO payment_attempts (org, order_id, number, key, provider, service, reference,
                                  amount_units, amount_scale, currency, state, provider_reference,
                                  created_at, updated_at)
    SELECT p.org, p.order_id, p.number, a.key, p.provider, p.service, p.reference,
           p.amount_units, p.amount_scale, p.currency,
           CASE WHEN v.state IN ('prepared', 'running') THEN 'voiding'
                WHEN a.state = 'done' THEN 'authorized'
                WHEN a.state = 'running' THEN 'prepared'
                WHEN a.state = 'given_up' THEN 'voided'
                ELSE a.state END,
           a.provider_reference, p.created_at, coalesce(v.updated_at, a.updated_at)
    FROM payments AS p
    JOIN payment_operations AS a
      ON a.org = p.org AND a.order_id = p.order_id AND a.payment = p.number AND a.number = 1
    LEFT JOIN payment_operations AS v
      ON v.org = p.org AND v.order_id = p.order_id AND v.payment = p.number AND v.number = 2
"""


def _further_key(first: str, org: int, order_id: bytes) -> str:
    """The key of a payment's second operation, a void: it follows from that of the first."""
    parts = (org.to_bytes(8, "big"), order_id, b"void", b"2")
    said = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    digest = bytearray(hmac.digest(first.encode(), said, "sha256")[:16])
    digest[6], digest[8] = (digest[6] & 0x0F) | 0x80, (digest[8] & 0x3F) | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


def _voids() -> Iterator[list[dict[str, Any]]]:
    """The voids of attempts that were or are to be voided, a page at a time.

    An attempt expired when its provider had voided it.
    """
    conn, last = op.get_bind(), (-(2**63), b"", 0)
    while True:
        org, order_id, number = last
        asked = {"org": org, "order_id": order_id, "number": number, "page": _PAGE}
        found: Sequence[Any] = conn.execute(sa.text(_VOIDED), asked).all()
        if not found:
            return
        yield [
            {
                "org": row.org, "order_id": row.order_id, "payment": row.number,
                "units": row.amount_units,
                "key": _further_key(row.key, row.org, bytes(row.order_id)),
                "state": "prepared" if row.state == "voiding" else "done", "at": row.updated_at,
            }
            for row in found
        ]  # fmt: skip
        last = (found[-1].org, bytes(found[-1].order_id), found[-1].number)


def upgrade() -> None:
    """Make the change. Every key by which a provider knows an attempt stays as it was."""
    _payments()
    op.execute(_PAYMENTS)
    op.execute(_AUTHORISATIONS)
    for page in _voids():
        op.get_bind().execute(sa.text(_VOID), page)
    op.drop_table("payment_attempts")
    live = sa.text("kind = 'authorise' AND state IN ('prepared', 'running', 'done')")
    op.create_index(
        "payment_operations_live", "payment_operations", ["org", "order_id"], unique=True,
        sqlite_where=live, postgresql_where=live,
    )  # fmt: skip


def _payments() -> None:
    op.create_table(
        "payments",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_units", sa.BigInteger(), nullable=False),
        sa.Column("amount_scale", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "order_id", "number"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payment_operations",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(16), nullable=False),
        sa.Column("payment", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("units", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "order_id", "payment", "number"),
        sa.CheckConstraint("kind IN ('authorise', 'capture', 'void', 'refund')", name="kind_known"),
        sa.CheckConstraint(
            "state IN ('prepared', 'running', 'done', 'declined', 'given_up')", name="state_known"
        ),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take it back; a payment that expired is one that was voided.

    The version before can say no capture, no refund and no second void: RuntimeError.
    """
    conn = op.get_bind()
    lost = "SELECT count(*) FROM payment_operations WHERE kind IN ('capture', 'refund')"
    lost += " OR number > 2"
    if conn.execute(sa.text(lost)).scalar_one():
        raise RuntimeError("the version before has no place for captures and refunds")
    live = sa.text("state IN ('prepared', 'authorized', 'voiding')")
    op.create_table(
        "payment_attempts",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount_units", sa.BigInteger(), nullable=False),
        sa.Column("amount_scale", sa.SmallInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "order_id", "number"),
        sa.CheckConstraint(
            "state IN ('prepared', 'authorized', 'declined', 'voiding', 'voided', 'expired')",
            name="state_known",
        ),
        sqlite_with_rowid=False,
    )
    op.execute(_ATTEMPTS)
    op.create_index(
        "payment_attempts_live", "payment_attempts", ["org", "order_id"], unique=True,
        sqlite_where=live, postgresql_where=live,
    )  # fmt: skip
    op.drop_table("payment_operations")
    op.drop_table("payments")
