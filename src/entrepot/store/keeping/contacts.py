"""Following the log of events: contacts, as an organization's orders have them.

A step reads a slice of the log and looks at what the events are about, as it now is. So a step that
is repeated changes nothing more, and events that are in the archive are not missed: the newest
event of an order stays in the book.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from sqlalchemy import Connection

from entrepot.core import events
from entrepot.core.buyers import BuyerContact
from entrepot.core.contacts import STEADY, Contact, terms_of
from entrepot.core.order import Customer
from entrepot.core.touches import CLICK
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.keeping import attributions, costing, log_readers
from entrepot.store.keeping.attributions import Owned
from entrepot.store.keeping.log_readers import Step
from entrepot.store.keeping.retention import CONTACTS, Sweep, save
from entrepot.store.writing import list_tallies
from entrepot.store.writing.list_tallies import NO_KEY, Counted
from entrepot.store.writing.writes import Writes

_BY_ID, _BY_ORDER, _BY_CUSTOMER = ("org", "id"), ("org", "order_id"), ("org", "customer_id")
_ORDER = ("id", "customer_id", "created_at", "made_at", "origin", "channel", "source_platform")
_OWNED = ("org", "order_id", "customer_id", "window_days")
_CLICKER = ("org", "origin_id", "customer_id")
_TERM = ("org", "term", "customer_id")
_PASSED_OVER = sorted(STEADY - costing.MOVING)

_NEWEST = "SELECT events FROM order_counters WHERE org = $1"
# The events between two numbers that a contact, a credit or a value may follow from.
_TELLING = (
    "SELECT number, subject, subject_id, source, type FROM events "
    "WHERE org = $1 AND number > $2 AND number <= $3 "
    f"AND type NOT IN ({sql.words(_PASSED_OVER)}) ORDER BY org, number"
)


class _Telling(NamedTuple):
    """An event that something may follow from."""

    number: int
    subject: str
    subject_id: bytes
    source: str
    type: str


class _Told(NamedTuple):
    """An order or a touch of a contact, as the book has it now."""

    customer_id: bytes
    created_at: int
    dated: int
    source: str


def behind(conn: Connection, after_org: int, limit: int) -> list[Sweep]:
    """Readers that have not come to the end of their organization's log, by organization."""
    return log_readers.behind(conn, CONTACTS, after_org, limit)


def follow(conn: Connection, sweep: Sweep, limit: int, now: int) -> Step:
    """Take in the next `limit` events. Raises Conflict where another process was faster.

    Numbers have no gap. Events that are in the archive are passed over.
    """
    [[newest]] = sql.fetch(conn, _NEWEST, (sweep.org,))
    reached = min(newest, sweep.reached_at + limit)
    rows = sql.fetch(conn, _TELLING, (sweep.org, sweep.reached_at, reached))
    found = [_Telling(*row) for row in rows]
    moved = sweep._replace(fence=sweep.fence + 1, reached_at=reached)
    writes = Writes()
    save(writes, moved, sweep.fence)
    named: dict[str, set[bytes]] = {events.ORDER: set(), events.TOUCH: set()}
    for one in found:
        if one.subject in named:
            named[one.subject].add(bytes(one.subject_id))
    told = {bytes(one.subject_id): one.source for one in found if one.subject == events.CUSTOMER}
    if told or any(named.values()):
        slice_ = _Following(conn, sweep.org, writes, now)
        slice_.take(named[events.ORDER], named[events.TOUCH], told)
    if moving := [one.number for one in found if one.type in costing.MOVING]:
        costing.value(conn, sweep.org, moving, writes)
    writes.run(conn)
    return Step(moved, reached == newest)


class _Following:
    """What a slice of the log changes of one organization's contacts."""

    def __init__(self, conn: Connection, org: int, writes: Writes, now: int) -> None:
        self._conn, self._org, self._writes, self._now = conn, org, writes, now
        self._counted: Counter[Counted] = Counter()

    def take(self, orders: set[bytes], touches: set[bytes], customers: dict[bytes, str]) -> None:
        """Write what these orders and touches say of their contacts, and what was told of
        `customers` themselves, who have the source of their last event.
        """
        rows = self._select(schema.orders, _BY_ID, orders, _ORDER)
        told = {bytes(row[0]): _told(row) for row in rows}
        before = self._owned_before(orders)
        guest = self._guest()
        chosen = attributions.window(self._conn, self._org)
        now = {
            id_: Owned(
                id_, one.customer_id, before[id_].window_days if id_ in before else chosen
            )
            for id_, one in told.items() if one.customer_id != guest
        }  # fmt: skip
        self._owned(before, now)
        joined = Counter([one.customer_id for one in now.values()])
        left = Counter([one.customer_id for one in before.values()])
        met = self._touches(touches)
        ids = joined.keys() | left.keys() | {one.customer_id for one in met} | customers.keys()
        more = {id_: joined[id_] - left[id_] for id_ in ids}
        self._contacts(ids, [*told.values(), *met], more, customers)
        first: dict[bytes, int] = {}
        for one in met:
            first[one.customer_id] = min(one.dated, first.get(one.customer_id, one.dated))
        touched = attributions.owned_by(self._conn, self._org, first)
        known = {one.order_id: one for one in touched if one.order_id not in orders}
        attributions.credit(
            self._conn, self._org, self._writes, self._counted, [*now.values(), *known.values()],
            orders - now.keys(), self._now,
        )  # fmt: skip
        list_tallies.tally(self._writes, self._counted)

    def _owned_before(self, orders: set[bytes]) -> dict[bytes, Owned]:
        found = self._select(schema.contact_orders, _BY_ORDER, orders, Owned._fields)
        return {bytes(id_): Owned(bytes(id_), bytes(contact), days) for id_, contact, days in found}

    def _touches(self, ids: set[bytes]) -> list[_Told]:
        """What these touches say of their contacts; clicks are counted under their origins."""
        kept = schema.TOUCHES
        found = [kept.from_row(row) for row in self._select(kept.table, _BY_ID, ids, kept.columns)]
        clicks = [one for one in found if one.kind == CLICK]
        org, wanted = self._org, {(one.origin_id, one.customer_id) for one in clicks}
        known = sql.select(
            self._conn, schema.click_contacts, _CLICKER,
            {(org, *one) for one in wanted}, _CLICKER[1:],
        )  # fmt: skip
        new = wanted - {(bytes(origin), bytes(customer)) for origin, customer in known}
        self._writes.insert(schema.click_contacts, _CLICKER, [(org, *one) for one in sorted(new)])
        for origin_id, _ in new:
            self._counted[org, list_tallies.CLICKERS, "", origin_id, 0] += 1
        return [_Told(one.customer_id, one.recorded_at, one.at, one.channel or one.origin)
                for one in found]  # fmt: skip

    def _owned(self, before: dict[bytes, Owned], now: dict[bytes, Owned]) -> None:
        org, table = self._org, schema.contact_orders
        new = [(org, *now[id_]) for id_ in sorted(now.keys() - before.keys())]
        moved = [
            (now[id_].customer_id, org, id_) for id_ in sorted(now.keys() & before.keys())
            if now[id_] != before[id_]
        ]  # fmt: skip
        gone = [(org, id_) for id_ in sorted(before.keys() - now.keys())]
        self._writes.delete(table, _BY_ORDER, gone)
        self._writes.update(table, ("customer_id",), _BY_ORDER, moved)
        self._writes.insert(table, _OWNED, new)

    def _contacts(
        self,
        ids: set[bytes],
        told: list[_Told],
        more: dict[bytes, int],
        sources: dict[bytes, str],
    ) -> None:
        rows = self._select(schema.customers, _BY_ID, ids, schema.CUSTOMERS.columns)
        customers = [schema.CUSTOMERS.from_row(row) for row in rows]
        found = self._select(schema.contacts, _BY_ID, ids, Contact._fields)
        known = {one.id: one for one in map(_contact, found)}
        seen: dict[bytes, list[_Told]] = {}
        for met in told:
            seen.setdefault(met.customer_id, []).append(met)
        terms = self._terms_of(customers)
        now = [
            _seen(one, known.get(one.id), seen.get(one.id, []), sources.get(one.id, ""))._replace(
                terms=terms[one.id]
            )
            for one in customers
        ]
        now = [one._replace(orders=one.orders + more[one.id]) for one in now]
        new = [one for one in now if one.id not in known]
        changed = [one for one in now if one.id in known and one != known[one.id]]
        table, rest = schema.contacts, Contact._fields[2:]
        self._writes.insert(table, Contact._fields, sorted(map(tuple, new)))
        self._writes.update(
            table, rest, _BY_ID, [(*one[2:], one.org, one.id) for one in sorted(changed)]
        )
        self._terms(now, known)
        for contact in (*new, *changed):
            self._count(contact, known.get(contact.id))

    def _terms_of(self, customers: list[Customer]) -> dict[bytes, str]:
        """What each is searched by: buyers by all their names, mailboxes and telephones."""
        ids = {one.id for one in customers}
        names = self._select(schema.buyers, _BY_ID, ids, ("id", "name", "legal_name"))
        called = {bytes(id_): those for id_, *those in names}
        kept = schema.BUYER_CONTACTS
        buyers = set(called)
        rows = self._select(kept.table, _BY_CUSTOMER, buyers, kept.columns) if buyers else []
        reached: dict[bytes, list[BuyerContact]] = {}
        for contact in map(kept.from_row, rows):
            reached.setdefault(contact.customer_id, []).append(contact)
        return {
            one.id: terms_of(one, reached.get(one.id, ()), called.get(one.id, ()))
            for one in customers
        }

    def _terms(self, now: list[Contact], known: dict[bytes, Contact]) -> None:
        """Write the terms that contacts have now and had not, and take the others away."""
        table, new, gone = schema.contact_terms, [], []
        for one in now:
            last = known.get(one.id)
            before, after = _terms(last), _terms(one)
            new += [(one.org, term, one.id) for term in after - before]
            gone += [(one.org, term, one.id) for term in before - after]
        self._writes.delete(table, _TERM, sorted(gone))
        self._writes.insert(table, _TERM, sorted(new))

    def _count(self, now: Contact, before: Contact | None) -> None:
        org = self._org
        if before is None:
            self._counted[org, list_tallies.CONTACTS, "", NO_KEY, now.created_at] += 1
        else:
            self._counted[org, list_tallies.CONTACTS_UPDATED, "", NO_KEY, before.updated_at] -= 1
        self._counted[org, list_tallies.CONTACTS_UPDATED, "", NO_KEY, now.updated_at] += 1

    def _guest(self) -> bytes:
        columns = ("guest_id",)
        [[guest]] = sql.select(self._conn, schema.organizations, ("org",), {(self._org,)}, columns)
        return bytes(guest)

    def _select(
        self, table: Any, keys: tuple[str, ...], ids: set[bytes], columns: tuple[str, ...]
    ) -> list[Any]:
        return sql.select(self._conn, table, keys, {(self._org, id_) for id_ in ids}, columns)


def _told(row: Any) -> _Told:
    _, customer_id, created_at, made_at, origin, channel, platform = row
    dated = created_at if made_at is None else min(made_at, created_at)
    return _Told(bytes(customer_id), created_at, dated, channel or platform or origin)


def _contact(row: Any) -> Contact:
    return Contact(row[0], bytes(row[1]), *row[2:])


def _terms(contact: Contact | None) -> set[bytes]:
    if contact is None or not contact.terms:
        return set()
    return {term.encode() for term in contact.terms.split("\n")}


def _seen(customer: Customer, known: Contact | None, told: list[_Told], source: str) -> Contact:
    """The contact after these orders, without its terms: times rise, and the source is that of the
    first one. Of a customer who did nothing yet it is that of the making.
    """
    updated = max(customer.updated_at, *[one.created_at for one in told], 0)
    interacted = max([one.dated for one in told], default=customer.created_at)
    if known is None:
        first = min(told, key=lambda one: one.created_at).source if told else source
        return Contact(
            customer.org, customer.id, customer.created_at, updated, interacted, 0, first, ""
        )
    return known._replace(
        updated_at=max(known.updated_at, updated),
        interacted_at=max(known.interacted_at, interacted),
    )
