"""The claim of a payment that another order came with outlives its order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

_SHARING = "SELECT org, payment_reference FROM orders WHERE shares_payment_of IS NOT NULL"
_ENDED = "stage IN ('cancelled', 'rejected', 'failed', 'deleted')"
_LET_GO = "payment IN ('declined', 'voided', 'refunded')"


def upgrade() -> None:
    """Make the change. A claim that an order shares already is marked."""
    shared = sa.Column("shared", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("payment_claims", shared)
    op.execute(f"UPDATE payment_claims SET shared = true WHERE (org, reference) IN ({_SHARING})")


def downgrade() -> None:
    """Take it back. The version before would take the claim of an order that ended for a live one."""
    op.execute(
        "DELETE FROM payment_claims WHERE shared AND EXISTS (SELECT 1 FROM orders AS o "
        f"WHERE o.org = payment_claims.org AND o.id = payment_claims.order_id "
        f"AND ({_ENDED} OR {_LET_GO}))"
    )
    op.drop_column("payment_claims", "shared")
