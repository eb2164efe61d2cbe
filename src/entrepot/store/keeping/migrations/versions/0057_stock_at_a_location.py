"""Stock levels at one location are found by an index, however many there are elsewhere."""

from __future__ import annotations

from alembic import op

revision = "0057"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_index("stock_levels_at", "stock_levels", ["org", "location_id", "variant_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("stock_levels_at", "stock_levels")
