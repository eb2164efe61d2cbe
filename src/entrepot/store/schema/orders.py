"""Orders, what they hold, what happened to them, and how many there are."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    text,
)

from entrepot.core import kinds
from entrepot.core.events import ALL_TYPES
from entrepot.core.facets import FULFILMENTS, PAYMENTS, RETURNS, STAGES, Facets
from entrepot.core.order import Event, Line
from entrepot.store.schema.conversion import AtOneScale, Beside, Conversion, Spread, money
from entrepot.store.schema.kept import Kept
from entrepot.store.schema.table import (
    ID,
    json_text,
    need,
    one_of,
    partial_index,
    places,
    table,
    word,
)

# An index of PostgreSQL takes entries of 2,704 bytes; a longer name finds no order.
NAME_MAX = 500
# The dialects by which orders come.
ORIGINS = ("konvo", "native", "polinate", "synq")


def _index(name: str, where: str, *columns: str, unique: bool = False) -> Index:
    """An index of orders that leaves out those of which `where` does not hold."""
    return partial_index(name, "org", *columns, where=text(where), unique=unique)


orders = table(
    "orders",
    need("org", BigInteger),
    need("id", ID),
    word("origin", ORIGINS),
    need("managed", Boolean),
    need("stage", Text),
    need("payment", Text),
    need("fulfilment", Text),
    need("returns", Text),
    need("told_words", Text),  # words that were told and are still true: axis=word axis=word
    need("currency", Text),
    places("scale"),
    need("subtotal", BigInteger),
    need("discount", BigInteger),
    need("shipping", BigInteger),
    need("tax", BigInteger),
    need("total", BigInteger),
    places("total_scale"),
    need("customer_id", ID),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    Column("sender_id", Text),
    Column("sender_digest", LargeBinary(16)),
    Column("sender_words", Text),  # the last word told on each axis: axis=word axis=word
    Column("external_id", Text),
    Column("external_name", Text),
    Column("external_reference", Text),
    Column("membership_id", Text),
    Column("integration_id", Text),
    Column("payment_provider", Text),
    Column("payment_reference", Text),
    Column("shares_payment_of", ID),  # the order that this reference already paid
    Column("channel", Text),
    Column("source_platform", Text),
    Column("sale_source", Text),
    Column("idempotency_key", Text),
    Column("tracking_url", Text),
    Column("notes", Text),
    Column("delivery_address", Text),
    json_text("address"),
    Column("first_name", Text),
    Column("last_name", Text),
    Column("email", Text),
    Column("phone", Text),
    json_text("properties"),
    json_text("metadata"),
    Column("expected_at", BigInteger),
    Column("shipped_at", BigInteger),
    Column("delivered_at", BigInteger),
    Column("made_at", BigInteger),
    Column("reason", Text),
    Column("reason_detail", Text),
    need("parked", Boolean),
    need("ingested", Boolean),
    need("version", BigInteger),
    need("number", BigInteger),  # 1, 2, 3 ... in the organization, in the order of the commits
    PrimaryKeyConstraint("org", "id"),
    one_of("stage", STAGES),
    one_of("payment", PAYMENTS),
    one_of("fulfilment", FULFILMENTS),
    one_of("returns", RETURNS),
    CheckConstraint("version > 0", name="version_counts"),
    Index("orders_number", "org", "number", unique=True),
    Index("orders_updated", "org", "updated_at"),
    # Senders of two kinds call orders what they like: `origin` is whose name it is.
    _index("orders_told_by", "sender_id IS NOT NULL", "sender_id", "origin", unique=True),
    _index("orders_external", "external_id IS NOT NULL", "external_id"),
    _index("orders_reference", "external_reference IS NOT NULL", "external_reference"),
    _index("orders_name", f"length(external_name) <= {NAME_MAX}", "external_name"),
    # Orders that came with another order's payment: few did (docs/adr/0077). With the column of the
    # condition: SQLite takes an index that it has to look no further from.
    _index(
        "orders_sharing", "shares_payment_of IS NOT NULL", "payment_reference", "shares_payment_of"
    ),
)  # fmt: skip

order_lines = table(
    "order_lines",
    need("org", BigInteger),
    need("order_id", ID),
    need("id", ID),
    need("number", BigInteger),
    need("variant_id", ID),
    need("item_id", ID),
    need("entry_id", ID),
    Column("location_id", ID),
    Column("sku", Text),
    need("title", Text),
    Column("variant_title", Text),
    need("quantity", BigInteger),
    need("unit_of_measure", Text),
    need("currency", Text),
    need("price_units", BigInteger),
    places("price_scale"),
    need("cost_units", BigInteger),
    places("cost_scale"),
    need("requires_shipping", Boolean),
    json_text("details"),
    json_text("properties"),
    need("created_at", BigInteger),
    need("updated_at", BigInteger),
    PrimaryKeyConstraint("org", "order_id", "id"),
)

order_properties = table(
    "order_properties",
    # A row for each path of an order's properties, so that filters need no JSON functions.
    need("org", BigInteger),
    need("order_id", ID),
    need("path", Text),
    need("value", Text),  # `=` and the text of a scalar; `{` of anything else
    need("number", BigInteger),  # the order's, so that the index gives matches newest first
    PrimaryKeyConstraint("org", "order_id", "path", "value"),
    Index("order_properties_value", "org", "path", "value", "number"),
    Index("order_properties_path", "org", "path", "number"),
)

order_terms = table(
    "order_terms",
    # What an order is searched by (core.order_terms). A walk over the orders and their log fills
    # the table, after the orders (docs/adr/0063).
    need("org", BigInteger),
    need("number", BigInteger),  # the order's
    need("term", LargeBinary),
    PrimaryKeyConstraint("org", "number", "term"),
    # In the order of numbers within a term.
    Index("order_terms_found", "org", "term", "number"),
)

order_property_tallies = table(
    "order_property_tallies",
    # How many orders have a value at a path; the empty value stands for any (docs/adr/0008).
    need("org", BigInteger),
    need("path", Text),
    need("value", Text),
    need("orders", BigInteger),
    PrimaryKeyConstraint("org", "path", "value"),
)

order_counters = table(
    "order_counters",
    # How many orders and events an organization has had, which are the numbers of the newest ones;
    # and the time of the last commit that wrote any, which no order of it is later than
    # (docs/adr/0019, docs/adr/0030).
    Column("org", BigInteger, primary_key=True, autoincrement=False),
    need("orders", BigInteger),
    Column("committed_at", BigInteger, nullable=False, server_default="0"),
    Column("events", BigInteger, nullable=False, server_default="0"),
    # How many invoices: the number of the newest one. Written by batches with invoices alone.
    Column("invoices", BigInteger, nullable=False, server_default="0"),
    # Which organizations wrote something of late.
    Index("order_counters_committed", "committed_at"),
)

order_spans = table(
    "order_spans",
    # How many orders of each stage and each state of the goods stand in a range of numbers, and
    # between which times they lie; the ranges of each level hold those of the one below
    # (docs/adr/0008).
    need("org", BigInteger),
    need("level", SmallInteger),
    need("span", BigInteger),  # (number - 1) // the level's size
    need("stage", Text),
    need("goods", Text),  # where the goods are and which came back, as core.facets.goods has them
    need("orders", BigInteger),
    # No order of the span lies outside these; they may be wider than what is in it now.
    need("created_min", BigInteger),
    need("created_max", BigInteger),
    need("updated_min", BigInteger),
    need("updated_max", BigInteger),
    PrimaryKeyConstraint("org", "level", "span", "stage", "goods"),
)

order_update_tallies = table(
    "order_update_tallies",
    # How many orders were last updated in a slot of time; the slots of each level hold those of
    # the one below (docs/adr/0008).
    need("org", BigInteger),
    need("level", SmallInteger),
    need("slot", BigInteger),  # updated_at // the level's size
    need("orders", BigInteger),
    PrimaryKeyConstraint("org", "level", "slot"),
)

events = table(
    "events",
    # Events: the organization's log by `number`, a subject's history by `seq` (docs/adr/0030).
    need("org", BigInteger),
    need("subject_id", ID),
    need("seq", BigInteger),
    word("type", ALL_TYPES),
    need("at", BigInteger),
    need("source", Text),
    json_text("body", needed=True),
    need("subject", Text),  # what kind of thing `subject_id` names: an order
    need("actor", Text),  # who made it happen; empty: not known
    need("number", BigInteger),
    PrimaryKeyConstraint("org", "subject_id", "seq"),
    # Its own tree grows at the end only.
    Index("events_number", "org", "number", unique=True),
)

order_archives = table(
    "order_archives",
    # Ranges of an order's events that are in the archive and no longer here (docs/adr/0009).
    need("org", BigInteger),
    need("order_id", ID),
    need("first_seq", BigInteger),
    need("last_seq", BigInteger),
    need("archived_at", BigInteger),
    PrimaryKeyConstraint("org", "order_id", "first_seq"),
    CheckConstraint("first_seq > 0 AND last_seq >= first_seq", name="range_counts"),
)

_AMOUNTS = ("subtotal", "discount", "shipping", "tax", "total")
ORDERS = Kept(
    kinds.ORDERS, orders,
    {
        "facets": Spread(Facets),
        **{name: AtOneScale(name, _AMOUNTS) for name in _AMOUNTS[:-1]},
        "total": AtOneScale("total", _AMOUNTS, own="total_scale"),
        "lines": Beside("lines", "()"),
    },
    fixed=("number",),
)  # fmt: skip
LINES = Kept(
    kinds.LINES, order_lines,
    {
        "line": Spread(
            Line,
            {
                "price": money("price_units", "price_scale"),
                "cost": money("cost_units", "cost_scale"),
            },
        )
    },
)  # fmt: skip
EVENTS = Conversion(Event, events)
