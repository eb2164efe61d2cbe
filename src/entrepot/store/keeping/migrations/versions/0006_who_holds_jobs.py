"""Which process holds a job, when a job was put off, and which processes live."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_HOLDING = sa.text("state = 'parked' AND kind = 'authorise'")


def upgrade() -> None:
    """Make the change."""
    op.add_column("jobs", sa.Column("put_off_at", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("holder", sa.BigInteger(), nullable=True))
    op.create_index(
        "jobs_holding", "jobs", ["run_at"], sqlite_where=_HOLDING, postgresql_where=_HOLDING
    )
    op.drop_index("jobs_order", "jobs")
    op.create_index("jobs_order", "jobs", ["order_id", "org"])
    op.create_table(
        "processes",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("processes")
    op.drop_index("jobs_order", "jobs")
    op.create_index("jobs_order", "jobs", ["org", "order_id"])
    op.drop_index("jobs_holding", "jobs")
    op.drop_column("jobs", "holder")
    op.drop_column("jobs", "put_off_at")
