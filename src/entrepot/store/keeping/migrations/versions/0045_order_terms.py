"""The terms by which orders are searched, filled by a walk over the orders and their log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

_BEFORE = "kind = 'keys' OR kind = 'events' OR kind = 'holds' OR kind = 'contacts'"
_AFTER = f"{_BEFORE} OR kind = 'search'"


def upgrade() -> None:
    """Make the change. The walk fills the table, from the first order on."""
    op.create_table(
        "order_terms",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("term", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("org", "number", "term"),
        sqlite_with_rowid=False,
    )
    op.create_index("order_terms_found", "order_terms", ["org", "term", "number"])
    _constrain(_BEFORE, _AFTER)


def downgrade() -> None:
    """Take it back: the terms follow from the orders, and are filled again."""
    op.execute("DELETE FROM sweeps WHERE kind = 'search'")
    _constrain(_AFTER, _BEFORE)
    op.drop_table("order_terms")


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
