"""Media of products and variants, and bulk jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

_TYPES = ("BULK_IMPORT", "BULK_UPDATE", "BULK_DELETE")
_STATES = ("PENDING", "PROCESSING", "COMPLETED", "FAILED")
_OPEN = sa.text("state = 'PENDING' OR state = 'PROCESSING'")


def _need(name: str, type_: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=False)  # type: ignore[arg-type]


def _known(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    compared = " OR ".join([f"{column} = '{word}'" for word in words])
    return sa.CheckConstraint(compared, name=f"{column}_known")


def upgrade() -> None:
    """Make the change. Nothing was told before."""
    op.create_table(
        "media",
        _need("org", sa.BigInteger()),
        _need("id", sa.LargeBinary(16)),
        sa.Column("product_id", sa.LargeBinary(16)),
        sa.Column("variant_id", sa.LargeBinary(16)),
        _need("url", sa.Text()),
        sa.Column("alt_text", sa.Text()),
        *[_need(name, sa.BigInteger()) for name in ("sort_order", "created_at", "updated_at")],
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("media_product", "media", ["org", "product_id", "sort_order", "id"])
    op.create_index("media_variant", "media", ["org", "variant_id", "sort_order", "id"])
    op.create_index("media_sorted", "media", ["org", "sort_order", "id"])
    op.create_table(
        "bulk_jobs",
        _need("org", sa.BigInteger()),
        _need("id", sa.LargeBinary(16)),
        *[_need(name, sa.Text()) for name in ("type", "state")],
        *[_need(name, sa.BigInteger()) for name in ("total", "processed", "failed")],
        *[_need(name, sa.Text()) for name in ("faults", "actor")],
        *[
            _need(name, sa.BigInteger())
            for name in ("leased_until", "version", "created_at", "updated_at")
        ],
        sa.PrimaryKeyConstraint("org", "id"),
        _known("type", _TYPES),
        _known("state", _STATES),
        sqlite_with_rowid=False,
    )
    op.create_index("bulk_jobs_type", "bulk_jobs", ["org", "type", "id"])
    op.create_index(
        "bulk_jobs_open", "bulk_jobs", ["created_at"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_table(
        "bulk_slices",
        _need("org", sa.BigInteger()),
        _need("job_id", sa.LargeBinary(16)),
        _need("number", sa.BigInteger()),
        _need("items", sa.Text()),
        sa.PrimaryKeyConstraint("org", "job_id", "number"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take it back. What was told is lost, and so is what bulk jobs have not done yet."""
    op.drop_table("bulk_slices")
    op.drop_table("bulk_jobs")
    op.drop_table("media")
