"""An organization may have holds of money renewed before they end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

_BEFORE = "lapsing = 'alarm' OR lapsing = 'capture' OR lapsing = 'release'"
_AFTER = f"{_BEFORE} OR lapsing = 'renew'"


def upgrade() -> None:
    """Make the change. Nobody has chosen the further word yet."""
    _constrain(_BEFORE, _AFTER)


def downgrade() -> None:
    """Take it back. The version before tells whoever chose the further word, and moves no money."""
    op.execute("UPDATE organization_settings SET lapsing = 'alarm' WHERE lapsing = 'renew'")
    _constrain(_AFTER, _BEFORE)


def _constrain(before: str, after: str) -> None:
    """Change the words of `organization_settings.lapsing`. SQLite changes the text of the table in
    place, as it documents for constraints.
    """
    conn = op.get_bind()
    if conn.dialect.name != "sqlite":
        op.drop_constraint("lapsing_known", "organization_settings", type_="check")
        op.create_check_constraint("lapsing_known", "organization_settings", sa.text(after))
        return
    version = conn.execute(sa.text("PRAGMA schema_version")).scalar_one()
    conn.execute(sa.text("PRAGMA writable_schema = ON"))
    conn.execute(
        sa.text(
            "UPDATE sqlite_schema SET sql = replace(sql, :before, :after) "
            "WHERE type = 'table' AND name = 'organization_settings'"
        ),
        {"before": f"CHECK ({before})", "after": f"CHECK ({after})"},
    )
    conn.execute(sa.text(f"PRAGMA schema_version = {version + 1}"))
    conn.execute(sa.text("PRAGMA writable_schema = RESET"))
