"""A reservation knows how much of it was shipped."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# In words that both databases take: SQLite adds a constraint with its column only.
_ADD = (
    "ALTER TABLE reservations ADD COLUMN shipped BIGINT DEFAULT '0' NOT NULL "
    "CONSTRAINT shipped_within CHECK (shipped >= 0 AND shipped <= quantity)"
)


def upgrade() -> None:
    """Make the change. Until now every shipped line was shipped whole."""
    op.execute(_ADD)
    op.execute("UPDATE reservations SET shipped = quantity WHERE state = 'shipped'")


def downgrade() -> None:
    """Take it back. A reservation that was shipped in part is claimed whole again."""
    op.drop_column("reservations", "shipped")
