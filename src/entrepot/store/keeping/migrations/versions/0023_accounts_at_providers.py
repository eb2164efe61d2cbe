"""Accounts of organizations at payment services, and payments that a service has by its reference."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "provider_accounts",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "service"),
        sqlite_with_rowid=False,
    )
    running = sa.text("state = 'running'")
    op.create_index(
        "payment_operations_running", "payment_operations", ["org", "provider_reference"],
        sqlite_where=running, postgresql_where=running,
    )  # fmt: skip


def downgrade() -> None:
    """Take it back. A service's own list has what it was asked for."""
    op.drop_index("payment_operations_running", "payment_operations")
    op.drop_table("provider_accounts")
