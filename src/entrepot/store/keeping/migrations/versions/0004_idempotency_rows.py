"""Idempotency rows by row id on SQLite, their keys in an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COLUMNS = "org, key, operation, fingerprint, status, body, order_id, created_at"


def upgrade() -> None:
    """Make the change."""
    _remade(with_rowid=True)


def downgrade() -> None:
    """Take it back."""
    _remade(with_rowid=False)


def _remade(*, with_rowid: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.create_table(
        "idempotency_keys_made",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "key"),
        sqlite_with_rowid=with_rowid,
    )
    # Oldest first, as they will go on to be added.
    op.execute(
        f"INSERT INTO idempotency_keys_made ({_COLUMNS}) "
        f"SELECT {_COLUMNS} FROM idempotency_keys ORDER BY created_at"
    )
    op.drop_table("idempotency_keys")
    op.rename_table("idempotency_keys_made", "idempotency_keys")
