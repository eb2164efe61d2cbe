"""A return from its request to its end: what each step does, and every step that is forbidden."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable

import pytest
from tests.core.book import HERE, LOOSE, NOWHERE, ORG, SCARCE, THERE, TRACKED, Book, line, one
from tests.core.test_decide_money import captured
from tests.quantities import much, units

from entrepot.core import events
from entrepot.core.commands import Command
from entrepot.core.decide.ask_return import ApproveReturn, RefuseReturn, RequestReturn
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.take_back import ReceiveReturn, TakeBack
from entrepot.core.facets import FULFILMENTS, Facets
from entrepot.core.ids import dashed
from entrepot.core.lifecycle import RETURNABLE_FULFILMENT
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.refusal import Reason
from entrepot.core.results import OrderResult
from entrepot.core.returns import RETURN_LINES, RETURNS, STATE_MOVES, STATES, Return, asked
from entrepot.core.shipments import Part

ANSWERS: dict[str, Callable[[Return], Command]] = {
    "approved": lambda back: ApproveReturn(ORG, "native", back.id),
    "received": lambda back: ReceiveReturn(ORG, "native", back.id),
    "refused": lambda back: RefuseReturn(ORG, "native", back.id),
}


def shipped(*parts: int) -> tuple[Book, Order]:
    """An order of 4 tracked, 2 of a scarce one and 3 that nobody counts; all or some have left."""
    book = Book()
    book.stock(TRACKED, 10)
    book.stock(SCARCE, 5)
    order = book.confirmed(line(quantity=4), line(SCARCE, 2), line(LOOSE, 3), paid=False)
    told = tuple(Part(row.id, much(n)) for row, n in zip(order.lines, parts, strict=False) if n)
    return book, one(book.done(ShipOrder(ORG, "native", order.id, told or None)))


def requesting(order: Order, *parts: int, reason: str = "") -> RequestReturn:
    told = tuple(
        Part(row.id, much(n), f"lines[{at}]")
        for at, (row, n) in enumerate(zip(order.lines, parts, strict=False))
        if n
    )
    return RequestReturn(ORG, "native", order.id, told or None, reason)


def requested(book: Book, order: Order, *parts: int, reason: str = "") -> Return:
    """A return that is asked for; commands can name it."""
    result = book.done(requesting(order, *parts, reason=reason))
    assert isinstance(result, OrderResult)
    assert result.back is not None
    back = result.back.one
    book.facts.by_return[ORG, back.id] = (ORG, order.id, back.number)
    return back


def state(book: Book, back: Return) -> Return:
    return book.facts.of(RETURNS)[ORG, back.order_id, back.number]


def test_a_return_comes_back_by_its_steps() -> None:
    book, order = shipped()
    back = requested(book, order, 3, 0, 1, reason="too small")
    assert (back.state, back.reason, back.returned_at) == ("requested", "too small", None)
    assert book.order(order).words["synq"] == "return_requested"
    assert book.level().on_hand == 6
    told = json.loads(book.events(order)[-1].body)
    assert told["reason"] == "too small"
    assert told["lines"] == {dashed(order.lines[0].id): 3, dashed(order.lines[2].id): 1}
    book.done(ANSWERS["approved"](back))
    assert state(book, back).approved_at == book.facts.now
    assert book.order(order).facets.returns == "requested"
    result = book.done(ANSWERS["received"](back))
    assert isinstance(result, OrderResult)
    assert result.back is not None
    assert (result.back.one.state, result.back.one.returned_at) == ("received", book.facts.now)
    assert {(units(row.quantity), row.restocked, row.location_id) for row in result.back.lines} == {
        (3, True, HERE), (1, True, None),
    }  # fmt: skip
    assert result.order.words["synq"] == "partially_returned"
    assert book.level().on_hand == 9
    assert book.types(order)[-3:] == ["return.requested", "return.approved", "goods.returned"]


def test_what_one_return_waits_for_is_not_asked_for_again() -> None:
    book, order = shipped()
    back = requested(book, order, 3)
    refused = book.refused(requesting(order, 2))
    assert (refused.reason, refused.field) == (Reason.ILLEGAL_MOVE, "lines[0]")
    assert refused.detail == f"line {dashed(order.lines[0].id)}: 1 of 4 are out, 2 wanted"
    # All the rest: 1, 2 and 3.
    rest = requested(book, order)
    its = [row for row in book.facts.of(RETURN_LINES).values() if row.number == rest.number]
    assert sorted(units(row.quantity) for row in its) == [1, 2, 3]
    awaited = "an open return waits for all goods that are out: receive or refuse the return"
    assert book.refused(requesting(order)).detail == awaited
    assert book.refused(TakeBack(ORG, "native", order.id)).detail == awaited
    book.done(ANSWERS["refused"](back))
    assert book.order(order).facets.returns == "requested"
    requested(book, order, 3)


def test_an_order_whose_only_return_is_refused_stands_as_before() -> None:
    book, order = shipped()
    back = requested(book, order)
    book.done(ANSWERS["refused"](back))
    assert book.order(order).facets.returns == "none"
    assert book.order(order).words["synq"] == "fulfilled"
    assert book.types(order)[-1] == "return.refused"


def test_all_goods_that_come_back_make_the_order_returned() -> None:
    book, order = shipped()
    first, second = requested(book, order, 4), requested(book, order)
    book.done(ANSWERS["received"](first))
    assert book.order(order).facets.returns == "partial"
    last = one(book.done(ReceiveReturn(ORG, "native", second.id, restock=False)))
    assert last.facets.returns == "returned"
    assert last.words["polinate_status"] == "RETURNED"
    assert (book.level().on_hand, book.level(SCARCE).on_hand) == (10, 3)


def test_goods_are_put_where_it_is_said() -> None:
    book, order = shipped()
    first, second = requested(book, order, 2), requested(book, order, 1)
    unknown = ReceiveReturn(ORG, "native", first.id, location_id=NOWHERE)
    assert book.refused(unknown).reason is Reason.UNKNOWN_LOCATION
    scrapped = ReceiveReturn(ORG, "native", first.id, restock=False, location_id=THERE)
    assert book.refused(scrapped).field == "location_id"
    book.done(ReceiveReturn(ORG, "native", first.id, location_id=THERE))
    assert (book.level().on_hand, book.level(TRACKED, THERE).on_hand) == (6, 2)
    book.done(ReceiveReturn(ORG, "native", second.id, restock=False))
    assert {row.restocked for row in book.facts.of(RETURN_LINES).values()} == {True, False}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(STATES, ANSWERS)))
def test_a_return_moves_as_its_table_says(before: str, after: str) -> None:
    book, order = shipped()
    back = requested(book, order, 2)
    if before != "requested":
        book.done(ANSWERS[before](back))
    version = book.order(order).version
    if before == after:
        assert one(book.done(ANSWERS[after](back))).version == version
    elif after in STATE_MOVES[before]:
        book.done(ANSWERS[after](back))
        assert state(book, back).state == after
    else:
        refused = book.refused(ANSWERS[after](back))
        assert refused.detail == f"a {before} return cannot become {after}"
    if before == after == "received":
        # Received otherwise, it would move other stock.
        here = ReceiveReturn(ORG, "native", back.id, location_id=HERE)
        assert one(book.done(here)).version == version
        for other in (here._replace(restock=False, location_id=None),
                      here._replace(location_id=THERE)):  # fmt: skip
            assert book.refused(other).detail == "a received return cannot become received"


@pytest.mark.parametrize("fulfilment", FULFILMENTS)
def test_only_goods_that_are_out_are_asked_back(fulfilment: str) -> None:
    book, order = shipped()
    stands = book.order(order)
    book.facts.orders.put(stands.changed(facets=stands.facets._replace(fulfilment=fulfilment)))
    outcome = book.judge(requesting(order))
    if fulfilment in RETURNABLE_FULFILMENT:
        assert hasattr(outcome, "changes")
    else:
        assert "cannot come back" in str(outcome)


def test_requests_that_mean_nothing_are_refused() -> None:
    book, order = shipped()
    assert book.refused(requesting(order)._replace(lines=())).reason is Reason.INVALID
    long = book.refused(requesting(order, reason="x" * 501))
    assert (long.reason, long.field) == (Reason.INVALID, "reason")
    unknown = requesting(order)._replace(order_id=b"?" * 16)
    assert book.refused(unknown).reason is Reason.UNKNOWN_ORDER
    for answer in (ApproveReturn, RefuseReturn, ReceiveReturn):
        assert book.refused(answer(ORG, "native", b"?" * 16)).reason is Reason.UNKNOWN_RETURN
    mirrored = book.mirrored(("konvo", "fulfilled"))
    assert "mirrored" in book.refused(requesting(mirrored)).detail


def test_the_order_follows_from_the_states_of_its_returns() -> None:
    def made(*states: str) -> list[Return]:
        return [
            Return(ORG, b"o" * 16, n, None, b"r" * 16, s, None, 0) for n, s in enumerate(states)
        ]

    for states, before, after in [
        (("requested",), "none", "requested"),
        (("approved", "refused"), "none", "requested"),
        (("refused",), "requested", "none"),
        ((), "requested", "none"),
        # Words that told more stay.
        (("requested",), "partial", "partial"),
        (("refused",), "returned", "returned"),
    ]:
        facets = Facets("confirmed", "none", "delivered", before)
        assert asked(facets, made(*states)).returns == after


def test_goods_that_cost_nothing_come_back_with_nothing_given_back() -> None:
    """A gift comes back like other goods, also where what it cost is to be given back."""
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(quantity=1), line(LOOSE, 1, price=Amount(0, 2)))
    captured(book, order)
    book.done(ShipOrder(ORG, "native", order.id))
    gift = requested(book, order, 0, 1)
    receiving = ReceiveReturn(ORG, "native", gift.id, refund=True)
    result = book.done(receiving)
    assert isinstance(result, OrderResult)
    assert result.back is not None
    assert (result.back.one.state, result.back.one.refunded_units) == ("received", 0)
    assert book.order(order).facets.payment == "paid"
    assert events.REFUND_REQUESTED not in book.types(order)
    before = len(book.events(order))
    book.done(receiving)
    assert len(book.events(order)) == before
