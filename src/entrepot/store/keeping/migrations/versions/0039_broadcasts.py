"""Broadcasts, as their senders tell them; tallies are found by their keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def _need(name: str, type_: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=False)  # type: ignore[arg-type]


def upgrade() -> None:
    """Make the change. Nothing was told before."""
    op.create_table(
        "broadcasts",
        _need("org", sa.BigInteger()),
        _need("id", sa.LargeBinary(16)),
        *[_need(name, sa.Text()) for name in ("name", "status", "audience", "flow", "template")],
        sa.Column("scheduled_at", sa.BigInteger()),
        *[_need(name, sa.BigInteger()) for name in ("sent", "delivered", "failed", "opened")],
        _need("cost_units", sa.BigInteger()),
        _need("cost_scale", sa.SmallInteger()),
        _need("cost_currency", sa.Text()),
        *[_need(name, sa.BigInteger()) for name in ("created_at", "updated_at", "version")],
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("broadcasts_created", "broadcasts", ["org", "created_at", "id"])
    op.create_index("broadcasts_updated", "broadcasts", ["org", "updated_at", "id"])
    op.create_index("list_tallies_of_key", "list_tallies", ["org", "list", "key", "level"])


def downgrade() -> None:
    """Take it back. What was told is lost."""
    op.execute("DELETE FROM list_tallies WHERE list IN ('broadcasts', 'broadcasts_updated')")
    op.drop_index("list_tallies_of_key", "list_tallies")
    op.drop_table("broadcasts")
