"""OWN_ORGANIZATION: every reference of the schema leads to a row of the same organization."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Select, Table, and_, exists, literal, not_, select

from entrepot.core import events
from entrepot.core.taxonomy import TAXA_KINDS
from entrepot.store import schema
from entrepot.store.verify.statements import Check

# Personal or secret parts of a key that no witness may show.
_UNTOLD = ("value", "digest", "reference", "term")


class Reference(NamedTuple):
    """Columns of a table that name a row of another one; a null names nobody.

    With `subject`, only the events of this kind of subject name such a row.
    """

    child: Table
    columns: tuple[str, ...]
    parent: Table
    named: tuple[str, ...]
    subject: str | None = None


def _of(child: Table, column: str, parent: Table) -> Reference:
    return Reference(child, ("org", column), parent, ("org", "id"))


_LINES, _RESERVATIONS, _LEVELS = schema.order_lines, schema.reservations, schema.stock_levels
_SHELF = ("org", "variant_id", "location_id")
_SENT, _BACK, _ORDER = schema.shipment_lines, schema.return_lines, ("org", "order_id")
_ENTRIES, _LIST_ENTRIES, _VARIANTS = schema.stock_entries, schema.item_list_entries, schema.variants
# The table of each kind of subject that an event can have; None where the rows may be gone.
SUBJECTS: Mapping[str, Table | None] = MappingProxyType(
    {
        events.ORDER: schema.orders,
        events.KEY: schema.credentials,
        events.TOUCH: schema.touches,
        events.BROADCAST: schema.broadcasts,
        events.PRODUCT: schema.items,
        events.INVOICE: schema.invoices,
        events.PRICE_LIST: schema.item_lists,
        events.STOCK_ENTRY: schema.stock_entries,
        events.SETTINGS: schema.stock_settings,
        events.CHANNEL: schema.channels,
        events.MEMBER: schema.members,
        events.WEBHOOK: schema.webhooks,
        events.LOCATION: schema.locations,
        **dict.fromkeys(TAXA_KINDS, schema.taxa),
        events.CUSTOMER: schema.customers,
        events.CONNECTION: schema.connections,
        events.MEDIUM: schema.media,
        events.BULK_JOB: schema.bulk_jobs,
        events.CHOICE: None,
        events.ACCOUNT: None,
        events.ORGANIZATION: None,
        events.LOW_STOCK: None,
        events.PURCHASE: None,
    }
)

REFERENCES: tuple[Reference, ...] = (
    *(
        Reference(table, ("org",), schema.organizations, ("org",))
        for table in schema.metadata.sorted_tables
        if "org" in table.c and table is not schema.organizations
    ),
    *(
        _of(table, column.name, column.info["belongs_to"])
        for table in schema.metadata.sorted_tables
        for column in table.columns
        if "belongs_to" in column.info
    ),
    _of(schema.organizations, "guest_id", schema.customers),
    _of(schema.organizations, "default_location", schema.locations),
    _of(schema.organizations, "default_list", schema.item_lists),
    _of(schema.customer_names, "customer_id", schema.customers),
    _of(schema.variant_names, "variant_id", _VARIANTS),
    _of(_VARIANTS, "item_id", schema.items),
    _of(schema.taxa, "parent_id", schema.taxa),
    *(_of(schema.products, name, schema.taxa) for name in ("category_id", "brand_id")),
    _of(schema.media, "product_id", schema.items),
    _of(schema.media, "variant_id", _VARIANTS),
    Reference(_VARIANTS, ("org", "entry_id", "id"), _LIST_ENTRIES, ("org", "id", "variant_id")),
    _of(_LIST_ENTRIES, "list_id", schema.item_lists),
    _of(_LIST_ENTRIES, "variant_id", _VARIANTS),
    _of(schema.orders, "customer_id", schema.customers),
    _of(_LINES, "order_id", schema.orders),
    _of(_LINES, "variant_id", _VARIANTS),
    _of(_LINES, "item_id", schema.items),
    Reference(
        _LINES, ("org", "entry_id", "variant_id"), _LIST_ENTRIES, ("org", "id", "variant_id")
    ),
    _of(_LINES, "location_id", schema.locations),
    _of(schema.order_properties, "order_id", schema.orders),
    Reference(schema.order_terms, ("org", "number"), schema.orders, ("org", "number")),
    *(_of(schema.events, "subject_id", named)._replace(subject=subject)
      for subject, named in SUBJECTS.items() if named is not None),
    _of(schema.order_archives, "order_id", schema.orders),
    _of(schema.jobs, "order_id", schema.orders),
    _of(_LEVELS, "variant_id", _VARIANTS),
    _of(_LEVELS, "location_id", schema.locations),
    _of(_ENTRIES, "variant_id", _VARIANTS),
    _of(_ENTRIES, "location_id", schema.locations),
    _of(_ENTRIES, "order_id", schema.orders),
    _of(_RESERVATIONS, "order_id", schema.orders),
    _of(_RESERVATIONS, "variant_id", _VARIANTS),
    _of(_RESERVATIONS, "location_id", schema.locations),
    Reference(_SENT, ("org", "order_id", "line_id"), _LINES, ("org", "order_id", "id")),
    Reference(_SENT, (*_ORDER, "number"), schema.shipments, (*_ORDER, "number")),
    Reference(_BACK, ("org", "order_id", "line_id"), _LINES, ("org", "order_id", "id")),
    Reference(_BACK, (*_ORDER, "number"), schema.returns, (*_ORDER, "number")),
    _of(_BACK, "location_id", schema.locations),
    Reference(schema.low_stock, _SHELF, _LEVELS, _SHELF),
    Reference(schema.purchase_drafts, _SHELF, schema.low_stock, _SHELF),
    _of(schema.told_orders, "order_id", schema.orders),
    _of(schema.payments, "order_id", schema.orders),
    _of(schema.payment_operations, "order_id", schema.orders),
    _of(schema.payment_claims, "order_id", schema.orders),
    _of(schema.orders, "shares_payment_of", schema.orders),
)  # fmt: skip


@cache
def checks() -> tuple[Check, ...]:
    """An anti-join for each reference, and one for reservations that still claim for a line.

    The statements are composed once: composing takes longer than asking a small book.
    """
    return tuple(_checks())


def _checks() -> Iterator[Check]:
    for reference in REFERENCES:
        yield Check("OWN_ORGANIZATION", _orphans(reference))
    event = schema.events.c
    strange = select(event.org, event.number, event.subject)
    yield Check("EVENTS", strange.where(event.subject.not_in(list(SUBJECTS))))
    line = Reference(
        _RESERVATIONS, ("org", "order_id", "line_id"), _LINES, ("org", "order_id", "id")
    )
    # A released reservation keeps its row after the line is gone.
    claims = _RESERVATIONS.c.state.in_(("held", "committed", "shipped"))
    yield Check("OWN_ORGANIZATION", _orphans(line).where(claims))


def _orphans(reference: Reference) -> Select[Any]:
    child, parent = reference.child, reference.parent.alias("parent")
    columns = [child.c[name] for name in reference.columns]
    named = [parent.c[name] for name in reference.named]
    found = exists().where(and_(*[p == c for p, c in zip(named, columns, strict=True)]))
    shown = [c for c in child.primary_key.columns if c.name not in _UNTOLD] or [child.c.id]
    reference_text = f"{', '.join(reference.columns)} -> {reference.parent.name}"
    said_by = [c.is_not(None) for c in columns if c.nullable]
    told = select(
        literal(child.name).label("table"), literal(reference_text).label("dangling"), *shown
    )
    rows = told.select_from(child).where(not_(found), *said_by)
    return rows if reference.subject is None else rows.where(child.c.subject == reference.subject)
