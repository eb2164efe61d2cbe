"""Placing an order, being notified of one, and adjusting stock: facts and command to outcome."""

from __future__ import annotations

from typing import Any

import pytest
from tests.core import laws
from tests.core.book import (
    ENTRY,
    GUEST,
    HERE,
    LOOSE,
    NOWHERE,
    ORG,
    PRICE,
    SCARCE,
    START,
    THERE,
    TRACKED,
    Book,
    line,
    named,
    notice,
    one,
    told_as,
)
from tests.quantities import much, units

from entrepot.core.commands import CustomerRef, VariantRef
from entrepot.core.decide.adjust import ON_HAND_MAX, AdjustStock
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders
from entrepot.core.decide.notify import fetch_job_id
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.exponents import counted
from entrepot.core.facets import Facets
from entrepot.core.money import UNITS_MAX, Amount
from entrepot.core.order import Job, Order
from entrepot.core.refusal import Reason
from entrepot.core.results import NotedResult, OrdersResult, StockResult

UNKNOWN = b"?" * 16
WHO = b"w" * 16


def test_placing_writes_the_order_its_lines_one_event_and_one_job() -> None:
    book = Book(leased=START + 60)
    book.stock(TRACKED)
    command = PlaceOrder(ORG, "synq", "EUR", (line(quantity=3), line(LOOSE)), said={"notes": "n"})
    changes = book.changes(command)
    [order] = changes.orders
    assert (order.managed, order.origin, order.notes) == (True, "synq", "n")
    assert order.facets == Facets("placed", "none", "unassigned", "none")
    assert order.told_words == ""
    assert order.total == order.subtotal == Amount(4000, 2)
    assert order.customer_id == GUEST
    assert [(row.number, units(row.quantity), row.location_id) for row in order.lines] == [
        (1, 3, HERE),
        (2, 1, None),  # nobody tracks it, so nothing is reserved for it
    ]
    assert [row.entry_id for row in order.lines] == [ENTRY[TRACKED], ENTRY[LOOSE]]
    assert [(event.seq, event.type) for event in changes.events] == [(1, "order.placed")]
    [job] = changes.jobs
    assert (job.kind, job.order_id, job.state, job.fence) == ("reserve", order.id, "due", 1)
    assert not changes.levels
    assert not changes.reservations


def test_an_order_with_a_provider_waits_for_its_payment() -> None:
    assert Book().placed(payment_provider="stripe").facets.payment == "pending"


def test_what_a_line_leaves_open_comes_from_the_catalogue() -> None:
    [row] = Book().placed(line(price=None)).lines
    assert (row.price, row.sku, row.title, row.currency) == (PRICE, "SKU-v", "v", "EUR")


def test_a_line_is_taken_from_the_default_location_where_the_order_says_so() -> None:
    book = Book()
    book.stock(TRACKED)
    entry = line(location_id=None)._replace(variant=VariantRef(entry_id=ENTRY[TRACKED]))
    assert book.placed(entry, source="polinate").lines[0].location_id == HERE
    assert book.placed(line(location_id=None), source="synq").lines[0].location_id is None


def test_lines_share_the_currency_where_the_order_says_so() -> None:
    lines = (line(), line(LOOSE, currency="USD"))
    refusal = Book().refused(PlaceOrder(ORG, "native", "EUR", lines, one_currency=True))
    assert (refusal.reason, refusal.field) == (Reason.INVALID, "items[0].currency")
    Book().done(PlaceOrder(ORG, "native", "EUR", lines))


def test_a_name_makes_a_variant_once() -> None:
    book = Book()
    first = book.placed(named("blue"), named("blue"), named("red"))
    again = book.placed(named("blue"))
    assert first.lines[0].variant_id == first.lines[1].variant_id == again.lines[0].variant_id
    assert first.lines[2].variant_id != first.lines[0].variant_id
    assert len(book.facts.variant_names) == 2


def test_an_order_that_names_its_customer_keeps_what_that_one_is_called() -> None:
    book = Book()

    def placed(**who: Any) -> Order:
        placing = PlaceOrder(ORG, "synq", "EUR", (line(),), CustomerRef(**who))
        return one(book.done(placing))

    placed(own=("konvo", "c-1"), first_name="Ada", email="a@x.org")
    [ada] = book.facts.customers.values()
    named = placed(customer_id=ada.id)
    placed(own=("konvo", "c-1"), first_name="Ada", last_name="L", phone="12345")
    [known] = book.facts.customers.values()
    assert (known.id, known.name, known.email, known.phone) == (ada.id, "Ada L", "a@x.org", "12345")
    assert (named.customer_id, named.first_name, named.last_name) == (ada.id, "Ada", None)
    assert (placed().customer_id, placed().first_name) == (GUEST, None)


UNLISTED = line()._replace(variant=VariantRef(entry_id=UNKNOWN, field="entry"))
UNSTORABLE = line(price=Amount(UNITS_MAX, 0), quantity=2)
REFUSED_ORDERS = [
    (PlaceOrder(ORG, "synq", "EUR", (line(UNKNOWN),)), Reason.UNKNOWN_VARIANT,
     "items[0].variant_id"),
    (PlaceOrder(ORG, "synq", "EUR", (UNLISTED,)),
     Reason.UNKNOWN_VARIANT, "items[0].entry"),
    (PlaceOrder(ORG, "polinate", "EUR", (line(), line()), one_line_an_entry=True),
     Reason.DUPLICATE_ENTRY, "items[0].variant_id"),
    (PlaceOrder(ORG, "synq", "EUR", (line(location_id=NOWHERE),)), Reason.UNKNOWN_LOCATION,
     "items[0].location_id"),
    (PlaceOrder(ORG, "synq", "EUR", (line(),), CustomerRef(customer_id=UNKNOWN)),
     Reason.UNKNOWN_CUSTOMER, "customer_id"),
    (PlaceOrder(ORG, "synq", "EUR", (UNSTORABLE,)), Reason.INVALID, "items[0]"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "reason", "field"), REFUSED_ORDERS)
def test_an_order_that_is_refused(command: PlaceOrder, reason: Reason, field: str) -> None:
    refusal = Book().refused(command)
    assert (refusal.reason, refusal.field) == (reason, field)


def test_the_ids_of_another_organization_are_unknown() -> None:
    book = Book()
    book.facts.orgs[8] = book.facts.orgs[ORG]._replace(org=8)
    refusal = book.refused(PlaceOrder(8, "synq", "EUR", (line(location_id=None),)))
    assert refusal.reason is Reason.UNKNOWN_VARIANT


def test_what_a_synq_client_names_first_is_made() -> None:
    """A new variant has no stock, so that a wrong id sells nothing; another id is another one."""
    book = Book()
    wanted = (line(UNKNOWN, title="Mug", sku="M"), line(UNKNOWN, quantity=2))
    command = PlaceOrder(ORG, "synq", "EUR", wanted, CustomerRef(customer_id=WHO), makes=True)
    order = one(book.done(command))
    assert [row.variant_id for row in order.lines] == [UNKNOWN, UNKNOWN]
    made = book.facts.variants[ORG, UNKNOWN]
    assert (made.name, made.sku, made.tracked, made.currency) == ("Mug", "M", True, "EUR")
    assert (order.customer_id, book.facts.customers[ORG, WHO].id) == (WHO, WHO)
    book.reserved(order)
    assert (book.order(order).facets.stage, book.order(order).reason) == ("failed", "out_of_stock")
    again = one(book.done(command))
    assert (len(book.facts.customers), again.customer_id) == (1, WHO)


def test_what_is_adjusted_first_is_made_and_sold() -> None:
    book = Book()
    book.stock(UNKNOWN, 3, NOWHERE)
    made = book.facts.variants[ORG, UNKNOWN]
    assert (made.tracked, made.currency, (ORG, NOWHERE) in book.facts.locations) == (True, "", True)
    sold = book.confirmed(line(UNKNOWN, location_id=NOWHERE, quantity=3))
    assert book.level(UNKNOWN, NOWHERE).reserved == 3
    assert sold.lines[0].variant_id == UNKNOWN
    # A line has to tell the price that nobody told before.
    for currency in ("EUR", ""):
        unpriced = PlaceOrder(ORG, "polinate", currency, (line(UNKNOWN, price=None),))
        assert "no price yet" in book.refused(unpriced).sentence


# --- notifications


def test_a_notified_order_is_ingested_once() -> None:
    book = Book()
    order = book.placed()
    book.facts.by_text[ORG, "PO-1"] = order.id
    assert book.done(notice("PO-1")) == NotedResult(fetching=False)
    assert book.order(order).ingested
    changes = book.changes(notice("PO-1"))
    assert [*changes.orders, *changes.events, *changes.jobs] == []
    assert book.types(order) == ["order.placed", "order.ingested"]


def test_an_unknown_order_is_fetched_by_one_job() -> None:
    book = Book(has_source=True)
    assert book.done(notice("PO-9")) == NotedResult(fetching=True)
    assert book.done(notice("PO-9")) == NotedResult(fetching=True)
    [job] = book.facts.jobs.values()
    assert isinstance(job, Job)
    assert (job.kind, job.payload, job.id) == ("fetch", "PO-9", fetch_job_id(ORG, "PO-9"))


@pytest.mark.parametrize("has_source", [True, False])
def test_an_unknown_order_is_announced_until_it_comes(has_source: bool) -> None:
    book = Book(has_source=has_source)
    assert not book.facts.orgs[ORG].announced
    for _ in range(2):
        assert book.done(notice("k-9")) == NotedResult(fetching=True)
    assert set(book.facts.announced) == {(ORG, "k-9")}
    assert len(book.facts.jobs) == int(has_source)
    other = book.mirrored(("konvo", "paid"), sender="k-1")
    assert (other.ingested, set(book.facts.announced)) == (False, {(ORG, "k-9")})
    order = book.mirrored(("konvo", "paid"), sender="k-9")
    assert book.order(order).ingested
    assert book.types(order) == ["order.mirrored", "order.ingested"]
    assert not book.facts.announced


@pytest.mark.parametrize("name", ["external_id", "external_reference", "external_name"])
def test_an_announced_order_is_found_by_every_name_that_it_comes_with(name: str) -> None:
    book = Book()
    book.done(notice("PO-7"))
    order = book.mirrored(("konvo", "paid"), said={name: "PO-7"})
    assert book.order(order).ingested
    assert not book.facts.announced
    # And by one that it is given later.
    book.done(notice("PO-8"))
    placed = book.placed()
    book.done(AmendOrder(ORG, "polinate", placed.id, said={"external_reference": "PO-8"}))
    assert book.order(placed).ingested
    assert not book.facts.announced


def test_what_came_by_another_way_is_not_fetched_too() -> None:
    book = Book(has_source=True)
    book.done(notice("k-1"))
    [job] = book.facts.jobs.values()
    book.mirrored(("konvo", "paid"), sender="k-1")
    draft = told_as(sender="k-1")
    fetched = MirrorOrders(ORG, "polinate", (draft,), job.id, job.fence, "k-1")
    assert book.done(fetched) == OrdersResult((), {})
    assert (len(book.facts.orders), book.facts.jobs) == (1, {})


# --- adjustments


def test_an_adjustment_is_an_entry_and_a_level() -> None:
    book = Book()
    result = book.stock(SCARCE, 5)
    assert isinstance(result, StockResult)
    entry = result.entry
    assert (units(entry.delta), entry.kind, entry.note) == (5, "adjustment", "count")
    assert entry.order_id is None
    book.stock(SCARCE, -2)
    book.stock(SCARCE, 4, THERE)
    assert (book.level(SCARCE).on_hand, book.level(SCARCE, THERE).on_hand) == (3, 4)
    assert book.facts.variants[ORG, SCARCE].tracked
    assert not book.facts.variants[ORG, LOOSE].tracked


@pytest.mark.parametrize(
    ("command", "reason", "field"),
    [
        (AdjustStock(ORG, UNKNOWN, HERE, much(-1), ""), Reason.OUT_OF_STOCK, "quantity_delta"),
        (AdjustStock(ORG, TRACKED, NOWHERE, much(-1), ""), Reason.OUT_OF_STOCK, "quantity_delta"),
        (AdjustStock(ORG, TRACKED, HERE, much(-1), ""), Reason.OUT_OF_STOCK, "quantity_delta"),
        (AdjustStock(ORG, TRACKED, HERE, ON_HAND_MAX + 1, ""), Reason.INVALID, "quantity_delta"),
    ],
)
def test_an_adjustment_that_is_refused(command: AdjustStock, reason: Reason, field: str) -> None:
    refusal = Book().refused(command)
    assert (refusal.reason, refusal.field) == (reason, field)


@pytest.mark.parametrize("hard", [True, False])
def test_what_is_reserved_stays_on_hand_where_allocation_is_hard(hard: bool) -> None:
    book = Book(hard=hard)
    book.stock(TRACKED, 5)
    book.confirmed(line(quantity=4))
    take = AdjustStock(ORG, TRACKED, HERE, much(-2), "lost")
    if hard:
        refusal = book.refused(take)
        assert refusal.reason is Reason.OUT_OF_STOCK
        assert "5 on hand, 4 of it reserved" in refusal.detail
    else:
        book.done(take)
    assert book.level().reserved == 4


@pytest.mark.parametrize("delta", [-1, -6, 1, 6, 20])
def test_a_shelf_that_sold_more_than_it_had_is_corrected_either_way(delta: int) -> None:
    """Under SOFT more may leave than was counted; what is found then is told as it is."""
    book = Book(hard=False)
    book.stock(TRACKED, 3)
    order = book.confirmed(line(quantity=9), paid=False)
    book.told(order, ("polinate_status", "PACKED"))
    book.told(order, ("polinate_status", "IN_TRANSIT"))
    assert (book.level().on_hand, book.level().reserved) == (-6, 0)
    book.done(AdjustStock(ORG, TRACKED, HERE, much(delta), "count"))
    assert book.level().on_hand == delta - 6
    laws.check(book)


@pytest.mark.parametrize("delta", [-4, -9])
def test_under_soft_allocation_what_is_promised_does_not_keep_goods(delta: int) -> None:
    book = Book(hard=False)
    book.stock(TRACKED, 5)
    book.confirmed(line(quantity=4))
    book.done(AdjustStock(ORG, TRACKED, HERE, much(delta), "lost"))
    assert (book.level().on_hand, book.level().reserved) == (5 + delta, 4)


def test_a_shelf_is_counted_up_to_a_bound_on_both_sides() -> None:
    book = Book(hard=False)
    book.done(AdjustStock(ORG, TRACKED, HERE, -ON_HAND_MAX, ""))
    assert book.refused(AdjustStock(ORG, TRACKED, HERE, much(-1), "")).reason is Reason.INVALID


@pytest.mark.parametrize(
    ("price", "quantity", "places", "total"),
    [
        (Amount(12_345, 3), 1, 2, Amount(1234, 2)),  # a half: to the even
        (Amount(12_355, 3), 1, 2, Amount(1236, 2)),
        (Amount(12_345, 3), 2, 2, Amount(2469, 2)),  # nothing is lost
        (Amount(335, 3), 3, 2, Amount(100, 2)),
        (Amount(1, 4), 3, 2, Amount(0, 2)),
        (Amount(105, 1), 1, 0, Amount(10, 0)),
        (Amount(105, 1), 2, 0, Amount(21, 0)),
        (Amount(12_345, 3), 1, 3, Amount(12_345, 3)),
        (Amount(1250, 2), 1, 2, Amount(1250, 2)),
        (Amount(335, 3), 3, None, Amount(1005, 3)),  # no payment: as the lines add up
    ],
)
def test_what_goes_to_a_payment_is_rounded_once(
    price: Amount, quantity: int, places: int | None, total: Amount
) -> None:
    book = Book()
    said = {"payment_provider": "stripe", "payment_reference": "pi_1"}
    lines = (line(LOOSE, quantity=quantity, price=price),)
    order = one(book.done(PlaceOrder(ORG, "synq", "EUR", lines, said=said, places=places)))
    assert (order.subtotal, order.total) == (total, total)
    book.reserved(order)
    if total.units:
        assert book.payment(order).amount == counted("stripe", "EUR", total)
    else:
        assert book.asked(order) == []


@pytest.mark.parametrize("zero", [Amount(0, 0), Amount(0, 2), Amount(0, 4)])
def test_a_total_of_zero_asks_nobody_for_money(zero: Amount) -> None:
    book = Book()
    book.stock(TRACKED, 5)
    order = book.placed(
        line(quantity=2, price=zero), payment_provider="stripe", payment_reference="declined-free"
    )
    assert order.facets == Facets("placed", "none", "unassigned", "none")
    book.reserved(order)
    after = book.order(order)
    assert (after.facets.stage, after.facets.payment, after.reason) == ("confirmed", "none", None)
    assert book.asked(order) == []
    assert [row.state for row in book.reservations(order)] == ["committed"]
    assert book.level().reserved == 2


def test_a_free_order_without_stock_fails() -> None:
    book = Book()
    order = book.placed(line(quantity=2, price=Amount(0, 0)), payment_provider="stripe")
    book.stock(TRACKED, 1)
    order = book.placed(line(quantity=2, price=Amount(0, 0)), payment_provider="stripe")
    book.reserved(order)
    assert (book.order(order).facets.stage, book.order(order).reason) == ("failed", "out_of_stock")


def test_a_total_with_too_many_digits_is_told_with_its_digits() -> None:
    """Each price can be held, and their sum at the finer price's places cannot."""
    prices = (Amount(1, 9), Amount(100_000_100, 2))
    lines = tuple(line(LOOSE, price=price) for price in prices)
    refusal = Book().refused(PlaceOrder(ORG, "synq", "EUR", lines))
    assert "1000001.000000001, is out of range" in refusal.detail
