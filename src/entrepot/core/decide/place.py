"""Placing a managed order: the record is made; stock and payment follow in the pipeline."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.channels import CHANNELS
from entrepot.core.claiming import payer
from entrepot.core.claims import claim
from entrepot.core.commands import CustomerRef, DraftLine
from entrepot.core.decide import open_channel, partner, price
from entrepot.core.decide.catalogue import duplicate_line, first_seen, make_line, resolve_variant
from entrepot.core.decide.customers import resolve_customer, snapshot
from entrepot.core.decide.jobs import first_job
from entrepot.core.exponents import too_fine
from entrepot.core.facets import Facets
from entrepot.core.facts import Facts
from entrepot.core.kinds import OwnLine
from entrepot.core.money import RANGE, Amount, balance, line_sum, priceable
from entrepot.core.needs import Needs
from entrepot.core.order import Customer, Line, Order
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, OrderResult

_WITH_PAYMENT = Facets(stage="placed", payment="pending")
_WITHOUT_PAYMENT = Facets(stage="placed", payment="none")


class PlaceOrder(NamedTuple):
    """Place a managed order: Entrepot reserves, authorises and confirms it."""

    org: int
    source: str
    currency: str  # empty: that of the first line's variant
    lines: tuple[DraftLine, ...]
    customer: CustomerRef = CustomerRef()
    total: Amount | None = None
    # Order fields that are kept as said: notes, channel, payment_reference and the like.
    said: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple default; never written to
    makes: bool = False  # a variant or customer whose id is new to the organization is made
    # The decimal places of the smallest amount that a payment can be asked for. Without a payment,
    # or without this, an order costs what its lines add up to.
    places: int | None = None
    # Lines that name no location are reserved at the organization's default location.
    from_default_location: bool = False
    one_line_an_entry: bool = False
    one_currency: bool = False
    # Whether the organization needs an account at the payment's provider: nobody stands in.
    needs_account: bool = False
    # Whether the organization has a channel that accepts no orders.
    looks_at_channel: bool = False
    # Whether the organization has a partnership that accepts no orders.
    looks_at_partnership: bool = False
    # Whether the seller has taken the money already: nobody is asked for a payment.
    paid_elsewhere: bool = False
    # Whether the organization has price lists that are assigned to customers.
    looks_at_prices: bool = False


def wants(command: PlaceOrder, needs: Needs) -> None:
    """The goods and the customer; and the order that the payment paid already, if any."""
    org = command.org
    needs.bring(org, command.said)
    needs.of_lines(org, command.lines, stock=needs.reserving)
    needs.of_customer(org, command.customer)
    if payment := claim(org, command.said):
        needs.claims.add(payment)
    if command.looks_at_channel:
        needs.all_of.setdefault(CHANNELS, set()).add(org)
    if command.looks_at_partnership:
        partner.wants_of_order(org, command.customer, needs)
    if command.looks_at_prices:
        price.wants_of_order(org, command.customer, command.lines, needs)


def place(command: PlaceOrder, facts: Facts) -> Decision:
    """Make the order, `placed`. Refused: unknown variant, location, customer; sums too large.

    The sum of the lines of an order with a payment is rounded once, here: what is stored, shown and
    asked for is one figure.
    """
    org, changes = command.org, Changes(facts)
    if command.looks_at_channel:
        open_channel.look(command.said.get("channel"), org, facts)
    if command.makes:
        _make_named(command, facts, changes)
    customer_id = resolve_customer(command.customer, org, facts, changes)
    if command.looks_at_partnership:
        partner.look(customer_id, command.customer, org, facts)
    location = facts.orgs[org].default_location if command.from_default_location else None
    drafts, currency = command.lines, command.currency
    if command.looks_at_prices or facts.list_of_entry:
        drafts, currency = price.for_new_order(drafts, customer_id, org, currency, facts, changes)
    currency = currency or _currency(drafts[0], org, facts, changes)
    lines = tuple([
        make_line(draft, number, org, currency, facts, changes, (), location)
        for number, draft in enumerate(drafts, 1)
    ])  # fmt: skip
    if command.one_currency:
        _share_currency(command, lines, currency)
    if command.one_line_an_entry:
        _differ_in_entry(command, lines)
    provider = command.said.get("payment_provider")
    places = command.places if provider else None
    subtotal = line_sum([(line.price, line.quantity) for line in lines], places)
    total = command.total or subtotal
    if not priceable(subtotal, total):
        sentence = f"the order's total, {total.text()}, is out of range: {RANGE}"
        raise refuse(Reason.INVALID, sentence, command.lines[0].where)
    discount, shipping = balance(subtotal, total)
    # Nothing is asked of anybody for an order that costs nothing.
    pays = provider and total.units and not command.paid_elsewhere
    if pays:
        _can_be_paid(command, currency, total, facts.accounts.get(org, frozenset()))
    facets = _WITH_PAYMENT if pays else _WITHOUT_PAYMENT
    payment = claim(org, command.said) if pays else None
    shares = payer(payment, facts) if payment else None
    # The first fourteen by place: an order has many members, and a name for each is slow.
    order = Order(
        org, facts.new_id(), command.source, True, facets, "", currency,
        subtotal, total, customer_id, facts.now, facts.now, discount, shipping,
        shares_payment_of=shares, version=1, lines=lines,
        **snapshot(command.customer, customer_id, org, facts, changes), **command.said,
    )  # fmt: skip
    job = first_job(order, facts)
    changes.orders.put(order)
    changes.lines.put_all([OwnLine(org, order.id, line) for line in lines])
    changes.events.append(events.latest(order, events.ORDER_PLACED, facts, command.source))
    changes.jobs.put(job)
    return Decision(changes, OrderResult(order), job)


def _currency(first: DraftLine, org: int, facts: Facts, changes: Changes) -> str:
    """The currency of an order that tells none: that of its first line's variant."""
    currency = resolve_variant(first, org, facts, changes).currency
    if not currency:
        sentence = "the variant has no price yet: say a price and its currency"
        raise refuse(Reason.INVALID, sentence, field=f"{first.where}.{first.price_field}")
    return currency


def _make_named(command: PlaceOrder, facts: Facts, changes: Changes) -> None:
    """Make the customer and the variants that the order is the first to name by their ids.

    Ids are an organization's own: what another one has under the same id is not known here.
    """
    org, who = command.org, command.customer.customer_id
    if who is not None and (org, who) not in facts.customers:
        changes.customers.put(
            Customer(org, who, "Customer", None, None, None, None, facts.now, facts.now, "")
        )
    for draft in command.lines:
        named = draft.variant.variant_id
        key = (org, named or b"")
        if named is None or key in facts.variants or changes.variants.get(key):
            continue
        priced = draft._replace(currency=draft.currency or command.currency)
        first_seen(named, facts, changes, org, priced)


def _share_currency(command: PlaceOrder, lines: tuple[Line, ...], currency: str) -> None:
    for draft, line in zip(command.lines, lines, strict=True):
        if line.currency != currency:
            where = f"{draft.where}.currency"
            raise refuse(Reason.INVALID, f"must be the order's, {currency}", field=where)


def _differ_in_entry(command: PlaceOrder, lines: tuple[Line, ...]) -> None:
    entries: set[bytes] = set()
    for draft, line in zip(command.lines, lines, strict=True):
        if line.entry_id in entries:
            raise duplicate_line(draft)
        entries.add(line.entry_id)


def _can_be_paid(
    command: PlaceOrder, currency: str, total: Amount, accounts: frozenset[str]
) -> None:
    """Refuse a provider that nobody here could ask, and an amount that the provider has not."""
    named = command.said["payment_provider"]
    service = named.lower()
    if service not in accounts:
        if command.needs_account:
            sentence = f"{named} has no account here: no payment can be asked of it"
            raise refuse(Reason.NO_ACCOUNT, sentence, "payment_provider")
        return
    if (finer := too_fine(service, currency, total, named)) is not None:
        raise refuse(Reason.INVALID, finer, "total")
