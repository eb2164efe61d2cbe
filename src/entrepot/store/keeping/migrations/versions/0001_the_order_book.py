"""The order book."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "credentials",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("digest"),
        sa.UniqueConstraint("org", "id", name="credentials_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customer_names",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", "value"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "customers",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "installation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "item_list_entries",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("list_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("variant_id", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("org", "id"),
        sa.UniqueConstraint("org", "list_id", "variant_id", name="item_list_entries_once"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "item_lists",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "items",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "jobs",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('due', 'parked')", name="state_known"),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("jobs_due", ["state", "run_at"], unique=False)
        batch_op.create_index("jobs_order", ["org", "order_id"], unique=False)

    op.create_table(
        "locations",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_events",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "order_id", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_lines",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("item_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("entry_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("location_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("variant_title", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_of_measure", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price_units", sa.BigInteger(), nullable=False),
        sa.Column("price_scale", sa.SmallInteger(), nullable=False),
        sa.Column("cost_units", sa.BigInteger(), nullable=False),
        sa.Column("cost_scale", sa.SmallInteger(), nullable=False),
        sa.Column("requires_shipping", sa.Boolean(), nullable=False),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("properties", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity > 0", name="quantity_positive"),
        sa.PrimaryKeyConstraint("org", "order_id", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "order_properties",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org", "order_id", "path", "value"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("order_properties", schema=None) as batch_op:
        batch_op.create_index(
            "order_properties_value", ["org", "path", "value", "order_id"], unique=False
        )

    op.create_table(
        "orders",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("managed", sa.Boolean(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("payment", sa.Text(), nullable=False),
        sa.Column("fulfilment", sa.Text(), nullable=False),
        sa.Column("returns", sa.Text(), nullable=False),
        sa.Column("synq", sa.Text(), nullable=False),
        sa.Column("polinate_phase", sa.Text(), nullable=False),
        sa.Column("polinate_status", sa.Text(), nullable=False),
        sa.Column("konvo", sa.Text(), nullable=False),
        sa.Column("konvo_shipment", sa.Text(), nullable=False),
        sa.Column("told", sa.SmallInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("scale", sa.SmallInteger(), nullable=False),
        sa.Column("subtotal", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("shipping", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("total_scale", sa.SmallInteger(), nullable=False),
        sa.Column("customer_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("sender_id", sa.Text(), nullable=True),
        sa.Column("sender_digest", sa.LargeBinary(length=16), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("external_name", sa.Text(), nullable=True),
        sa.Column("external_reference", sa.Text(), nullable=True),
        sa.Column("membership_id", sa.Text(), nullable=True),
        sa.Column("integration_id", sa.Text(), nullable=True),
        sa.Column("payment_provider", sa.Text(), nullable=True),
        sa.Column("payment_reference", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("source_platform", sa.Text(), nullable=True),
        sa.Column("sale_source", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("tracking_url", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("delivery_address", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("properties", sa.Text(), nullable=True),
        sa.Column("metadata", sa.Text(), nullable=True),
        sa.Column("expected_at", sa.BigInteger(), nullable=True),
        sa.Column("shipped_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reason_detail", sa.Text(), nullable=True),
        sa.Column("parked", sa.Boolean(), nullable=False),
        sa.Column("ingested", sa.Boolean(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "fulfilment IN ('unassigned', 'accepted', 'packed', 'partially_shipped', 'in_transit', 'out_for_delivery', 'attempted', 'ready_for_pickup', 'delivered', 'lost', 'not_applicable')",
            name="fulfilment_known",
        ),
        sa.CheckConstraint(
            "payment IN ('none', 'pending', 'authorized', 'paid', 'partially_refunded', 'refunded', 'voided', 'declined', 'disputed')",
            name="payment_known",
        ),
        sa.CheckConstraint(
            "returns IN ('none', 'requested', 'partial', 'returned')", name="returns_known"
        ),
        sa.CheckConstraint(
            "stage IN ('draft', 'placed', 'confirmed', 'completed', 'archived', 'cancelled', 'rejected', 'failed', 'deleted')",
            name="stage_known",
        ),
        sa.CheckConstraint("version > 0", name="version_counts"),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(
            "orders_external",
            ["org", "external_id"],
            unique=False,
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        )
        batch_op.create_index(
            "orders_reference",
            ["org", "external_reference"],
            unique=False,
            sqlite_where=sa.text("external_reference IS NOT NULL"),
            postgresql_where=sa.text("external_reference IS NOT NULL"),
        )
        batch_op.create_index(
            "orders_sender",
            ["org", "sender_id"],
            unique=True,
            sqlite_where=sa.text("sender_id IS NOT NULL"),
            postgresql_where=sa.text("sender_id IS NOT NULL"),
        )
        batch_op.create_index("orders_updated", ["org", "updated_at"], unique=False)

    op.create_table(
        "organizations",
        sa.Column("org", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tenant_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("allocation", sa.Text(), nullable=False),
        sa.Column("guest_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("default_location", sa.LargeBinary(length=16), nullable=False),
        sa.Column("default_list", sa.LargeBinary(length=16), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("source_header", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("allocation IN ('HARD', 'SOFT')", name="allocation_known"),
        sa.PrimaryKeyConstraint("org"),
        sa.UniqueConstraint("id", name="organizations_id"),
        sa.UniqueConstraint("name", name="organizations_name"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "payment_attempts",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount_units", sa.BigInteger(), nullable=False),
        sa.Column("amount_scale", sa.SmallInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("provider_reference", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('prepared', 'authorized', 'declined', 'voiding', 'voided', 'expired')",
            name="state_known",
        ),
        sa.PrimaryKeyConstraint("org", "order_id", "number"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("payment_attempts", schema=None) as batch_op:
        batch_op.create_index(
            "payment_attempts_live",
            ["org", "order_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('prepared', 'authorized', 'voiding')"),
            postgresql_where=sa.text("state IN ('prepared', 'authorized', 'voiding')"),
        )

    op.create_table(
        "reservations",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("line_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("variant_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("location_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('held', 'committed', 'released', 'expired', 'shipped')", name="state_known"
        ),
        sa.CheckConstraint("quantity > 0", name="reservation_positive"),
        sa.PrimaryKeyConstraint("org", "order_id", "line_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stock_entries",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("variant_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("location_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("delta", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("order_id", sa.LargeBinary(length=16), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stock_levels",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("location_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("soft", sa.Boolean(), nullable=False),
        sa.CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        sa.CheckConstraint("soft OR (on_hand >= 0 AND reserved <= on_hand)", name="never_oversold"),
        sa.PrimaryKeyConstraint("org", "variant_id", "location_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "variant_names",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("variant_id", sa.LargeBinary(length=16), nullable=False),
        sa.PrimaryKeyConstraint("org", "kind", "value"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "variants",
        sa.Column("org", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("item_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("entry_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("price_units", sa.BigInteger(), nullable=False),
        sa.Column("price_scale", sa.SmallInteger(), nullable=False),
        sa.Column("tracked", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("org", "id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("variants")
    op.drop_table("variant_names")
    op.drop_table("stock_levels")
    op.drop_table("stock_entries")
    op.drop_table("reservations")
    with op.batch_alter_table("payment_attempts", schema=None) as batch_op:
        batch_op.drop_index(
            "payment_attempts_live",
            sqlite_where=sa.text("state IN ('prepared', 'authorized', 'voiding')"),
            postgresql_where=sa.text("state IN ('prepared', 'authorized', 'voiding')"),
        )

    op.drop_table("payment_attempts")
    op.drop_table("organizations")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("orders_updated")
        batch_op.drop_index(
            "orders_sender",
            sqlite_where=sa.text("sender_id IS NOT NULL"),
            postgresql_where=sa.text("sender_id IS NOT NULL"),
        )
        batch_op.drop_index(
            "orders_reference",
            sqlite_where=sa.text("external_reference IS NOT NULL"),
            postgresql_where=sa.text("external_reference IS NOT NULL"),
        )
        batch_op.drop_index(
            "orders_external",
            sqlite_where=sa.text("external_id IS NOT NULL"),
            postgresql_where=sa.text("external_id IS NOT NULL"),
        )

    op.drop_table("orders")
    with op.batch_alter_table("order_properties", schema=None) as batch_op:
        batch_op.drop_index("order_properties_value")

    op.drop_table("order_properties")
    op.drop_table("order_lines")
    op.drop_table("order_events")
    op.drop_table("locations")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index("jobs_order")
        batch_op.drop_index("jobs_due")

    op.drop_table("jobs")
    op.drop_table("items")
    op.drop_table("item_lists")
    op.drop_table("item_list_entries")
    op.drop_table("installation")
    op.drop_table("idempotency_keys")
    op.drop_table("customers")
    op.drop_table("customer_names")
    op.drop_table("credentials")
