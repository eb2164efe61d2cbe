"""Since when orders of an organization are merged, and the reader that has them merged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_BEFORE = (
    "kind = 'keys' OR kind = 'events' OR kind = 'holds' OR kind = 'contacts' OR kind = 'search'"
)
_AFTER = f"{_BEFORE} OR kind = 'merging'"


def upgrade() -> None:
    """Make the change. The orders of no organization are merged before it says so."""
    op.add_column("organization_settings", sa.Column("merging_since", sa.BigInteger()))
    _constrain(_BEFORE, _AFTER)


def downgrade() -> None:
    """Take it back: orders that became one stay one."""
    op.execute("DELETE FROM sweeps WHERE kind = 'merging'")
    _constrain(_AFTER, _BEFORE)
    op.drop_column("organization_settings", "merging_since")


def _constrain(before: str, after: str) -> None:
    """Change the words of `sweeps.kind`. SQLite changes the text of the table in place, as it
    documents for constraints.
    """
    conn = op.get_bind()
    if conn.dialect.name != "sqlite":
        op.drop_constraint("kind_known", "sweeps", type_="check")
        op.create_check_constraint("kind_known", "sweeps", sa.text(after))
        return
    version = conn.execute(sa.text("PRAGMA schema_version")).scalar_one()
    conn.execute(sa.text("PRAGMA writable_schema = ON"))
    conn.execute(
        sa.text(
            "UPDATE sqlite_schema SET sql = replace(sql, :before, :after) "
            "WHERE type = 'table' AND name = 'sweeps'"
        ),
        {"before": f"CHECK ({before})", "after": f"CHECK ({after})"},
    )
    conn.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    conn.execute(sa.text("PRAGMA writable_schema = RESET"))
