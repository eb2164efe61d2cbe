"""Loading what a batch has to see, in rounds of set-based statements.

A round reads everything that is known to be wanted by then; what it finds may name more, which the
next round reads. PostgreSQL takes a round in one statement as long as the sets are small.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table

from entrepot.core.claims import PaymentClaim, claim_of, is_live
from entrepot.core.decide.jobs import job_ids
from entrepot.core.facts import Facts
from entrepot.core.keys import KEYS
from entrepot.core.kinds import K, OwnLine, R
from entrepot.core.lifecycle import NOT_LEFT
from entrepot.core.members import MEMBERS
from entrepot.core.needs import Needs
from entrepot.core.organization import SETTINGS
from entrepot.core.partnerships import PARTNERSHIPS
from entrepot.core.payment import WITH_MONEY
from entrepot.core.products import HANDLES, ITEMS, PRODUCTS, VARIANT_DETAILS
from entrepot.core.seen import OrgFacts
from entrepot.pace import paced
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Row, Select, sql_of
from entrepot.store.schema.kept import AnyKept, Kept
from entrepot.store.writing import allocation, connected, order_names, payments, prices
from entrepot.store.writing.paying import of_shared

# Shelves that are read of an organization that has promised what is not there.
OVERSOLD_NAMED = 5
_BY_ID = ("org", "id")
_BY_ORDER = ("org", "order_id")
_BY_CUSTOMER = ("org", "customer_id")
_ENTRY = ("org", "id", "variant_id", "list_id")
_BY_SENDER = ("org", "sender_id", "origin")
# Kinds that are read by their keys, where a command asks for some.
_BY_KEY = (*schema.PLAIN, schema.OPERATIONS, schema.INVOICES)
# Kinds of which an organization has few rows, all of which a command may ask for.
_FEW: tuple[AnyKept, ...] = (schema.CHANNELS, schema.WEBHOOKS, schema.CONNECTIONS)
_ORG = (
    "org", "guest_id", "default_location", "default_list", "allocation", "source_url",
    "(EXISTS (SELECT 1 FROM announced_orders AS a WHERE a.org = t.org))",
    "payment_secret",
    "(EXISTS (SELECT 1 FROM provider_accounts AS p WHERE p.org = t.org))",
    "(SELECT s.invoices FROM organization_settings AS s WHERE s.org = t.org)",
)  # fmt: skip


def _by(kept: Kept[Any, Any], keys: tuple[str, ...] | None = None, *, few: bool = False) -> Select:
    """How rows of a kind are read, by their own keys or by others. What is wanted follows."""
    return Select(kept.table, keys or kept.key, set(), kept.columns, few=few)


# What batches read, in the order in which it is read.
_ORGS = Select(schema.organizations, ("org",), set(), _ORG)
_VARIANT_NAMES, _CUSTOMER_NAMES = _by(schema.VARIANT_NAMES), _by(schema.CUSTOMER_NAMES)
_SENDERS = Select(schema.orders, _BY_SENDER, set(), (*_BY_SENDER, "id"))
_ENTRIES = Select(schema.item_list_entries, _BY_ID, set(), _ENTRY)
_ORDERS, _LINES = _by(schema.ORDERS), _by(schema.LINES, _BY_ORDER)
_JOBS, _RESERVATIONS = _by(schema.JOBS), _by(schema.RESERVATIONS, _BY_ORDER)
_CLAIMS = _by(schema.CLAIMS, few=True)
_ACCOUNTS = Select(schema.provider_accounts, ("org",), set(), ("org", "service"))


def load(conn: Connection, needs: Needs, facts: Facts, *, lock: bool | None = None) -> None:
    """Read every row that the commands have to see.

    In a transaction, rows that may change are locked: orders before jobs before stock levels, each
    in key order. Without a transaction nothing is locked, and `flush` checks that nothing changed.
    A caller that only reads passes `lock=False`.
    """
    for org, text, dialect in needs.texts:
        order_id = order_names.find(conn, org, text, dialect)
        if order_id is not None:
            facts.by_text[org, text] = order_id
            needs.orders.add((org, order_id))
    payments.find_named(conn, needs, facts)
    for org in needs.oversold:
        facts.oversold[org] = allocation.oversold(conn, org, OVERSOLD_NAMED)
    if needs.connections:
        facts.connected.update(connected.organizations(conn, needs.connections))
    loading = _Loading(needs, facts)
    lock = sql_of(conn).locks(conn) if lock is None else lock
    while looks := loading.next_round(lock=lock):
        found = sql.select_all(conn, [look.select for look in looks])
        for look, listed in zip(looks, found, strict=True):
            look.take(listed)
    facts.paying.update(of_shared(conn, loading.shared))
    facts.shelves |= needs.shelves


class _Look(NamedTuple):
    select: Select
    take: Callable[[list[Row]], None]


def _read(kept: Kept[K, R], facts: Facts, found: list[Row]) -> list[R]:
    """Take rows over as they were found: all that there is to do for most kinds."""
    if not found:
        return []
    listed = list(map(kept.from_row, paced(found)))
    facts.of(kept.kind).read(listed)
    return listed


class _Loading:
    """The selects that were sent already, and the receivers of their rows."""

    def __init__(self, needs: Needs, facts: Facts) -> None:
        self.needs, self.facts = needs, facts
        self._asked: dict[tuple[Table, tuple[str, ...]], set[Row]] = {}
        self._looks: list[_Look] = []
        self._naming = False  # what is found in this round may name stock levels
        self._present: set[Row] = set()  # orders that were found
        self._managed: set[Row] = set()  # of them, those whose stock has to be seen
        self._paying: set[Row] = set()  # those whose payment has to be seen
        self._sent: set[Row] = set()  # those of which goods have left
        self._billed: set[Row] = set()  # those that may have an invoice
        self._ending: set[Row] = set()  # jobs of orders that a word may end
        self._announcing: set[int] = set()  # organizations that know of announced orders
        self._with_accounts: set[int] = set()  # organizations with accounts at payment services
        self.shared: list[PaymentClaim] = []  # claims that other orders share

    def next_round(self, *, lock: bool) -> list[_Look]:
        """The selects that are wanted by now and were not sent yet."""
        needs, look = self.needs, self._look
        self._looks, self._naming = [], False
        look(_ORGS, {(org,) for org in needs.orgs}, self._orgs)
        self._rows(schema.ANSWERS, needs.answers, few=True)
        if self._announcing or needs.announced:
            wanted = needs.announced_in(self._announcing)
            self._rows(schema.ANNOUNCED, wanted)
        self._look_by_name()
        if needs.shipments or needs.returns:
            self._look_for_parts()
        if needs.whose_claims:
            needs.orders.update(
                (claim[0], self.facts.claims[claim].order_id)
                for claim in needs.whose_claims & self.facts.claims.keys()
            )
        look(_ORDERS, needs.orders, self._orders, lock=lock, naming=True)
        self._rows(schema.VARIANTS, needs.variants)
        if needs.products or needs.whose_products:
            self._look_for_products()
        self._rows(schema.CUSTOMERS, needs.customers)
        self._rows(schema.LOCATIONS, needs.locations)
        look(_JOBS, needs.jobs, self._jobs, lock=lock)
        if self._present:
            self._look_for_what_orders_have()
        look(_CLAIMS, needs.claims, self._claims)
        if needs.others:
            self._look_for_others()
        for kept in _FEW if needs.all_of else ():
            self._look_for_all(kept)
        for kept in schema.OF_BUYERS if needs.buyers else ():
            look(_by(kept, _BY_CUSTOMER), needs.buyers, partial(_read, kept, self.facts))
        self._look(_ACCOUNTS, {(org,) for org in self._with_accounts}, self._accounts)
        if not self._naming and self._name_shelves():
            self._rows(schema.LEVELS, needs.shelves, lock=lock)
        return self._looks

    def _look(
        self,
        how: Select,
        wanted: set[Row],
        take: Callable[[list[Row]], Any],
        *,
        lock: bool = False,
        naming: bool = False,
    ) -> None:
        """Look for what was not asked for yet. `naming`: what is found may name stock levels."""
        if not wanted:
            return
        select_key = (how.table, how.keys)
        asked = self._asked.get(select_key)
        fresh = set(wanted) if asked is None else wanted - asked
        if not fresh:
            return
        self._asked[select_key] = fresh if asked is None else asked | fresh
        self._looks.append(_Look(how._replace(wanted=fresh, lock=lock), take))
        self._naming = self._naming or naming

    def _rows(
        self, kept: Kept[Any, Any], wanted: set[Any], *, lock: bool = False, few: bool = False
    ) -> None:
        """Look for the rows of one kind by their keys."""
        if wanted:
            self._look(_by(kept, few=few), wanted, partial(_read, kept, self.facts), lock=lock)

    def _rows_of_orders(self, kept: Kept[Any, Any], orders: set[Row]) -> None:
        """Look for the rows of one kind that belong to these orders."""
        if orders:
            self._look(_by(kept, _BY_ORDER), orders, partial(_read, kept, self.facts))

    def _look_for_others(self) -> None:
        """Look for rows of the kinds that few commands ask for."""
        others = self.needs.others
        if MEMBERS in others:
            its = self.facts.of(MEMBERS).values()
            self.needs.of(KEYS).update([(member.org, member.key_id) for member in its])
        if SETTINGS in others:
            self.facts.chosen.update([org for (org,) in others[SETTINGS]])
        for kept in _BY_KEY:
            if wanted := others.get(kept.kind):
                self._rows(kept, wanted)

    def _look_for_what_orders_have(self) -> None:
        """Look for the rows that hang on orders which were found."""
        self._look(_LINES, self._present, self._lines, naming=True)
        self._look(_RESERVATIONS, self._managed, self._reservations, naming=True)
        for kept in (schema.PAYMENTS, schema.OPERATIONS):
            self._rows_of_orders(kept, self._paying)
        for kept in schema.OF_SENT_ORDERS:
            self._rows_of_orders(kept, self._sent)
        self._rows_of_orders(schema.INVOICES, self._billed)

    def _look_for_all(self, kept: Kept[Any, Any]) -> None:
        """All rows of a kind of which an organization has few."""
        orgs: set[Row] = {(org,) for org in self.needs.all_of.get(kept.kind, ())}
        self._look(_by(kept, ("org",)), orgs, partial(_read, kept, self.facts))

    def _look_for_parts(self) -> None:
        """The orders of shipments and returns that are named by their ids."""
        needs, facts, columns = self.needs, self.facts, ("org", "id", "order_id", "number")
        for table, wanted, named in (
            (schema.shipments, needs.shipments, facts.by_shipment),
            (schema.returns, needs.returns, facts.by_return),
        ):
            how = Select(table, _BY_ID, set(), columns)
            self._look(how, wanted, partial(self._parts, named), naming=True)

    def _look_for_products(self) -> None:
        """Products with their variants, and the names that these have."""
        needs, known = self.needs, self.facts.variants
        for key in needs.whose_products & known.keys():
            needs.products.add((key[0], known[key].item_id))
        needs.of(ITEMS).update(needs.products)
        needs.of(PRODUCTS).update(needs.products)
        of_product = _by(schema.VARIANTS, ("org", "item_id"))
        self._look(of_product, needs.products, self._variants_of_products)
        for key in needs.products & self.facts.of(PRODUCTS).keys():
            if (handle := self.facts.of(PRODUCTS)[key].handle) is not None:
                needs.of(HANDLES).add((key[0], handle))

    def _look_by_name(self) -> None:
        """The ids behind what senders call things; they join the ids that the commands name."""
        needs, look = self.needs, self._look
        look(_VARIANT_NAMES, needs.variant_names, self._variant_names, naming=True)
        look(_CUSTOMER_NAMES, needs.customer_names, self._customer_names)
        look(_SENDERS, needs.senders, self._senders, naming=True)
        look(_ENTRIES, needs.entries, self._entries, naming=True)
        if needs.priced:
            prices.name(needs, self.facts)

    def _name_shelves(self) -> bool:
        """Name the levels of variants that are wanted at a place; whether it is known by now."""
        needs, facts = self.needs, self.facts
        if not all(org in facts.orgs for org, _ in needs.stocked_locations):
            return False
        for org, named in needs.stocked_locations:
            location = named or facts.orgs[org].default_location
            needs.shelves.update((o, id_, location) for o, id_ in needs.variants if o == org)
        return True

    # ------------------------------------------------------------------ what was found

    def _orgs(self, found: list[Row]) -> None:
        for org, guest, place, list_, model, source, announced, secret, paid, billed in found:
            self.facts.know(OrgFacts(
                org, guest, place, list_, model == "HARD", source is not None,
                bool(announced), None if secret is None else bytes(secret), billed,
            ))  # fmt: skip
            if announced:
                self._announcing.add(org)
            self.facts.accounts.setdefault(org, frozenset())
            if paid:
                self._with_accounts.add(org)

    def _accounts(self, found: list[Row]) -> None:
        accounts = self.facts.accounts
        for org, service in found:
            accounts[org] |= {service}

    def _variant_names(self, found: list[Row]) -> None:
        named = _read(schema.VARIANT_NAMES, self.facts, found)
        needs, known = self.needs, self.facts.variant_names
        needs.variants.update([(name.org, name.variant_id) for name in named])
        if needs.skus:
            # Asked once all names have been: nearly every line's name is known.
            skus, needs.skus = needs.skus, {}
            unknown = [(key[0], told) for key, told in skus.items() if key not in known]
            needs.variant_names.update((org, "sku", sku) for org, told in unknown for sku in told)

    def _variants_of_products(self, found: list[Row]) -> None:
        for one in _read(schema.VARIANTS, self.facts, found):
            self.needs.of(VARIANT_DETAILS).add((one.org, one.id))
            if one.sku is not None:
                self.needs.variant_names.add((one.org, "sku", one.sku))

    def _customer_names(self, found: list[Row]) -> None:
        named = _read(schema.CUSTOMER_NAMES, self.facts, found)
        self.needs.customers.update([(name.org, name.customer_id) for name in named])
        if partnered := self.needs.partnered:
            known = [(name.org, name.customer_id) for name in named if name.org in partnered]
            self.needs.of(PARTNERSHIPS).update(known)

    def _senders(self, found: list[Row]) -> None:
        for org, value, origin, order_id in found:
            self.facts.by_sender[org, value, origin] = order_id
            self.needs.orders.add((org, order_id))
            self.needs.whole.add((org, order_id))
            self.needs.ending.add((org, order_id))
            self.needs.moving.add((org, order_id))

    def _parts(self, named: dict[Any, Any], found: list[Row]) -> None:
        for org, id_, order_id, number in found:
            named[org, id_] = (org, order_id, number)
            self.needs.whole_order(org, order_id)
            self.needs.steps.add((org, order_id))  # a refund has a step

    def _entries(self, found: list[Row]) -> None:
        for org, entry_id, variant_id, list_id in found:
            self.facts.by_entry[org, entry_id] = variant_id
            self.needs.variants.add((org, variant_id))
            if list_id != self.facts.orgs[org].default_list:
                self.facts.list_of_entry[org, entry_id] = list_id
                prices.want(org, list_id, variant_id, self.needs)

    def _orders(self, found: list[Row]) -> None:
        needs = self.needs
        for order in _read(schema.ORDERS, self.facts, found):
            key = (order.org, order.id)
            self._present.add(key)
            if needs.senders:
                needs.customers.add((order.org, order.customer_id))
            facets = order.facets
            if order.managed and order.org in self.facts.invoicing and facets.stage != "placed":
                self._billed.add(key)
            waits = order.managed and (order.parked or facets.stage == "placed")
            moves = key in needs.moving and order.managed and facets.payment in WITH_MONEY
            if key in needs.steps or moves or (waits and key in needs.ending):
                its_jobs = [(order.org, id_) for id_ in job_ids(order.id)]
                needs.jobs.update(its_jobs)
                self._ending.update(its_jobs)
            if key in needs.paying and order.payment_provider:
                needs.claims.add((order.org, order.payment_provider.lower(), needs.paying[key]))
            if key in needs.whole and order.managed:
                self._managed.add(key)
                if order.facets.payment != "none":
                    self._paying.add(key)
                if not (is_live(order) or order.is_off) and (claim := claim_of(order)) is not None:
                    needs.claims.add(claim)  # the order may get its money after all
                needs.stocked_locations.add((order.org, None))
                if order.facets.fulfilment not in NOT_LEFT:
                    self._sent.add(key)

    def _lines(self, found: list[Row]) -> None:
        needs, facts = self.needs, self.facts
        by_order: dict[tuple[int, bytes], list[OwnLine]] = {}
        for own in _read(schema.LINES, facts, found):
            by_order.setdefault((own.org, own.order_id), []).append(own)
        for key, listed in by_order.items():
            lines = sorted([own.line for own in listed], key=lambda line: line.number)
            order = facts.orders[key]._replace(lines=tuple(lines))
            facts.orders.read((order,))
            for line in lines if key in needs.whole else ():
                needs.variants.add((order.org, line.variant_id))
                if order.managed and line.location_id is not None:
                    needs.shelves.add((order.org, line.variant_id, line.location_id))

    def _jobs(self, found: list[Row]) -> None:
        for job in _read(schema.JOBS, self.facts, found):
            if job.leased_until > self.facts.now and (job.org, job.id) in self._ending:
                self.facts.held.add((job.org, job.id))

    def _claims(self, found: list[Row]) -> None:
        self.shared.extend([one for one in _read(schema.CLAIMS, self.facts, found) if one.shared])

    def _reservations(self, found: list[Row]) -> None:
        for one in _read(schema.RESERVATIONS, self.facts, found):
            self.needs.shelves.add((one.org, one.variant_id, one.location_id))
