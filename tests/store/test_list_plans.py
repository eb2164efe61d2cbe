"""No statement of a list goes through a table, or through all orders of an organization."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, update
from tests.asked import listen, plan_of
from tests.store.test_conformance import NOW, an_order
from tests.store.test_list_model import PHASES, STATUSES, Book

from entrepot.clock import new_id
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.kinds import OwnLine
from entrepot.core.order import Order
from entrepot.core.order_filter import OrderFilter
from entrepot.core.words import moved_by
from entrepot.edge.polinate.words import goods_of, stages_of
from entrepot.store import schema
from entrepot.store.reading import lists, property_lists, queries, span_walk
from entrepot.store.writing.flush import flush

ORDERS = 1_500
HALF = NOW + ORDERS // 2
TABLES = (
    "orders", "order_spans", "order_counters", "order_properties", "order_lines",
    "order_property_tallies", "order_update_tallies",
)  # fmt: skip

LISTS = {
    "nothing": OrderFilter(),
    "phase": OrderFilter(stages=stages_of("ACTIVE")),
    "a rare phase": OrderFilter(stages=stages_of("REJECTED")),
    "status": OrderFilter(goods=goods_of("PACKED")),
    "phase and status": OrderFilter(stages=stages_of("PENDING"), goods=goods_of("PACKED")),
    "createdSince": OrderFilter(created_after=HALF),
    "created_at_min and max": OrderFilter(created_min=HALF, created_max=HALF + 200),
    "updatedSince, many": OrderFilter(updated_after=HALF),
    "updatedSince, few": OrderFilter(updated_after=NOW + ORDERS - 5),
    "updated_at_min and max": OrderFilter(updated_min=NOW + 10, updated_max=HALF),
    "modifiedSince, many": OrderFilter(modified_after=HALF),
    "modifiedSince, few": OrderFilter(modified_after=NOW + ORDERS - 5, stages=stages_of("ACTIVE")),
    "a property's value": OrderFilter(property_path="n", property_value="7"),
    "a property there": OrderFilter(property_path="n", property_exists=True),
    "a rare property there": OrderFilter(property_path="rare", property_exists=True),
    "a property not there": OrderFilter(property_path="rare", property_exists=False),
    "what all new ones have not there": OrderFilter(property_path="m", property_exists=False),
    "a property not there, and more": OrderFilter(
        property_path="rare", property_exists=False, stages=stages_of("ACTIVE"),
        modified_after=HALF,
    ),
    "a value, and more": OrderFilter(
        property_path="m", property_value="1", goods=goods_of("PACKED")
    ),
    "all at once": OrderFilter(
        created_after=HALF, updated_after=HALF,
        stages=stages_of("ACTIVE"), goods=goods_of("PACKED"),
        property_path="n", property_exists=True,
    ),
}  # fmt: skip


def _made(org: int, n: int) -> Order:
    order = an_order(org, new_id())
    phase = "REJECTED" if n % 500 == 3 else PHASES[n % 5 == 0]
    facets = moved_by("polinate_phase", phase, order.facets)
    facets = moved_by("polinate_status", STATUSES[n % 3], facets)
    rare = ',"rare":1' if n % 500 == 0 else ""
    new = f',"m":{n % 4}' if n > 600 else ""
    return order._replace(facets=facets, properties=f'{{"n":{n}{new}{rare}}}')


@pytest.fixture(scope="module")
def book(module_database_url: str) -> Iterator[Book]:
    made = Book(module_database_url)

    def fill(conn: Connection) -> None:
        for org, orders in ((1, ORDERS), (2, 3)):
            for n in range(orders):
                facts, order = Facts(NOW + n, new_id), _made(org, n)
                lines = [OwnLine(org, order.id, line) for line in order.lines]
                changes = Changes(facts)
                changes.orders.put(order)
                changes.lines.put_all(lines)
                facts.absorb(changes)
                flush(conn, facts)
                # Many orders a millisecond, as in a book from before times rose with the commits.
                conn.execute(update(schema.order_counters).values(committed_at=0))

    made.write(fill)
    if made.database.dialect != "sqlite":
        for table in TABLES:
            made.write(lambda conn, name=table: conn.exec_driver_sql(f"ANALYZE {name}"))
    yield made
    made.close()


def _statements(
    book: Book, wanted: OrderFilter, patch: pytest.MonkeyPatch
) -> dict[str, tuple[Any, ...]]:
    """Every statement of the list's first page and of one deep inside, with its values."""
    seen: dict[str, tuple[Any, ...]] = {}
    listen(patch, seen.__setitem__)
    # A book this small would otherwise be few to all of them.
    patch.setattr(lists, "FEW", 20)
    patch.setattr(property_lists, "LISTED", 16)
    patch.setattr(span_walk, "SPANS_AT_ONCE", 2)
    for offset in (0, 50, 400):
        book.read(lambda conn, at=offset: queries.page(conn, 1, wanted, limit=20, offset=at))
    patch.undo()
    return seen


@pytest.mark.parametrize("name", LISTS)
def test_no_list_scans(book: Book, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _statements(book, LISTS[name], monkeypatch)
    assert len(seen) >= 3
    looked_at = 0
    for statement, values in seen.items():
        look = _sqlite_searches if book.database.dialect == "sqlite" else _postgres_searches
        searches = look(book, statement, values)
        looked_at += len(searches)
        for table, condition in searches:
            # The organization alone would be a scan of its orders; the counter is one row.
            whole = (
                table.startswith("order_counters") or len(re.findall(r"\w+ ?[=<>]", condition)) > 1
            )
            assert whole, (statement, condition)
    assert looked_at >= len(seen)


def _sqlite_searches(book: Book, statement: str, values: Any) -> list[tuple[str, str]]:
    steps = book.read(lambda conn: plan_of(conn, statement, values)).split("\n")
    named = {alias: table for table, alias in re.findall(r"(\w+) AS (\w)\b", statement)}
    for step in steps:
        scanned = re.match(r"SCAN (\w+)", step)
        if scanned:
            # Rows that are given with the statement may be gone through, and so may rows that were
            # found.
            assert named.get(scanned.group(1), scanned.group(1)) not in TABLES, steps
    found = [re.match(r"SEARCH (\w+) .*\((.*)\)", step) for step in steps]
    return [(named.get(one.group(1), one.group(1)), one.group(2)) for one in found if one]


def _postgres_searches(book: Book, statement: str, values: Any) -> list[tuple[str, str]]:
    # Written with the planner told to go by indexes where it can, since these tables are small:
    # what it then still scans, or looks up by the organization alone, no index leads to.
    plan = book.write(lambda conn: plan_of(conn, statement, values))
    assert "Seq Scan" not in plan, plan
    scans = re.findall(r"Scan.* using (\w+) on (\w+).*\n\s+Index Cond: (.*)|Bitmap Index Scan on "
                       r"(\w+).*\n\s+Index Cond: (.*)", plan)  # fmt: skip
    assert len(scans) == plan.count("Index Scan") + plan.count("Index Only Scan"), plan
    return [(table or index, condition or other) for _, table, condition, index, other in scans]


@pytest.mark.parametrize(
    "name", ["a property's value", "a property there", "what all new ones have not there"]
)
def test_a_propertys_matches_come_in_the_order_of_the_list(
    book: Book, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = 0
    for statement, values in _statements(book, LISTS[name], monkeypatch).items():
        if "FROM order_properties" not in statement:
            continue
        looked_at += 1
        plan = _plan(book, statement, values)
        assert "count(" in statement or not re.search("Sort|ORDER BY", plan), plan
        # Within a range of numbers nothing outside of it is looked at.
        assert "BETWEEN" not in statement or re.search(r"Cond: [^C]*number >|number>", plan), plan
    assert looked_at


def _plan(book: Book, statement: str, values: Any) -> str:
    # Written, where the planner of PostgreSQL goes by indexes, as above.
    plan: str = book.write(lambda conn: plan_of(conn, statement, values))
    return plan
