"""Values that no list of words and no amount has, and names that two rows say differently."""

from __future__ import annotations

from tests.store.verify_breaks import Break

BREAKS_OF_VALUES = (
    Break("CLAIMS", "a claim at another provider", "placed",
          ("UPDATE payment_claims SET provider = 'elsewhere' WHERE order_id = :placed",)),
    Break("CLAIMS", "an order that claims nothing", "placed",
          ("DELETE FROM payment_claims WHERE order_id = :placed",)),
    Break("PAYMENT_TOTAL", "an order that names another provider", "confirmed",
          ("UPDATE orders SET payment_provider = 'Elsewhere' WHERE id = :confirmed",)),
)  # fmt: skip
# Table, column, and the change that gives the column a value that it cannot have.
UNKNOWN_VALUES = (
    ("stock_entries", "kind", "kind = 'gift'"),
    ("orders", "origin", "origin = 'fax'"),
    ("events", "type", "type = 'product.melted'"),
    ("variants", "price_scale", "price_scale = -1"),
    ("order_lines", "cost_scale", "cost_scale = 10"),
    ("item_list_entries", "places", "places = 40"),
    ("orders", "shipped_at", "shipped_at = 253402300800000000"),
    ("events", "at", "at = -62135596800000001"),
    ("credentials", "dialect", "dialect = 'fax'"),
    ("members", "role", "role = 'OWNER'"),
    ("credentials", "created_at", "created_at = 253402300800000000"),
    ("reservations", "held_until", "held_until = 9000000000000000000"),
)
