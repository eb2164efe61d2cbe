"""A kept notification says whether it tells of a dispute: such ones stay in the book."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

_INDEX, _TABLE = "provider_notices_age", "provider_notices"


def upgrade() -> None:
    """Make the change. Of notifications from before it is not known: they leave as the others."""
    told = sa.Column("disputed", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column(_TABLE, told)
    op.drop_index(_INDEX, _TABLE)
    op.create_index(_INDEX, _TABLE, ["org", "disputed", "received_at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index(_INDEX, _TABLE)
    op.create_index(_INDEX, _TABLE, ["org", "received_at"])
    op.drop_column(_TABLE, "disputed")
