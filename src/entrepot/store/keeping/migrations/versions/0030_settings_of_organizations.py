"""Settings of an organization: when the money of its orders is taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. An organization of before has no row, and goes on as before."""
    op.create_table(
        "organization_settings",
        sa.Column("org", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("capture", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "capture = 'manual' OR capture = 'shipment' OR capture = 'confirmation'",
            name="capture_known",
        ),
        sa.PrimaryKeyConstraint("org"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take it back. The version before takes no money."""
    op.drop_table("organization_settings")
