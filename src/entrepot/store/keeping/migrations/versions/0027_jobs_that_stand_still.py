"""A job of an order that somebody holds is stopped, beside those that are due and parked.

Only the constraint on the words changes. SQLite changes the text of the table in place, as it
documents for constraints; no row is looked at.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_BEFORE = "state = 'due' OR state = 'parked'"
_AFTER = f"{_BEFORE} OR state = 'stopped'"


def upgrade() -> None:
    """Make the change."""
    _constrain(_BEFORE, _AFTER)


def downgrade() -> None:
    """Take it back. A job that stood still is due again: the version before holds no order."""
    op.execute("UPDATE jobs SET state = 'due' WHERE state = 'stopped'")
    _constrain(_AFTER, _BEFORE)


def _constrain(before: str, after: str) -> None:
    conn = op.get_bind()
    if conn.dialect.name != "sqlite":
        op.drop_constraint("state_known", "jobs", type_="check")
        op.create_check_constraint("state_known", "jobs", sa.text(after))
        return
    version = conn.execute(sa.text("PRAGMA schema_version")).scalar_one()
    conn.execute(sa.text("PRAGMA writable_schema = ON"))
    conn.execute(
        sa.text(
            "UPDATE sqlite_schema SET sql = replace(sql, :before, :after) "
            "WHERE type = 'table' AND name = 'jobs'"
        ),
        {"before": f"CHECK ({before})", "after": f"CHECK ({after})"},
    )
    conn.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    conn.execute(sa.text("PRAGMA writable_schema = RESET"))
