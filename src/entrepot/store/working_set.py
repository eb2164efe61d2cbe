"""Loading what a batch has to see, in a handful of set-based statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from entrepot.core import ids
from entrepot.core.facts import Facts, OrgFacts
from entrepot.core.needs import Needs
from entrepot.core.order import Line
from entrepot.store import bulk, rows, schema
from entrepot.store.bulk import Select

_BY_ID = ("org", "id")
_ORG = ("org", "guest_id", "default_location", "default_list", "allocation", "source_url")


def load(conn: Connection, needs: Needs, facts: Facts) -> None:
    """Read every row the commands have to see; rows that may change are locked in key order."""
    _load_known(conn, needs, facts)
    _load_names(conn, needs, facts)
    _load_orders(conn, needs, facts)
    _load_catalogue(conn, needs, facts)
    _load_jobs(conn, needs, facts)
    _load_stock(conn, needs, facts)


def _load_known(conn: Connection, needs: Needs, facts: Facts) -> None:
    """Who asks, and what was answered already."""
    wanted: set[tuple[Any, ...]] = {(org,) for org in needs.orgs}
    organizations, answers = bulk.select_all(conn, (
        Select(schema.organizations, ("org",), wanted, _ORG),
        Select(schema.idempotency_keys, ("org", "key"), needs.answers, rows.ANSWER),
    ))  # fmt: skip
    for org, guest, location, list_, allocation, source in organizations:
        facts.orgs[org] = OrgFacts(
            org, guest, location, list_, allocation == "HARD", source is not None
        )
    for row in answers:
        facts.answers[row[0], row[1]] = rows.answer(row)


def _load_names(conn: Connection, needs: Needs, facts: Facts) -> None:
    """The ids behind what senders call things; they join the ids that the commands name."""
    kinds = ("org", "kind", "value")
    for org, kind, value, found in bulk.select(
        conn, schema.variant_names, kinds, needs.variant_names, (*kinds, "variant_id")
    ):
        facts.variant_names[org, kind, value] = found
        needs.variants.add((org, found))
    for org, kind, value, found in bulk.select(
        conn, schema.customer_names, kinds, needs.customer_names, (*kinds, "customer_id")
    ):
        facts.customer_names[org, kind, value] = found
        needs.customers.add((org, found))
    for org, value, found in bulk.select(
        conn, schema.orders, ("org", "sender_id"), needs.senders, ("org", "sender_id", "id")
    ):
        facts.by_sender[org, value] = found
        needs.orders.add((org, found))
        needs.whole.add((org, found))
    for column in ("external_id", "external_reference"):
        for org, value, found in bulk.select(
            conn, schema.orders, ("org", column), needs.texts, ("org", column, "id")
        ):
            facts.by_text.setdefault((org, value), found)
            needs.orders.add((org, found))


def _load_orders(conn: Connection, needs: Needs, facts: Facts) -> None:
    if not needs.orders:
        return
    lines: dict[tuple[int, bytes], list[Line]] = {}
    found = bulk.select(conn, schema.orders, _BY_ID, needs.orders, rows.ORDER, lock=True)
    present: set[tuple[Any, ...]] = {(row[0], row[1]) for row in found}
    for row in bulk.select(conn, schema.order_lines, ("org", "order_id"), present, rows.LINE):
        org, order_id, line = rows.line(row)
        lines.setdefault((org, order_id), []).append(line)
    for row in found:
        key = (row[0], row[1])
        listed = sorted(lines.get(key, ()), key=lambda line: line.number)
        order = rows.order(row, tuple(listed))
        facts.orders[key] = order
        facts.order_base[key] = order
        if needs.senders:
            needs.customers.add((key[0], order.customer_id))
        if key in needs.whole:
            needs.variants.update((key[0], line.variant_id) for line in listed)
    for org, text in needs.texts | needs.senders:
        spelled = ids.any_spelling(text)
        if spelled is not None and (org, spelled) in facts.orders:
            facts.by_text[org, text] = spelled


def _load_catalogue(conn: Connection, needs: Needs, facts: Facts) -> None:
    for row in bulk.select(conn, schema.item_list_entries, _BY_ID, needs.entries,
                           ("org", "id", "variant_id")):  # fmt: skip
        facts.by_entry[row[0], row[1]] = row[2]
        needs.variants.add((row[0], row[2]))
    variants, customers, locations = bulk.select_all(conn, (
        Select(schema.variants, _BY_ID, needs.variants, rows.VARIANT),
        Select(schema.customers, _BY_ID, needs.customers, rows.CUSTOMER),
        Select(schema.locations, _BY_ID, needs.locations, _BY_ID),
    ))  # fmt: skip
    for row in variants:
        facts.variants[row[0], row[1]] = rows.variant(row)
    for row in customers:
        facts.customers[row[0], row[1]] = customer = rows.customer(row)
        facts.customer_base[row[0], row[1]] = customer.updated_at
    facts.locations.update((row[0], row[1]) for row in locations)
    facts.locations.update((o.org, o.default_location) for o in facts.orgs.values())


def _load_jobs(conn: Connection, needs: Needs, facts: Facts) -> None:
    for row in bulk.select(conn, schema.jobs, _BY_ID, needs.jobs, rows.JOB, lock=True):
        facts.jobs[row[0], row[1]] = rows.job(row)
        facts.job_base[row[0], row[1]] = row[8]


def _load_stock(conn: Connection, needs: Needs, facts: Facts) -> None:
    managed: set[tuple[Any, ...]] = {
        key for key in needs.whole if key in facts.orders and facts.orders[key].managed
    }
    by_order = ("org", "order_id")
    reservations, attempts = bulk.select_all(conn, (
        Select(schema.reservations, by_order, managed, rows.RESERVATION),
        Select(schema.payment_attempts, by_order, managed, rows.ATTEMPT),
    ))  # fmt: skip
    for row in reservations:
        reservation = rows.reservation(row)
        held = facts.reservations.setdefault((row[0], row[1]), {})
        held[reservation.line_id] = reservation
        needs.shelves.add((row[0], reservation.variant_id, reservation.location_id))
    for row in attempts:
        attempt, before = rows.attempt(row), facts.attempts.get((row[0], row[1]))
        if before is None or before.number < attempt.number:
            facts.attempts[row[0], row[1]] = attempt
    parked = {key for key in managed if facts.orders[key].parked}
    for row in bulk.select(conn, schema.jobs, by_order, parked, rows.JOB, lock=True):
        facts.jobs[row[0], row[1]] = rows.job(row)
        facts.job_base[row[0], row[1]] = row[8]
    _load_levels(conn, needs, facts, managed)


def _load_levels(
    conn: Connection, needs: Needs, facts: Facts, managed: set[tuple[Any, ...]]
) -> None:
    for key in managed:
        for line in facts.orders[key].lines:
            if line.location_id is not None:
                needs.shelves.add((key[0], line.variant_id, line.location_id))
    for org, entry_id in needs.entries:
        variant_id = facts.by_entry.get((org, entry_id))
        if variant_id is not None:
            needs.shelves.add((org, variant_id, facts.orgs[org].default_location))
    if managed or needs.reserving:
        for org, variant_id in needs.variants:
            needs.shelves.add((org, variant_id, facts.orgs[org].default_location))
    facts.shelves |= needs.shelves
    shelf = ("org", "variant_id", "location_id")
    for row in bulk.select(conn, schema.stock_levels, shelf, needs.shelves, rows.LEVEL, lock=True):
        level = rows.level(row)
        facts.levels[row[0], row[1], row[2]] = level
        facts.level_base[row[0], row[1], row[2]] = level.version
