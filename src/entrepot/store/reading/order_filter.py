"""The filter of a list as SQL over orders, and over spans of orders."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.facets import BETWEEN
from entrepot.core.order_filter import OrderFilter
from entrepot.store.engines.sql import Statement
from entrepot.store.reading.order_terms import of_text
from entrepot.store.writing import properties, tallies


class Bound(NamedTuple):
    """A comparison of a time of an order: `created` or `updated`."""

    column: str
    compare: str
    value: int | None


def bounds(wanted: OrderFilter) -> list[Bound]:
    """The filter's times, all of which must hold.

    No order is updated before it was created (TIMES_IN_ORDER). An order that was created or updated
    after a time was therefore updated after that time.
    """
    bounds = (
        Bound("created", ">", wanted.created_after),
        Bound("updated", ">", wanted.updated_after),
        Bound("updated", ">", wanted.modified_after),
        Bound("created", ">=", wanted.created_min),
        Bound("created", "<=", wanted.created_max),
        Bound("updated", ">=", wanted.updated_min),
        Bound("updated", "<=", wanted.updated_max),
    )
    return [bound for bound in bounds if bound.value is not None]


def updated_between(wanted: OrderFilter) -> tuple[int | None, int | None] | None:
    """After when and until when the filter wants orders to be updated; None for any time."""
    after: int | None = None
    until: int | None = None
    for column, compare, value in bounds(wanted):
        if column != "updated" or value is None:
            continue
        if compare == "<=":
            until = value if until is None else min(until, value)
        else:
            later = value if compare == ">" else value - 1
            after = later if after is None else max(after, later)
    return None if after is None and until is None else (after, until)


def only_updated(wanted: OrderFilter) -> bool:
    """Whether the filter asks for nothing but times of updating."""
    return wanted == OrderFilter(
        updated_after=wanted.updated_after, modified_after=wanted.modified_after,
        updated_min=wanted.updated_min, updated_max=wanted.updated_max,
    )  # fmt: skip


def only_property(wanted: OrderFilter) -> bool:
    """Whether the filter asks for nothing but a property."""
    return wanted == OrderFilter(
        property_path=wanted.property_path, property_value=wanted.property_value,
        property_exists=wanted.property_exists,
    )  # fmt: skip


def plain(wanted: OrderFilter) -> OrderFilter:
    """The filter without its property."""
    return wanted._replace(property_path=None, property_value=None, property_exists=None)


def of_orders(wanted: OrderFilter, statement: Statement) -> list[str]:
    """The conditions on a row `o` of orders, the property among them."""
    conditions = [f"o.{b.column}_at {b.compare} {statement.mark(b.value)}" for b in bounds(wanted)]
    conditions += of_facets(
        wanted, statement, "o.stage", f"o.fulfilment || '{BETWEEN}' || o.returns"
    )
    conditions += _of_one_by_one(wanted, statement)
    if wanted.property_path is not None:
        there = " AND ".join(of_properties(wanted, statement, "o.org", "p.order_id = o.id"))
        absent = "NOT " if wanted.property_exists is False else ""
        # Asked order by order: PostgreSQL would gather all that have the path for one page.
        its = f"SELECT 1 FROM order_properties AS p WHERE {there}{statement.sql.fence}"
        conditions.append(f"{absent}EXISTS ({its})")
    return conditions


def _of_one_by_one(wanted: OrderFilter, statement: Statement) -> list[str]:
    """The conditions of which no tally of spans knows."""
    mark = statement.mark
    conditions = [
        f"o.{column} IN ({', '.join([mark(value) for value in values])})"
        for column, values in (("payment", wanted.payments), ("origin", wanted.origins))
        if values
    ]
    if wanted.before is not None:
        conditions.append(f"o.number < {mark(wanted.before)}")
    if wanted.customer_id is not None:
        conditions.append(f"o.customer_id = {mark(wanted.customer_id)}")
    if wanted.text is not None:
        conditions.append(of_text(wanted.text, statement))
    if wanted.stuck_since is not None:
        waits = f"o.managed AND o.stage = 'placed' AND o.updated_at < {mark(wanted.stuck_since)}"
        conditions.append(f"(o.parked OR o.stage = 'failed' OR ({waits}))")
    return conditions


def of_facets(wanted: OrderFilter, statement: Statement, stage: str, goods: str) -> list[str]:
    """The conditions on the stage and the goods, which stand in these expressions."""
    asked = ((stage, wanted.stages), (goods, wanted.goods))
    return [
        f"{column} IN ({', '.join([statement.mark(value) for value in values])})"
        for column, values in asked
        if values
    ]


def of_properties(wanted: OrderFilter, statement: Statement, org: str, *more: str) -> list[str]:
    """The conditions on a row `p` of order_properties that has what the filter speaks of."""
    path = statement.mark(properties.indexed(wanted.property_path or ""))
    conditions = [f"p.org = {org}", *more, f"p.path = {path}"]
    if wanted.property_value is not None:
        conditions.append(f"p.value = {statement.mark(_value(wanted.property_value))}")
    return conditions


def of_tallies(wanted: OrderFilter, statement: Statement, org: int) -> list[str]:
    """The conditions on the row of order_property_tallies that counts the filter's property."""
    value = tallies.ANY if wanted.property_value is None else _value(wanted.property_value)
    return [
        f"org = {statement.mark(org)}",
        f"path = {statement.mark(properties.indexed(wanted.property_path or ''))}",
        f"value = {statement.mark(value)}",
    ]


def _value(text: str) -> str:
    return properties.indexed("=" + text)


def of_spans(wanted: OrderFilter, statement: Statement) -> tuple[list[str], str]:
    """Two conditions on a row of order_spans: one holds if any of its orders may be wanted, the
    other only if all of them are.
    """
    some, every = of_facets(wanted, statement, "stage", "goods"), []
    for bound in bounds(wanted):
        mark = statement.mark(bound.value)
        # The end of the span that may reach the bound, and the one that must.
        far, near = ("max", "min") if bound.compare[0] == ">" else ("min", "max")
        some.append(f"{bound.column}_{far} {bound.compare} {mark}")
        every.append(f"{bound.column}_{near} {bound.compare} {mark}")
    return some, " AND ".join(every)
