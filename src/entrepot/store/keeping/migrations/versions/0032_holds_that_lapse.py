"""An organization says what is done before a hold of money lapses, and a walk finds such holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_CAPTURE = "capture = 'manual' OR capture = 'shipment' OR capture = 'confirmation'"
_LAPSING = "lapsing = 'alarm' OR lapsing = 'capture' OR lapsing = 'release'"
_BEFORE = "kind = 'keys' OR kind = 'events'"
_AFTER = f"{_BEFORE} OR kind = 'holds'"


def upgrade() -> None:
    """Make the change. An organization of before is told, and nothing more is done."""
    op.rename_table("organization_settings", "organization_settings_of_before")
    op.create_table(
        "organization_settings",
        sa.Column("org", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("capture", sa.Text(), nullable=False),
        sa.Column("lapsing", sa.Text(), nullable=False),
        sa.CheckConstraint(_CAPTURE, name="capture_known"),
        sa.CheckConstraint(_LAPSING, name="lapsing_known"),
        sa.PrimaryKeyConstraint("org"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO organization_settings (org, capture, lapsing) "
        "SELECT org, capture, 'alarm' FROM organization_settings_of_before"
    )
    op.drop_table("organization_settings_of_before")
    _constrain(_BEFORE, _AFTER)


def downgrade() -> None:
    """Take it back. The version before tells nobody."""
    op.execute("DELETE FROM sweeps WHERE kind = 'holds'")
    _constrain(_AFTER, _BEFORE)
    op.rename_table("organization_settings", "organization_settings_of_after")
    op.create_table(
        "organization_settings",
        sa.Column("org", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("capture", sa.Text(), nullable=False),
        sa.CheckConstraint(_CAPTURE, name="capture_known"),
        sa.PrimaryKeyConstraint("org"),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO organization_settings (org, capture) "
        "SELECT org, capture FROM organization_settings_of_after"
    )
    op.drop_table("organization_settings_of_after")


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
