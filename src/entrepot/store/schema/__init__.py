"""The tables. Every key starts with the organization; ids are made by the program (UUIDv7).

Times are microseconds since the epoch, UTC. An amount is units at a scale. Rules: no sequence, no
trigger, no float; what must not be is refused by a constraint as well (docs/adr/0004).
"""

from entrepot.store.schema.accounts import (
    KEYS,
    SETTINGS,
    credentials,
    installation,
    organization_settings,
    organizations,
    provider_accounts,
)
from entrepot.store.schema.attributions import ATTRIBUTIONS, attributions
from entrepot.store.schema.broadcasts import BROADCASTS, broadcasts
from entrepot.store.schema.bulk_jobs import BULK_JOBS, BULK_SLICES, bulk_jobs, bulk_slices
from entrepot.store.schema.catalogue import (
    CUSTOMER_NAMES,
    CUSTOMERS,
    LIST_ENTRIES,
    LOCATIONS,
    PRICE_LISTS,
    VARIANT_NAMES,
    VARIANTS,
    customer_names,
    customers,
    item_list_entries,
    item_lists,
    items,
    locations,
    variant_names,
    variants,
)
from entrepot.store.schema.contacts import (
    contact_orders,
    contact_terms,
    contacts,
    list_tallies,
)
from entrepot.store.schema.goods import (
    RETURN_LINES,
    RETURNS,
    SHIPMENT_LINES,
    SHIPMENTS,
    return_lines,
    returns,
    shipment_lines,
    shipments,
)
from entrepot.store.schema.integrations import CONNECTIONS, TOLD_ORDERS, connections, told_orders
from entrepot.store.schema.invoices import INVOICES, invoice_properties, invoices
from entrepot.store.schema.kept import AnyKept
from entrepot.store.schema.media import MEDIA, media
from entrepot.store.schema.notes import NOTES, order_notes
from entrepot.store.schema.notices import NOTICES, provider_notices
from entrepot.store.schema.orders import (
    EVENTS,
    LINES,
    ORDERS,
    events,
    order_archives,
    order_counters,
    order_lines,
    order_properties,
    order_property_tallies,
    order_spans,
    order_terms,
    order_update_tallies,
    orders,
)
from entrepot.store.schema.organization import CHANNELS, MEMBERS, channels, members
from entrepot.store.schema.partnerships import (
    BUYER_CONTACTS,
    BUYER_LOCATIONS,
    BUYERS,
    PARTNERSHIPS,
    buyer_contacts,
    buyer_locations,
    buyers,
    partnerships,
)
from entrepot.store.schema.payments import OPERATIONS, PAYMENTS, payment_operations, payments
from entrepot.store.schema.products import (
    HANDLES,
    ITEMS,
    PRODUCTS,
    VARIANT_DETAILS,
    product_handles,
    products,
    variant_details,
)
from entrepot.store.schema.stock import (
    ENTRIES,
    LEVELS,
    RESERVATIONS,
    reservations,
    stock_entries,
    stock_levels,
)
from entrepot.store.schema.stock_settings import (
    LOW_STOCK,
    PURCHASE_DRAFTS,
    STOCK_SETTINGS,
    low_stock,
    purchase_drafts,
    stock_settings,
)
from entrepot.store.schema.table import metadata
from entrepot.store.schema.taxonomy import TAXA, TAXA_BY_SLUG, taxa
from entrepot.store.schema.touches import TOUCHES, click_contacts, touches
from entrepot.store.schema.webhooks import (
    DELIVERIES,
    WEBHOOKS,
    webhook_deliveries,
    webhooks,
)
from entrepot.store.schema.work import (
    ANNOUNCED,
    ANSWERS,
    CLAIMS,
    JOBS,
    announced_orders,
    idempotency_keys,
    jobs,
    payment_claims,
    processes,
    sweeps,
)

# Kinds of which nothing is special: rows are read by key, put and written, and no more. Each has
# its place among the rest by `core.facts.Facts.of`.
PLAIN: tuple[AnyKept, ...] = (
    NOTES, NOTICES, SETTINGS, KEYS, STOCK_SETTINGS, LOW_STOCK, PURCHASE_DRAFTS, CHANNELS,
    MEMBERS, TOUCHES, BROADCASTS, WEBHOOKS, DELIVERIES, ITEMS, PRODUCTS, HANDLES, VARIANT_DETAILS,
    TAXA, TAXA_BY_SLUG, PARTNERSHIPS, BUYERS, BUYER_CONTACTS, BUYER_LOCATIONS, CONNECTIONS,
    TOLD_ORDERS, MEDIA, BULK_JOBS, BULK_SLICES, PRICE_LISTS, LIST_ENTRIES,
)  # fmt: skip
# Of them, kinds that are read by the buyer that their rows belong to as well.
OF_BUYERS: tuple[AnyKept, ...] = (BUYER_CONTACTS, BUYER_LOCATIONS)
# Kinds that are read by the order that their rows belong to, where goods of the order have left.
OF_SENT_ORDERS: tuple[AnyKept, ...] = (SHIPMENTS, SHIPMENT_LINES, RETURNS, RETURN_LINES)

__all__ = [
    "ANNOUNCED",
    "ANSWERS",
    "ATTRIBUTIONS",
    "BROADCASTS",
    "BULK_JOBS",
    "BULK_SLICES",
    "BUYERS",
    "BUYER_CONTACTS",
    "BUYER_LOCATIONS",
    "CHANNELS",
    "CLAIMS",
    "CONNECTIONS",
    "CUSTOMERS",
    "CUSTOMER_NAMES",
    "DELIVERIES",
    "ENTRIES",
    "EVENTS",
    "HANDLES",
    "INVOICES",
    "ITEMS",
    "JOBS",
    "KEYS",
    "LEVELS",
    "LINES",
    "LIST_ENTRIES",
    "LOCATIONS",
    "LOW_STOCK",
    "MEDIA",
    "MEMBERS",
    "NOTES",
    "NOTICES",
    "OF_BUYERS",
    "OF_SENT_ORDERS",
    "OPERATIONS",
    "ORDERS",
    "PARTNERSHIPS",
    "PAYMENTS",
    "PLAIN",
    "PRICE_LISTS",
    "PRODUCTS",
    "PURCHASE_DRAFTS",
    "RESERVATIONS",
    "RETURNS",
    "RETURN_LINES",
    "SETTINGS",
    "SHIPMENTS",
    "SHIPMENT_LINES",
    "STOCK_SETTINGS",
    "TAXA",
    "TAXA_BY_SLUG",
    "TOLD_ORDERS",
    "TOUCHES",
    "VARIANTS",
    "VARIANT_DETAILS",
    "VARIANT_NAMES",
    "WEBHOOKS",
    "announced_orders",
    "attributions",
    "broadcasts",
    "bulk_jobs",
    "bulk_slices",
    "buyer_contacts",
    "buyer_locations",
    "buyers",
    "channels",
    "click_contacts",
    "connections",
    "contact_orders",
    "contact_terms",
    "contacts",
    "credentials",
    "customer_names",
    "customers",
    "events",
    "idempotency_keys",
    "installation",
    "invoice_properties",
    "invoices",
    "item_list_entries",
    "item_lists",
    "items",
    "jobs",
    "list_tallies",
    "locations",
    "low_stock",
    "media",
    "members",
    "metadata",
    "order_archives",
    "order_counters",
    "order_lines",
    "order_notes",
    "order_properties",
    "order_property_tallies",
    "order_spans",
    "order_terms",
    "order_update_tallies",
    "orders",
    "organization_settings",
    "organizations",
    "partnerships",
    "payment_claims",
    "payment_operations",
    "payments",
    "processes",
    "product_handles",
    "products",
    "provider_accounts",
    "provider_notices",
    "purchase_drafts",
    "reservations",
    "return_lines",
    "returns",
    "shipment_lines",
    "shipments",
    "stock_entries",
    "stock_levels",
    "stock_settings",
    "sweeps",
    "taxa",
    "told_orders",
    "touches",
    "variant_details",
    "variant_names",
    "variants",
    "webhook_deliveries",
    "webhooks",
]
