"""The tables. Every key starts with the organization; ids are made by the program (UUIDv7).

Times are microseconds since the epoch, UTC. An amount is units at a scale. Rules: no sequence, no
trigger, no float; what must not be is refused by a constraint as well (docs/adr/0004).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from entrepot.core.facets import FULFILMENTS, PAYMENTS, RETURNS, STAGES

metadata = MetaData()
_Id = LargeBinary(16)


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _need(name: str, type_: object) -> Column[object]:
    return Column(name, type_, nullable=False)  # type: ignore[arg-type]


def _table(name: str, *parts: object) -> Table:
    return Table(name, metadata, *parts, sqlite_with_rowid=False)  # type: ignore[arg-type]


organizations = _table(
    "organizations",
    Column("org", BigInteger, primary_key=True, autoincrement=False),
    _need("id", _Id),
    _need("tenant_id", _Id),
    _need("name", Text),
    _need("allocation", Text),
    _need("guest_id", _Id),
    _need("default_location", _Id),
    _need("default_list", _Id),
    Column("source_url", Text),
    Column("source_header", Text),
    _need("created_at", BigInteger),
    UniqueConstraint("id", name="organizations_id"),
    UniqueConstraint("name", name="organizations_name"),
    _one_of("allocation", ("HARD", "SOFT")),
)

credentials = _table(
    "credentials",
    # The one table that is read before the organization is known: by the digest of the secret.
    Column("digest", LargeBinary(32), primary_key=True),
    _need("org", BigInteger),
    _need("id", _Id),
    _need("dialect", Text),
    _need("role", Text),
    _need("name", Text),
    _need("created_at", BigInteger),
    Column("revoked_at", BigInteger),
    UniqueConstraint("org", "id", name="credentials_id"),
)

locations = _table(
    "locations",
    _need("org", BigInteger),
    _need("id", _Id),
    _need("name", Text),
    PrimaryKeyConstraint("org", "id"),
)

customers = _table(
    "customers",
    _need("org", BigInteger),
    _need("id", _Id),
    _need("name", Text),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("email", Text),
    Column("phone", Text),
    _need("created_at", BigInteger),
    _need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
)

customer_names = _table(
    "customer_names",
    _need("org", BigInteger),
    _need("kind", Text),
    _need("value", Text),
    _need("customer_id", _Id),
    PrimaryKeyConstraint("org", "kind", "value"),
)

items = _table(
    "items",
    _need("org", BigInteger),
    _need("id", _Id),
    _need("name", Text),
    _need("created_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
)

variants = _table(
    "variants",
    _need("org", BigInteger),
    _need("id", _Id),
    _need("item_id", _Id),
    _need("entry_id", _Id),
    Column("sku", Text),
    _need("name", Text),
    _need("currency", Text),
    _need("price_units", BigInteger),
    _need("price_scale", SmallInteger),
    _need("tracked", Boolean),
    _need("created_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
)

variant_names = _table(
    "variant_names",
    _need("org", BigInteger),
    _need("kind", Text),
    _need("value", Text),
    _need("variant_id", _Id),
    PrimaryKeyConstraint("org", "kind", "value"),
)

item_lists = _table(
    "item_lists",
    _need("org", BigInteger),
    _need("id", _Id),
    _need("name", Text),
    PrimaryKeyConstraint("org", "id"),
)

item_list_entries = _table(
    "item_list_entries",
    _need("org", BigInteger),
    _need("id", _Id),
    _need("list_id", _Id),
    _need("variant_id", _Id),
    PrimaryKeyConstraint("org", "id"),
    UniqueConstraint("org", "list_id", "variant_id", name="item_list_entries_once"),
)

orders = _table(
    "orders",
    _need("org", BigInteger),
    _need("id", _Id),
    _need("origin", Text),
    _need("managed", Boolean),
    _need("stage", Text),
    _need("payment", Text),
    _need("fulfilment", Text),
    _need("returns", Text),
    _need("synq", Text),
    _need("polinate_phase", Text),
    _need("polinate_status", Text),
    _need("konvo", Text),
    _need("konvo_shipment", Text),
    _need("told", SmallInteger),
    _need("currency", Text),
    _need("scale", SmallInteger),
    _need("subtotal", BigInteger),
    _need("discount", BigInteger),
    _need("shipping", BigInteger),
    _need("tax", BigInteger),
    _need("total", BigInteger),
    _need("total_scale", SmallInteger),
    _need("customer_id", _Id),
    _need("created_at", BigInteger),
    _need("updated_at", BigInteger),
    Column("sender_id", Text),
    Column("sender_digest", LargeBinary(16)),
    Column("external_id", Text),
    Column("external_name", Text),
    Column("external_reference", Text),
    Column("membership_id", Text),
    Column("integration_id", Text),
    Column("payment_provider", Text),
    Column("payment_reference", Text),
    Column("channel", Text),
    Column("source_platform", Text),
    Column("sale_source", Text),
    Column("idempotency_key", Text),
    Column("tracking_url", Text),
    Column("notes", Text),
    Column("delivery_address", Text),
    Column("address", Text),
    Column("properties", Text),
    Column("metadata", Text),
    Column("expected_at", BigInteger),
    Column("shipped_at", BigInteger),
    Column("delivered_at", BigInteger),
    Column("reason", Text),
    Column("reason_detail", Text),
    _need("parked", Boolean),
    _need("ingested", Boolean),
    _need("version", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    _one_of("stage", STAGES),
    _one_of("payment", PAYMENTS),
    _one_of("fulfilment", FULFILMENTS),
    _one_of("returns", RETURNS),
    CheckConstraint("version > 0", name="version_counts"),
    Index("orders_updated", "org", "updated_at"),
    Index(
        "orders_sender", "org", "sender_id", unique=True,
        sqlite_where=text("sender_id IS NOT NULL"),
        postgresql_where=text("sender_id IS NOT NULL"),
    ),
    Index(
        "orders_external", "org", "external_id",
        sqlite_where=text("external_id IS NOT NULL"),
        postgresql_where=text("external_id IS NOT NULL"),
    ),
    Index(
        "orders_reference", "org", "external_reference",
        sqlite_where=text("external_reference IS NOT NULL"),
        postgresql_where=text("external_reference IS NOT NULL"),
    ),
)  # fmt: skip

order_lines = _table(
    "order_lines",
    _need("org", BigInteger),
    _need("order_id", _Id),
    _need("id", _Id),
    _need("number", BigInteger),
    _need("variant_id", _Id),
    _need("item_id", _Id),
    _need("entry_id", _Id),
    Column("location_id", _Id),
    Column("sku", Text),
    _need("title", Text),
    Column("variant_title", Text),
    _need("quantity", BigInteger),
    _need("unit_of_measure", Text),
    _need("currency", Text),
    _need("price_units", BigInteger),
    _need("price_scale", SmallInteger),
    _need("cost_units", BigInteger),
    _need("cost_scale", SmallInteger),
    _need("requires_shipping", Boolean),
    Column("details", Text),
    Column("properties", Text),
    _need("created_at", BigInteger),
    _need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "order_id", "id"),
    CheckConstraint("quantity > 0", name="quantity_positive"),
)

order_properties = _table(
    "order_properties",
    # One row a path of an order's properties, so that filters need no JSON functions.
    _need("org", BigInteger),
    _need("order_id", _Id),
    _need("path", Text),
    _need("value", Text),  # `=` and the text of a scalar; `{` of anything else
    PrimaryKeyConstraint("org", "order_id", "path", "value"),
    Index("order_properties_value", "org", "path", "value", "order_id"),
)

order_events = _table(
    "order_events",
    _need("org", BigInteger),
    _need("order_id", _Id),
    _need("seq", BigInteger),
    _need("type", Text),
    _need("at", BigInteger),
    _need("source", Text),
    _need("body", Text),
    PrimaryKeyConstraint("org", "order_id", "seq"),
)

idempotency_keys = _table(
    "idempotency_keys",
    _need("org", BigInteger),
    _need("key", Text),
    _need("operation", Text),
    _need("fingerprint", LargeBinary),
    _need("status", SmallInteger),
    _need("body", LargeBinary),
    Column("order_id", _Id),
    _need("created_at", BigInteger),
    PrimaryKeyConstraint("org", "key"),
)

jobs = _table(
    "jobs",
    _need("org", BigInteger),
    _need("id", _Id),
    _need("kind", Text),
    Column("order_id", _Id),
    Column("payload", Text),
    _need("state", Text),
    _need("run_at", BigInteger),
    _need("leased_until", BigInteger),
    _need("fence", BigInteger),
    _need("tries", BigInteger),
    Column("last_error", Text),
    _need("created_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
    _one_of("state", ("due", "parked")),
    # The queue is looked through by time over all organizations.
    Index("jobs_due", "state", "run_at"),
    Index("jobs_order", "org", "order_id"),
)

stock_levels = _table(
    "stock_levels",
    _need("org", BigInteger),
    _need("variant_id", _Id),
    _need("location_id", _Id),
    _need("on_hand", BigInteger),
    _need("reserved", BigInteger),
    _need("version", BigInteger),
    _need("soft", Boolean),
    PrimaryKeyConstraint("org", "variant_id", "location_id"),
    CheckConstraint("reserved >= 0", name="reserved_not_negative"),
    CheckConstraint("soft OR (on_hand >= 0 AND reserved <= on_hand)", name="never_oversold"),
)

stock_entries = _table(
    "stock_entries",
    _need("org", BigInteger),
    _need("id", _Id),
    _need("variant_id", _Id),
    _need("location_id", _Id),
    _need("delta", BigInteger),
    _need("kind", Text),
    Column("order_id", _Id),
    _need("note", Text),
    _need("created_at", BigInteger),
    PrimaryKeyConstraint("org", "id"),
)

reservations = _table(
    "reservations",
    _need("org", BigInteger),
    _need("order_id", _Id),
    _need("line_id", _Id),
    _need("variant_id", _Id),
    _need("location_id", _Id),
    _need("quantity", BigInteger),
    _need("state", Text),
    _need("held_until", BigInteger),
    _need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "order_id", "line_id"),
    _one_of("state", ("held", "committed", "released", "expired", "shipped")),
    CheckConstraint("quantity > 0", name="reservation_positive"),
)

payment_attempts = _table(
    "payment_attempts",
    _need("org", BigInteger),
    _need("order_id", _Id),
    _need("number", BigInteger),
    _need("key", Text),
    _need("provider", Text),
    _need("service", Text),
    _need("reference", Text),
    _need("amount_units", BigInteger),
    _need("amount_scale", SmallInteger),
    _need("currency", Text),
    _need("state", Text),
    Column("provider_reference", Text),
    _need("created_at", BigInteger),
    _need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "order_id", "number"),
    _one_of("state", ("prepared", "authorized", "declined", "voiding", "voided", "expired")),
    Index(
        "payment_attempts_live", "org", "order_id", unique=True,
        sqlite_where=text("state IN ('prepared', 'authorized', 'voiding')"),
        postgresql_where=text("state IN ('prepared', 'authorized', 'voiding')"),
    ),
)  # fmt: skip

installation = _table(
    "installation",
    # What belongs to the book as a whole: the secret that payment keys are derived from.
    Column("name", Text, primary_key=True),
    _need("value", LargeBinary),
)
