"""Loading what a batch has to see, in rounds of set-based statements.

A round reads everything that is known to be wanted by then; what it finds may name more, which the
next round reads. PostgreSQL takes a round in one statement as long as the sets are small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table

from entrepot.core.facts import Facts, OrgFacts
from entrepot.core.needs import Needs
from entrepot.core.order import Line
from entrepot.pace import paced
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Row, Select, sql_of
from entrepot.store.writing import order_names, rows

_BY_ID = ("org", "id")
_BY_NAME = ("org", "kind", "value")
_BY_ORDER = ("org", "order_id")
_BY_TEXT = ("org", "text")
_BY_SENDER = ("org", "sender_id", "origin")
_JOB_OF_ORDER = ("org", "order_id", "id")
_SHELF = ("org", "variant_id", "location_id")
_CLAIM = ("org", "provider", "reference")
_ORG = (
    "org", "guest_id", "default_location", "default_list", "allocation", "source_url",
    "(EXISTS (SELECT 1 FROM announced_orders AS a WHERE a.org = t.org))",
)  # fmt: skip


def load(conn: Connection, needs: Needs, facts: Facts, *, lock: bool | None = None) -> None:
    """Read every row the commands have to see.

    In a transaction, rows that may change are locked: orders before jobs before stock levels, each
    in key order. Without one nothing is locked, and `flush` has to see that nothing changed. One
    that only looks says that it wants no `lock`.
    """
    for org, text, dialect in needs.texts:
        order_id = order_names.find(conn, org, text, dialect)
        if order_id is not None:
            facts.by_text[org, text] = order_id
            needs.orders.add((org, order_id))
    loading = _Loading(needs, facts)
    lock = sql_of(conn).locks(conn) if lock is None else lock
    while looks := loading.next_round(lock=lock):
        found = sql.select_all(conn, [look.select for look in looks])
        for look, listed in zip(looks, found, strict=True):
            look.take(listed)
    facts.shelves |= needs.shelves


class _Look(NamedTuple):
    select: Select
    take: Callable[[Iterable[Row]], None]


class _Loading:
    """What was asked for already, and where what was found goes."""

    def __init__(self, needs: Needs, facts: Facts) -> None:
        self.needs, self.facts = needs, facts
        self._asked: dict[tuple[Table, tuple[str, ...]], set[Row]] = {}
        self._looks: list[_Look] = []
        self._naming = False  # what is found in this round may name stock levels
        self._present: set[Row] = set()  # orders that were found
        self._managed: set[Row] = set()  # of them, those whose stock and payment have to be seen
        self._stepping: set[Row] = set()  # those whose jobs have to be seen
        self._ending: set[Row] = set()  # these jobs
        self._announcing: set[int] = set()  # organizations that know of announced orders

    def next_round(self, *, lock: bool) -> list[_Look]:
        """What is wanted by now and was not asked for yet."""
        needs, look = self.needs, self._look
        self._looks, self._naming = [], False
        look(schema.organizations, ("org",), {(org,) for org in needs.orgs}, _ORG, self._orgs)
        look(schema.idempotency_keys, ("org", "key"), needs.answers, rows.ANSWER, self._answers,
             few=True)  # fmt: skip
        if self._announcing or needs.announced:
            look(schema.announced_orders, _BY_TEXT, needs.announced_in(self._announcing), _BY_TEXT,
                 self._announced)  # fmt: skip
        self._look_by_name()
        look(schema.orders, _BY_ID, needs.orders, rows.ORDER, self._orders, lock=lock, naming=True)
        look(schema.order_lines, _BY_ORDER, self._present, rows.LINE, self._lines, naming=True)
        look(schema.variants, _BY_ID, needs.variants, rows.VARIANT, self._variants)
        look(schema.customers, _BY_ID, needs.customers, rows.CUSTOMER, self._customers)
        look(schema.locations, _BY_ID, needs.locations, _BY_ID, self._locations)
        # By order only the ids: for whole rows SQLite would go through all jobs of an organization.
        look(schema.jobs, _BY_ORDER, self._stepping, _JOB_OF_ORDER, self._steps)
        look(schema.jobs, _BY_ID, needs.jobs, rows.JOB, self._jobs, lock=lock)
        look(schema.reservations, _BY_ORDER, self._managed, rows.RESERVATION, self._reservations,
             naming=True)  # fmt: skip
        look(schema.payment_attempts, _BY_ORDER, self._managed, rows.ATTEMPT, self._attempts)
        look(schema.payment_claims, _CLAIM, needs.claims, rows.CLAIM, self._claims, few=True)
        if not self._naming and self._name_shelves():
            look(schema.stock_levels, _SHELF, needs.shelves, rows.LEVEL, self._levels, lock=lock)
        return self._looks

    def _look(  # noqa: PLR0913 - what a look is made of
        self,
        table: Table,
        keys: tuple[str, ...],
        wanted: set[Any],
        columns: tuple[str, ...],
        take: Callable[[Iterable[Row]], None],
        *,
        lock: bool = False,
        few: bool = False,
        naming: bool = False,
    ) -> None:
        if not wanted:
            return
        asked = self._asked.get((table, keys))
        fresh = set(wanted) if asked is None else wanted - asked
        if not fresh:
            return
        self._asked[table, keys] = fresh if asked is None else asked | fresh
        self._looks.append(_Look(Select(table, keys, fresh, columns, lock, few), take))
        self._naming = self._naming or naming

    def _look_by_name(self) -> None:
        """The ids behind what senders call things; they join the ids that the commands name."""
        needs, look = self.needs, self._look
        look(schema.variant_names, _BY_NAME, needs.variant_names, (*_BY_NAME, "variant_id"),
             self._variant_names, naming=True)  # fmt: skip
        look(schema.customer_names, _BY_NAME, needs.customer_names, (*_BY_NAME, "customer_id"),
             self._customer_names)  # fmt: skip
        look(schema.orders, _BY_SENDER, needs.senders, (*_BY_SENDER, "id"), self._senders,
             naming=True)  # fmt: skip
        look(schema.item_list_entries, _BY_ID, needs.entries, ("org", "id", "variant_id"),
             self._entries, naming=True)  # fmt: skip

    def _name_shelves(self) -> bool:
        """Name the levels of variants that are wanted at a place; whether it is known by now."""
        needs, facts = self.needs, self.facts
        if not all(org in facts.orgs for org, _ in needs.places):
            return False
        for org, place in needs.places:
            location = place or facts.orgs[org].default_location
            needs.shelves.update((o, id_, location) for o, id_ in needs.variants if o == org)
        return True

    # ------------------------------------------------------------------ what was found

    def _orgs(self, found: Iterable[Row]) -> None:
        for org, guest, location, list_, allocation, source, announced in found:
            self.facts.orgs[org] = OrgFacts(
                org, guest, location, list_, allocation == "HARD", source is not None,
                bool(announced),
            )  # fmt: skip
            self.facts.locations.add((org, location))
            if announced:
                self._announcing.add(org)

    def _announced(self, found: Iterable[Row]) -> None:
        self.facts.announced.update((row[0], row[1]) for row in found)

    def _answers(self, found: Iterable[Row]) -> None:
        for row in found:
            self.facts.answers[row[0], row[1]] = rows.answer(row)

    def _variant_names(self, found: Iterable[Row]) -> None:
        for org, kind, value, variant_id in paced(found):
            self.facts.variant_names[org, kind, value] = variant_id
            self.needs.variants.add((org, variant_id))

    def _customer_names(self, found: Iterable[Row]) -> None:
        for org, kind, value, customer_id in found:
            self.facts.customer_names[org, kind, value] = customer_id
            self.needs.customers.add((org, customer_id))

    def _senders(self, found: Iterable[Row]) -> None:
        for org, value, origin, order_id in found:
            self.facts.by_sender[org, value, origin] = order_id
            self.needs.orders.add((org, order_id))
            self.needs.whole.add((org, order_id))
            self.needs.ending.add((org, order_id))

    def _entries(self, found: Iterable[Row]) -> None:
        for org, entry_id, variant_id in found:
            self.facts.by_entry[org, entry_id] = variant_id
            self.needs.variants.add((org, variant_id))

    def _orders(self, found: Iterable[Row]) -> None:
        needs, facts = self.needs, self.facts
        for row in paced(found):
            key = (row[0], row[1])
            facts.orders[key] = facts.order_base[key] = order = rows.order(row)
            self._present.add(key)
            if needs.senders:
                needs.customers.add((order.org, order.customer_id))
            waits = order.managed and (order.parked or order.facets.stage == "placed")
            if key in needs.steps or (waits and key in needs.ending):
                self._stepping.add(key)
            if key in needs.whole and order.managed:
                self._managed.add(key)
                needs.places.add((order.org, None))

    def _lines(self, found: Iterable[Row]) -> None:
        needs, facts = self.needs, self.facts
        lines: dict[tuple[int, bytes], list[Line]] = {}
        for row in paced(found):
            org, order_id, line = rows.line(row)
            lines.setdefault((org, order_id), []).append(line)
        for key, listed in lines.items():
            listed.sort(key=lambda line: line.number)
            order = facts.orders[key]._replace(lines=tuple(listed))
            facts.orders[key] = facts.order_base[key] = order
            for line in listed if key in needs.whole else ():
                needs.variants.add((order.org, line.variant_id))
                if order.managed and line.location_id is not None:
                    needs.shelves.add((order.org, line.variant_id, line.location_id))

    def _variants(self, found: Iterable[Row]) -> None:
        for row in paced(found):
            self.facts.variants[row[0], row[1]] = rows.variant(row)

    def _customers(self, found: Iterable[Row]) -> None:
        for row in found:
            self.facts.customers[row[0], row[1]] = customer = rows.customer(row)
            self.facts.customer_base[row[0], row[1]] = customer.updated_at

    def _locations(self, found: Iterable[Row]) -> None:
        self.facts.locations.update((row[0], row[1]) for row in found)

    def _jobs(self, found: Iterable[Row]) -> None:
        for row in found:
            self.facts.jobs[row[0], row[1]] = job = rows.job(row)
            self.facts.job_base[row[0], row[1]] = job.fence
            if job.leased_until > self.facts.now and (job.org, job.id) in self._ending:
                self.facts.lease_base[job.org, job.id] = job.leased_until

    def _steps(self, found: Iterable[Row]) -> None:
        for org, _, job_id in found:
            self.needs.jobs.add((org, job_id))
            self._ending.add((org, job_id))

    def _reservations(self, found: Iterable[Row]) -> None:
        for row in found:
            reservation = rows.reservation(row)
            held = self.facts.reservations.setdefault((row[0], row[1]), {})
            held[reservation.line_id] = reservation
            self.needs.shelves.add((row[0], reservation.variant_id, reservation.location_id))

    def _attempts(self, found: Iterable[Row]) -> None:
        for row in found:
            attempt, before = rows.attempt(row), self.facts.attempts.get((row[0], row[1]))
            if before is None or before.number < attempt.number:
                self.facts.attempts[row[0], row[1]] = attempt

    def _claims(self, found: Iterable[Row]) -> None:
        for org, provider, reference, order_id in found:
            key = (org, provider, reference)
            self.facts.claims[key] = self.facts.claim_base[key] = order_id

    def _levels(self, found: Iterable[Row]) -> None:
        for row in found:
            key = (row[0], row[1], row[2])
            self.facts.levels[key] = self.facts.level_base[key] = rows.level(row)
