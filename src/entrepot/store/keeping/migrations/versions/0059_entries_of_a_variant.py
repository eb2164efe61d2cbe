"""The ledger of one variant is found by an index, however much other goods moved."""

from __future__ import annotations

from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_index("stock_entries_of_variant", "stock_entries", ["org", "variant_id", "id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("stock_entries_of_variant", "stock_entries")
