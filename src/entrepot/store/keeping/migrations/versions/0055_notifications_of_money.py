"""Money that comes late: a kept notification says whether it tells of money, and a parked look at
a payment is made again by itself.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

_BEFORE = "state = 'parked' AND kind = 'authorise'"
_AFTER = "state = 'parked' AND (kind = 'authorise' OR kind = 'look')"


def upgrade() -> None:
    """Make the change. Of notifications from before it is not known: no step waits for one."""
    told = sa.Column("of_money", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("provider_notices", told)
    _index(_AFTER)


def downgrade() -> None:
    """Take it back. What is still to be heard becomes a look, which the version before knows."""
    op.execute("UPDATE jobs SET kind = 'look' WHERE kind = 'hear'")
    _index(_BEFORE)
    op.drop_column("provider_notices", "of_money")


def _index(where: str) -> None:
    op.drop_index("jobs_holding", "jobs")
    over = sa.text(where)
    op.create_index("jobs_holding", "jobs", ["run_at"], sqlite_where=over, postgresql_where=over)
