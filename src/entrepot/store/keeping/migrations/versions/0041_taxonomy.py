"""Categories, brands, attributes, groups of attributes and templates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_KINDS = ("category", "brand", "attribute", "attribute_group", "template")


def upgrade() -> None:
    """Make the change. Nothing was sorted before."""
    op.create_table(
        "taxa",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("sorted_by", sa.LargeBinary(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("parent_id", sa.LargeBinary(length=16)),
        sa.Column("depth", sa.SmallInteger(), nullable=False),
        sa.Column("logo_url", sa.Text()),
        sa.Column("type", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(" OR ".join([f"kind = '{kind}'" for kind in _KINDS]), name="kind_known"),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("taxa_slug", "taxa", ["org", "kind", "slug"], unique=True)
    op.create_index("taxa_sorted", "taxa", ["org", "kind", "sorted_by", "id"])


def downgrade() -> None:
    """Take it back. What was sorted is lost."""
    op.drop_table("taxa")
