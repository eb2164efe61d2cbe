"""An order has a further payment where it comes to cost more: each has one live authorisation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_LIVE = sa.text("kind = 'authorise' AND state <> 'declined' AND state <> 'given_up'")


def upgrade() -> None:
    """Make the change. No payment of before has a further one beside it."""
    _index_live(["org", "order_id", "payment"])


def downgrade() -> None:
    """Take it back. Refused where an order has two payments with live authorisations, for which
    the version before has no place: the index says so.
    """
    _index_live(["org", "order_id"])


def _index_live(columns: list[str]) -> None:
    op.drop_index("payment_operations_live", "payment_operations")
    op.create_index(
        "payment_operations_live", "payment_operations", columns, unique=True,
        sqlite_where=_LIVE, postgresql_where=_LIVE,
    )  # fmt: skip
