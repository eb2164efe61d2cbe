"""Channels and members of organizations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. An organization of before has neither; its keys go on as they are."""
    op.create_table(
        "channels",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("channels_name", "channels", ["org", "name"], unique=True)
    op.create_table(
        "members",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("key_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("status = 'invited' OR status = 'active'", name="status_known"),
        sa.PrimaryKeyConstraint("org", "email"),
        sqlite_with_rowid=False,
    )
    op.create_index("members_key", "members", ["org", "key_id"], unique=True)
    op.create_index("members_id", "members", ["org", "id"], unique=True)


def downgrade() -> None:
    """Take it back. The keys of members stay, and open what they opened."""
    op.drop_table("members")
    op.drop_table("channels")
