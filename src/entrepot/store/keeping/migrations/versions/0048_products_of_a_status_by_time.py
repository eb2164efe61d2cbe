"""The products of one status are found by the time of their change, however many there are."""

from __future__ import annotations

from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change. The index without the status was used by nothing else."""
    op.drop_index("products_updated", "products")
    op.create_index("products_updated", "products", ["org", "status", "updated_at", "id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index("products_updated", "products")
    op.create_index("products_updated", "products", ["org", "updated_at", "id"])
