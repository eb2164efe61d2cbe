"""Rules by which each column of the book is copied when a book is filled, so that none is
forgotten.

A table is copied with the order that its row belongs to, made anew from the orders, kept as it is,
or has nothing of an order that has come to rest. A column of the schema without a rule here stops
the filling.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Table

from entrepot.store import schema

SAME = "same"  # as it is in the pattern
ID = "id"  # a fresh id where the row that it names is copied too, else the same
TIME = "time"  # as long after the order's begin as in the pattern, stretched
SHIFT = "shift"  # as long after the order's begin as in the pattern
TOLD = "told"  # text in which the pattern's keys and ids are replaced by the copy's
NUMBER = "number"  # the order's place in the book
BILLED = "billed"  # the invoice's place in the book
LOGGED = "logged"  # the event's place in the organization's log
UNSEALED = "unsealed"  # a digest as older versions wrote it, of no sender
ABSENT = "absent"  # nothing, as in rows of older versions

# The column that names the order a row belongs to; of customers and of what hangs on an invoice,
# through the order's own. Events are an order's or its invoice's.
OWNER = {
    "orders": "id",
    "order_lines": "order_id",
    "order_properties": "order_id",
    "events": "subject_id",
    "idempotency_keys": "order_id",
    "reservations": "order_id",
    "payments": "order_id",
    "payment_operations": "order_id",
    "shipments": "order_id",
    "shipment_lines": "order_id",
    "returns": "order_id",
    "return_lines": "order_id",
    "payment_claims": "order_id",
    "stock_entries": "order_id",
    "customers": "id",
    "customer_names": "customer_id",
    "invoices": "order_id",
    "invoice_properties": "invoice_id",
}
BY_CUSTOMER = frozenset({"customers", "customer_names"})
BY_INVOICE = frozenset({"invoice_properties"})
# Counted over the copies.
MADE_ANEW = frozenset({
    "order_counters", "order_spans", "order_property_tallies", "order_update_tallies",
    "stock_levels", "contacts", "contact_orders", "contact_terms", "list_tallies",
    "click_contacts", "attributions", "order_terms", "touches", "broadcasts",
    "shelf_values", "stock_layers", "stock_movements", "stock_costing", "line_costs",
    "value_totals",
})  # fmt: skip
# Tables that orders refer to, and tables that know of no orders.
KEPT = frozenset({
    "organizations", "credentials", "provider_accounts", "locations", "items", "variants",
    "variant_names", "item_lists",
    "item_list_entries", "installation", "processes", "sweeps",
})  # fmt: skip
# An order at rest waits for nothing, and nothing of it has left the book.
# Plain kinds, such as notes, are not of what a filled book is measured by; the keys of its
# organization are kept.
EMPTY = frozenset(
    {
        "announced_orders",
        "jobs",
        "order_archives",
    }
) | ({kept.table.name for kept in schema.PLAIN} - KEPT - MADE_ANEW)

_TIMES = ("created_at", "updated_at")
COPIED: dict[str, dict[str, tuple[str, ...]]] = {
    "orders": {
        SAME: (
            "org", "origin", "managed", "stage", "payment", "fulfilment", "returns",
            "told_words", "currency",
            "scale", "subtotal", "discount", "shipping", "tax", "total", "total_scale",
            "membership_id", "integration_id", "payment_provider",
            "channel", "source_platform", "sale_source", "tracking_url",
            "notes", "delivery_address", "address", "expected_at", "reason", "reason_detail",
            "parked", "ingested", "version", "sender_words",
        ),
        ID: ("id", "customer_id", "shares_payment_of"),
        TIME: (*_TIMES, "shipped_at", "delivered_at", "made_at"),
        TOLD: (
            "sender_id", "external_id", "external_name", "external_reference", "idempotency_key",
            "payment_reference", "properties", "metadata", "first_name", "last_name", "email",
            "phone",
        ),
        NUMBER: ("number",),
        UNSEALED: ("sender_digest",),
    },
    "order_lines": {
        SAME: (
            "org", "number", "variant_id", "item_id", "entry_id", "location_id", "sku", "title",
            "variant_title", "quantity", "unit_of_measure", "currency", "price_units",
            "price_scale", "cost_units", "cost_scale", "requires_shipping",
        ),
        ID: ("order_id", "id"),
        TIME: _TIMES,
        TOLD: ("details", "properties"),
    },
    "order_properties": {
        SAME: ("org", "path"), ID: ("order_id",), TOLD: ("value",), NUMBER: ("number",),
    },
    "events": {
        SAME: ("org", "seq", "type", "source", "subject", "actor"), ID: ("subject_id",),
        TIME: ("at",), TOLD: ("body",), LOGGED: ("number",),
    },
    "idempotency_keys": {
        SAME: ("org", "operation", "fingerprint", "status"),
        ID: ("order_id",),
        TIME: ("created_at",),
        TOLD: ("key", "body"),
        ABSENT: ("checksum",),
    },
    "reservations": {
        SAME: ("org", "variant_id", "location_id", "quantity", "shipped", "state"),
        ID: ("order_id", "line_id"),
        TIME: ("updated_at",),
        SHIFT: ("held_until",),
    },
    "shipments": {
        SAME: ("org", "number", "carrier", "tracking_number", "tracking_url", "state"),
        ID: ("order_id", "id"),
        TIME: ("shipped_at", "delivered_at"),
    },
    "shipment_lines": {SAME: ("org", "number", "quantity"), ID: ("order_id", "line_id")},
    "returns": {
        SAME: ("org", "number", "state", "reason", "refunded_units"),
        ID: ("order_id", "id"),
        TIME: ("returned_at", "requested_at", "approved_at"),
    },
    "return_lines": {
        SAME: ("org", "number", "quantity", "restocked", "location_id"),
        ID: ("order_id", "line_id"),
    },
    "payments": {
        SAME: (
            "org", "number", "provider", "service", "currency", "amount_units", "amount_scale",
        ),
        ID: ("order_id",),
        TIME: ("created_at",),
        TOLD: ("reference",),
    },
    "payment_operations": {
        SAME: ("org", "payment", "number", "kind", "units", "state"),
        ID: ("order_id",),
        TIME: _TIMES,
        TOLD: ("key", "provider_reference"),
    },
    "payment_claims": {
        SAME: ("org", "provider", "shared"), ID: ("order_id",), TOLD: ("reference",),
    },
    "stock_entries": {
        SAME: ("org", "variant_id", "location_id", "delta", "kind", "note", "unit_cost"),
        ID: ("id", "order_id"),
        TIME: ("created_at",),
    },
    "customers": {
        SAME: ("org", "senders"),
        ID: ("id",),
        TIME: _TIMES,
        TOLD: ("name", "first_name", "last_name", "email", "phone", "own_ids"),
    },
    "invoices": {
        SAME: (
            "org", "status", "notes", "properties", "currency", "scale", "subtotal", "discount",
            "shipping", "tax", "total", "total_scale", "version",
        ),
        ID: ("id", "order_id", "customer_id"),
        # Numbers and times of making rise together.
        SHIFT: ("created_at", "updated_at"),
        TOLD: ("reference", "lines"),
        BILLED: ("number",),
    },
    "invoice_properties": {SAME: ("org", "key"), ID: ("invoice_id",)},
    "customer_names": {SAME: ("org", "kind"), ID: ("customer_id",), TOLD: ("value",)},
}  # fmt: skip


class UnknownColumn(Exception):
    """The schema has something that no rule here speaks of, or a rule speaks of what is gone."""


def checked(tables: Iterable[Table] = ()) -> dict[str, dict[str, str]]:
    """For every copied table the rule of each column. Raises UnknownColumn, which names it.

    `tables` are those of the schema, all of them, unless given.
    """
    known = {table.name: table for table in tables or schema.metadata.sorted_tables}
    spoken = {*COPIED, *MADE_ANEW, *KEPT, *EMPTY}
    strange = [f"table {name}" for name in sorted(known.keys() ^ spoken)]
    rules: dict[str, dict[str, str]] = {}
    for name in COPIED.keys() & known.keys():
        said = [(column, rule) for rule, columns in COPIED[name].items() for column in columns]
        rules[name] = dict(said)
        columns = {column.name for column in known[name].columns}
        strange += [f"column {name}.{column}" for column in sorted(columns ^ rules[name].keys())]
        twice = len(said) - len(rules[name])
        strange += [f"two rules for a column of {name}"] * bool(twice)
    if strange:
        raise UnknownColumn(f"bench/fill_rules.py and the schema differ: {', '.join(strange)}")
    return rules
