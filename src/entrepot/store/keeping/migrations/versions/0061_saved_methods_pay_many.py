"""A method that a customer has saved pays each of the customer's orders: no order claims it."""

from __future__ import annotations

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

_SAVED = (
    "provider = 'stripe' AND reference LIKE 'cus!_%/pm!_%' ESCAPE '!'",
    "provider = 'stripe' AND reference LIKE 'cus!_%/card!_%' ESCAPE '!'",
    "provider = 'stripe' AND reference LIKE 'cus!_%/src!_%' ESCAPE '!'",
    "provider = 'adyen' AND reference LIKE '_%/_%' AND reference NOT LIKE '%/%/%'",
    "provider = 'paypal' AND reference LIKE 'vault/_%'",
)


def upgrade() -> None:
    """Make the change."""
    for saved in _SAVED:
        op.execute(f"DELETE FROM payment_claims WHERE {saved}")


def downgrade() -> None:
    """Take it back. The version before claims a method when the next order comes with it."""
