"""Products and their variants have what the catalogue tells of them; variants can be deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_KNOWN = " OR ".join([f"status = '{one}'" for one in ("active", "draft", "archived", "deleted")])


def _need(name: str, type_: object) -> sa.Column[object]:
    return sa.Column(name, type_, nullable=False)  # type: ignore[arg-type]


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text()) for name in names]


def upgrade() -> None:
    """Make the change. Nothing was told of a product before but its name."""
    op.create_table(
        "products",
        _need("org", sa.BigInteger()),
        _need("id", sa.LargeBinary(16)),
        *[_need(name, sa.Text()) for name in ("name", "status")],
        *[_need(name, sa.BigInteger()) for name in ("created_at", "updated_at", "version")],
        *_texts("handle", "description", "image_url", "type", "custom_type", "brand"),
        sa.Column("brand_id", sa.LargeBinary(16)),
        *_texts("category"),
        sa.Column("category_id", sa.LargeBinary(16)),
        *_texts("vendor", "properties", "details"),
        sa.Column("deleted_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("org", "id"),
        sa.CheckConstraint(_KNOWN, name="status_known"),
        sqlite_with_rowid=False,
    )
    op.create_index("products_by_status", "products", ["org", "status", "id"])
    op.create_index("products_updated", "products", ["org", "updated_at", "id"])
    op.create_table(
        "product_handles",
        _need("org", sa.BigInteger()),
        _need("handle", sa.Text()),
        _need("product_id", sa.LargeBinary(16)),
        sa.PrimaryKeyConstraint("org", "handle"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "variant_details",
        _need("org", sa.BigInteger()),
        _need("id", sa.LargeBinary(16)),
        _need("updated_at", sa.BigInteger()),
        _need("name", sa.Text()),
        *_texts("barcode"),
        sa.Column("cost_units", sa.BigInteger()),
        sa.Column("cost_scale", sa.SmallInteger()),
        *_texts("weight", "length", "width", "height", "unit_of_measure"),
        sa.Column("sequence", sa.BigInteger()),
        *_texts("image_url", "properties", "options", "details"),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.add_column("variants", sa.Column("deleted_at", sa.BigInteger()))
    op.create_index("variants_of_product", "variants", ["org", "item_id"])


def downgrade() -> None:
    """Take it back. What the catalogue was told beyond names and prices is lost."""
    op.drop_index("variants_of_product", "variants")
    op.drop_column("variants", "deleted_at")
    for table in ("variant_details", "product_handles", "products"):
        op.drop_table(table)
