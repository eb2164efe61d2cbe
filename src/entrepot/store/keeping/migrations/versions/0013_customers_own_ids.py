"""What senders call a customer, kept with the customer: an order shows it to be told again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("customers", sa.Column("own_ids", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("customers", "own_ids")
