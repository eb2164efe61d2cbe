"""SQLite finds what is asked by whole keys: what an organization has grows, a question does not.

Nobody counts the rows of a book in SQLite. Its planner may take the organization's part of a key
for enough, and goes through all rows of the organization then.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from tests.store.test_twins import opened
from tests.store.twins import ASKED, EVERYWHERE, ORG

from entrepot.store import schema
from entrepot.store.reading import goods

# Tables that have one row an organization, or so many as an organization has settings, members,
# accounts, channels and connections; and what the statements themselves made.
FEW = {
    "organizations", "organization_settings", "order_counters", "stock_settings", "stock_costing",
    "provider_accounts", "credentials", "channels", "members", "connections", "processes",
}  # fmt: skip
# An index of chosen rows, all of which are meant.
CHOSEN = {
    index.name
    for table in schema.metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}
# Questions that go through rows of an organization on purpose, and of which table.
WALKS = {
    # A page: the first ones, in the order of their key or of an index.
    "audit.newest": "events",
    "announced.listed": "announced_orders",
    "broadcasts.listed": "broadcasts",
    "bulk_jobs.listed": "bulk_jobs",
    "goods.ledger": "stock_entries",
    "goods.levels": "stock_levels",
    "invoices.listed": "invoices",
    "media.listed": "media",
    "partners.listed": "customers",
    "price_lists.listed": "item_lists",
    "stock_settings.drafts": "purchase_drafts",
    "touches.listed": "touches",
    "valuation.shelves": "shelf_values",
    "waiting.listed": "jobs",
    # Whether there is one at all.
    "announced.meant": "announced_orders",
    "explaining.explanation": "announced_orders",
    "working_set.load": "announced_orders",
    # All rows: they are counted, or a command compares or changes all of them.
    "allocation.oversold": "stock_levels",
    "announced.count": "announced_orders",
    "booked.booked_since": "payments",
    "booked.services_of": "payments",
    "catalogue.listed_variants": "variants",
    "catalogue.oversold": "stock_levels",
    "queue.overdue_holds": "jobs",
    "stock_figures.figures": "items stock_levels",
    # The tests themselves look for what they ask about.
    "booked.known_names": "payment_operations payments",
    "claims.pays_another": "payment_operations payments",
    "paying.stand_with": "payment_operations payments",
    "payments.order_standing_with": "payment_operations payments",
    "payments.order_without_money": "payment_operations payments",
    "queue.claim_again": "jobs",
}
WORK = ASKED | EVERYWHERE
_SCAN = re.compile(r"SCAN (?!\d+ CONSTANT|\(subquery)(\w+)")
_BY_ORGANIZATION = re.compile(r"SEARCH (\w+) USING .*?(\w+) \(org=\?\)$")
_NAMED = re.compile(r"(?:FROM|JOIN) (\w+)(?: AS (\w+))?", re.IGNORECASE)


def _walked(statement: str, plan: list[str]) -> set[str]:
    """The tables of which a plan goes through all rows, or through all of an organization."""
    tables = {alias or name: name for name, alias in _NAMED.findall(statement)}
    scanned = [found[1] for step in plan if (found := _SCAN.match(step))]
    searched = [found for step in plan if (found := _BY_ORGANIZATION.match(step))]
    names = scanned + [
        name for name, index in map(re.Match.groups, searched) if index not in CHOSEN
    ]
    # A list that the statement has made is no table of the book.
    walked = {tables[name] for name in names if name in tables}
    return walked & schema.metadata.tables.keys() - FEW


def _plans(conn: Connection, ask: Callable[[], object]) -> list[tuple[str, list[str]]]:
    """The statements that are asked, each with the steps of its plan."""
    driver: Any = conn.connection.driver_connection
    heard: list[str] = []
    driver.set_trace_callback(heard.append)
    ask()
    driver.set_trace_callback(None)
    return [
        (asked, [step[3] for step in driver.execute(f"EXPLAIN QUERY PLAN {asked}").fetchall()])
        for asked in heard
        if re.match(r"\s*(SELECT|WITH)", asked)
    ]


def _walks(conn: Connection, name: str, ids: dict[str, bytes]) -> set[str]:
    """The tables that the statements of a question walk through."""
    plans = _plans(conn, lambda: WORK[name](conn, ids))
    return {table for asked, plan in plans for table in _walked(asked, plan)}


def test_no_question_goes_through_what_an_organization_has(
    fresh_database: Callable[[str], str],
) -> None:
    with asyncio.Runner() as runner:
        book = opened(runner, fresh_database("sqlite"), None)
        found = {
            name: " ".join(sorted(walks))
            for name in WORK
            if (walks := book.see(lambda conn, name=name: _walks(conn, name, book.ids)))
        }
        runner.run(book.database.close())
    assert found == WALKS


def test_the_ledger_of_one_variant_is_no_walk(fresh_database: Callable[[str], str]) -> None:
    with asyncio.Runner() as runner:
        book = opened(runner, fresh_database("sqlite"), None)
        variant = book.ids["hard_mug"]
        [(asked, plan)] = book.see(
            lambda conn: _plans(conn, lambda: goods.ledger(conn, ORG, variant, None, 5))
        )
        runner.run(book.database.close())
    assert _walked(asked, plan) == set()
    assert not [step for step in plan if "TEMP B-TREE" in step]
