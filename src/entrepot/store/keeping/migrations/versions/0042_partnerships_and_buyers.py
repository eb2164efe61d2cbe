"""Partnerships with customers, and buyers with their contacts and locations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_STATUSES = (
    "active", "declined", "pending", "review", "paused", "suspended", "expired", "terminated",
)  # fmt: skip


def _need(name: str, type_: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=False)  # type: ignore[arg-type]


def _known(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    compared = " OR ".join([f"{column} = '{value}'" for value in values])
    return sa.CheckConstraint(compared, name=f"{column}_known")


def _times() -> list[sa.Column[object]]:
    return [_need(name, sa.BigInteger()) for name in ("created_at", "updated_at")]


def _ids(*names: str) -> list[sa.Column[object]]:
    return [_need(name, sa.LargeBinary(16)) for name in names]


def upgrade() -> None:
    """Make the change. The partnerships of customers from before are active, without a row."""
    op.create_table(
        "partnerships",
        _need("org", sa.BigInteger()),
        *_ids("id"),
        _need("status", sa.Text()),
        sa.Column("list_id", sa.LargeBinary(16)),
        *_times(),
        _need("version", sa.BigInteger()),
        _known("status", _STATUSES),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    closed = sa.text("status <> 'active'")
    op.create_index(
        "partnerships_closed", "partnerships", ["org"], sqlite_where=closed, postgresql_where=closed
    )
    op.create_table(
        "buyers",
        _need("org", sa.BigInteger()),
        *_ids("id"),
        _need("name", sa.Text()),
        sa.Column("legal_name", sa.Text()),
        *[_need(name, sa.Text()) for name in ("properties", "info")],
        *_times(),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "buyer_contacts",
        _need("org", sa.BigInteger()),
        *_ids("customer_id", "id"),
        *[_need(name, sa.Text()) for name in ("kind", "value", "compared")],
        sa.Column("contact_name", sa.Text()),
        _need("is_primary", sa.Boolean()),
        _need("sequence", sa.BigInteger()),
        *_times(),
        _known("kind", ("email", "phone")),
        sa.PrimaryKeyConstraint("org", "customer_id", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "buyer_locations",
        _need("org", sa.BigInteger()),
        *_ids("customer_id", "id"),
        *[sa.Column(name, sa.Text()) for name in ("label", "type")],
        _need("status", sa.Text()),
        *[sa.Column(name, sa.Text())
          for name in ("line1", "line2", "city", "state", "postcode", "country")],
        *_times(),
        sa.PrimaryKeyConstraint("org", "customer_id", "id"),
        sqlite_with_rowid=False,
    )  # fmt: skip


def downgrade() -> None:
    """Take it back. Customers stay; what was written of partnerships and buyers is lost."""
    for name in ("buyer_locations", "buyer_contacts", "buyers", "partnerships"):
        op.drop_table(name)
