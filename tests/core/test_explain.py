"""Which commands an order takes now: what the explanation says is what the decisions do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test
from tests.core.book import ORG, Book, line
from tests.core.test_book_model import WANTED, Senders
from tests.quantities import much

from entrepot.core import explain
from entrepot.core.commands import Command, LineChange
from entrepot.core.decide import _RULES, decide
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.ask_return import ApproveReturn, RefuseReturn, RequestReturn
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.complete import CompleteOrder
from entrepot.core.decide.deliver import DeliverShipment, LoseShipment
from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.lapse import HoldLapses
from entrepot.core.decide.merge import MergeOrders
from entrepot.core.decide.note import NoteOrder
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.resolve import ResolveOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.steps import DeferJob, ResumeOrder
from entrepot.core.decide.take_back import ReceiveReturn, TakeBack
from entrepot.core.explain import LEAST, Least, legal_commands
from entrepot.core.facets import Facets
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.results import Decision, OrderResult
from entrepot.core.returns import RETURNS
from entrepot.core.shipments import SHIPMENTS, Part

_NAMES: dict[type, str] = {
    ShipOrder: "ship", TakeBack: "take_back", NoteOrder: "note", ResumeOrder: "retry",
    DeliverShipment: "deliver", LoseShipment: "lose", CompleteOrder: "complete",
    CaptureOrder: "capture", RefundOrder: "refund", HoldOrder: "hold", ReleaseOrder: "release",
    RequestReturn: "return",
    ApproveReturn: "approve_return", RefuseReturn: "refuse_return",
    ReceiveReturn: "receive_return", ResolveOrder: "resolve",
}  # fmt: skip


def legal(book: Book, order: Order) -> dict[str, str | None]:
    return dict(legal_commands(book.order(order), book.facts))


def tries_of(least: Least, order: Order, book: Book) -> tuple[Command, ...]:
    if least.tries is None:
        return (least.bare(ORG, order.id),)
    return least.tries(order, book.facts)


def names_of(command: Command, before: Order, outcome: Any) -> list[str]:
    """The names under which an accepted command is explained."""
    if type(command) in _NAMES:
        return [_NAMES[type(command)]] if explain._changes(outcome) else []
    if not isinstance(command, AmendOrder) or not isinstance(outcome.result, OrderResult):
        return []
    after = outcome.result.order
    names = []
    if command.said and after != before:
        names.append("amend")
    if after.total != before.total or [(one.quantity, one.price) for one in after.lines] != [
        (one.quantity, one.price) for one in before.lines
    ]:
        names.append("amend_lines")
    for stage, name in (("cancelled", "cancel"), ("completed", "complete")):
        if after.facets.stage == stage != before.facets.stage:
            names.append(name)
    return names


class Explained(Senders):
    """Before each command, the explanation of its order; afterwards, whether it was true."""

    def attempt(self, command: Command) -> Any:
        order = self.book.facts.orders.get((ORG, self.order_of(command)))
        if order is None:
            return super().attempt(command)
        self.book.facts.now += 1_000
        told = legal(self.book, order)
        outcome = decide(command, self.book.facts)
        if isinstance(outcome, Decision):
            for name in names_of(command, order, outcome):
                assert told[name] is None, f"{name} was done, and explained as {told[name]}"
        for name, why_not in told.items():
            self.tried(name, why_not, order)
        return super().attempt(command)

    def order_of(self, command: Any) -> bytes:
        facts = self.book.facts
        for member, orders in (("shipment_id", facts.by_shipment), ("return_id", facts.by_return)):
            key = orders.get((ORG, getattr(command, member, b"")))
            if key is not None:
                return key[1]
        return getattr(command, "order_id", b"") or b""

    @precondition(lambda self: self.book.facts.orders)
    @rule(
        data=st.data(),
        kind=st.sampled_from(
            [
                CompleteOrder,
                HoldOrder,
                ReleaseOrder,
                RequestReturn,
                ShipOrder,
                TakeBack,
            ]
        ),
    )
    def give(self, data: st.DataObject, kind: Any) -> None:
        """Somebody gives a command of a whole order."""
        self.attempt(kind(ORG, "native", self.any_order(data).id))

    @precondition(lambda self: self.book.facts.orders)
    @rule(
        data=st.data(), kind=st.sampled_from([CaptureOrder, RefundOrder]),
        units=st.none() | st.integers(0, 5_000),
    )  # fmt: skip
    def ask_for_money(self, data: st.DataObject, kind: Any, units: int | None) -> None:
        """What would come of it: the machine has no worker that captures and refunds."""
        order = self.any_order(data)
        amount = None if units is None else Amount(units, 2)
        outcome = self.book.judge(kind(ORG, "native", order.id, amount))
        if isinstance(outcome, Decision):
            assert legal(self.book, order)[_NAMES[kind]] is None

    @precondition(lambda self: self.book.facts.orders)
    @rule(data=st.data(), wanted=WANTED)
    def ship_a_part(self, data: st.DataObject, wanted: int | str) -> None:
        order = self.any_order(data)
        part = Part(data.draw(st.sampled_from(order.lines), label="line").id, much(wanted))
        self.attempt(ShipOrder(ORG, "native", order.id, (part,)))

    @precondition(lambda self: list(self.book.facts.of(SHIPMENTS).values()))
    @rule(data=st.data(), kind=st.sampled_from([DeliverShipment, LoseShipment]))
    def carry(self, data: st.DataObject, kind: Any) -> None:
        its = sorted(self.book.facts.of(SHIPMENTS).values(), key=lambda one: one.id)
        one = data.draw(st.sampled_from(its), label="shipment")
        self.book.facts.by_shipment[ORG, one.id] = (ORG, one.order_id, one.number)
        self.attempt(kind(ORG, "native", one.id))

    @precondition(lambda self: list(self.book.facts.of(RETURNS).values()))
    @rule(data=st.data(), kind=st.sampled_from([ApproveReturn, RefuseReturn, ReceiveReturn]))
    def bring_back(self, data: st.DataObject, kind: Any) -> None:
        its = sorted(self.book.facts.of(RETURNS).values(), key=lambda one: one.number)
        one = data.draw(st.sampled_from(its), label="return")
        self.book.facts.by_return[ORG, one.id] = (ORG, one.order_id, one.number)
        self.attempt(kind(ORG, "native", one.id))

    @precondition(lambda self: self.book.facts.orders)
    @rule(data=st.data(), found=st.sampled_from([None, "done", "nothing"]))
    def look_at_it(self, data: st.DataObject, found: str | None) -> None:
        """An operator resolves an order, or takes it up again."""
        order = self.any_order(data)
        self.attempt(ResolveOrder(ORG, order.id, "seen", found, "ref-9"))
        self.attempt(ResumeOrder(ORG, order.id))

    def tried(self, name: str, why_not: str | None, order: Order) -> None:
        """The least of a command is taken exactly where the command is explained as legal."""
        least = LEAST[name]
        tries = tries_of(least, order, self.book)
        taken = [self.book.judge(command) for command in tries]
        changed = [one for one in taken if isinstance(one, Decision) and explain._changes(one)]
        assert bool(changed) == (why_not is None)
        assert why_not is None or why_not


def test_the_explanation_of_any_order_is_what_the_decisions_do() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Explained,
        settings=settings(max_examples=25, stateful_step_count=15),
    )


def test_a_rule_that_is_added_to_a_decision_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """The explanation has no rule of its own that could lag behind."""
    book = Book()
    book.stock()
    order = book.confirmed()
    assert legal(book, order)["cancel"] is None

    def illegal(before: Facets, after: Facets, managed: bool) -> str | None:
        return "not on a Sunday" if after.stage == "cancelled" else None

    monkeypatch.setattr("entrepot.core.lifecycle.illegal", illegal)
    assert legal(book, order)["cancel"] == "not on a Sunday"


CONFIRMED = {
    "amend": None,
    "amend_lines": None,
    "cancel": None,
    "complete": "an order that is accepted cannot be completed yet",
    "hold": None,
    "capture": None,
    "refund": "no money of the order was taken that could be given back",
    "release": "nothing would change: nobody holds it",
    "deliver": "no goods of the order have left",
    "lose": "no goods of the order have left",
    "note": None,
    "resolve": "no step of the order is parked",
    "approve_return": "no return of the order was asked for",
    "refuse_return": "no return of the order was asked for",
    "receive_return": "no return of the order was asked for",
    "return": "goods that are accepted cannot come back",
    "take_back": "goods that are accepted cannot come back",
    "retry": "no step of the order is parked or waits",
    "ship": None,
}


def test_each_command_of_a_confirmed_order_is_explained() -> None:
    book = Book()
    book.stock()
    assert legal(book, book.confirmed()) == CONFIRMED


def test_every_command_that_somebody_gives_is_explained() -> None:
    book = Book()
    book.stock()
    order = book.confirmed()
    book.done(ShipOrder(ORG, "native", order.id))
    book.done(RequestReturn(ORG, "native", order.id))
    order = book.order(order)
    explained = {
        type(command) for least in LEAST.values() for command in tries_of(least, order, book)
    }
    # What carries the fence of a job is the pipeline's own.
    given = {
        command
        for command in _RULES
        if {"order_id", "shipment_id", "return_id"} & set(getattr(command, "_fields", ()))
        and "fence" not in command._fields
    }
    # Walks of the pipeline give these.
    assert given - explained == {HoldLapses, MergeOrders}
    assert len(given) >= 9


def test_a_shipment_on_its_way_is_explained() -> None:
    book = Book()
    book.stock()
    order = book.confirmed()
    book.done(ShipOrder(ORG, "native", order.id))
    told = legal(book, order)
    assert (told["deliver"], told["lose"], told["return"]) == (None, None, None)
    assert told["ship"] == "all goods of the order have left"
    assert told["receive_return"] == "no return of the order was asked for"
    book.done(RequestReturn(ORG, "native", order.id))
    told = legal(book, order)
    awaited = "an open return waits for all goods that are out: receive or refuse the return"
    assert told["return"] == told["take_back"] == awaited
    assert [told[f"{answer}_return"] for answer in ("approve", "refuse", "receive")] == [None] * 3


def test_an_order_of_which_more_is_asked_for_can_be_amended_back() -> None:
    book = Book()
    book.stock()
    order = book.placed(line(), payment_provider="adyen", payment_reference="shopper/1234567890")
    book.reserved(order)
    book.settled(order, "authorized")
    [its] = book.order(order).lines

    def costs(units: int) -> AmendOrder:
        price = LineChange("", its.id, price=Amount(its.price.units + units, its.price.scale))
        return AmendOrder(ORG, "native", order.id, update_lines=(price,))

    book.done(costs(500))
    # A little more, or a little less, is refused until the service has answered.
    for units in (501, 499):
        assert "more is being asked for" in (book.refused(costs(units)).detail or "")
    assert legal(book, order)["amend_lines"] is None
    book.done(costs(0))


def test_a_parked_order_and_an_ended_one_are_explained() -> None:
    book = Book()
    book.stock()
    order = book.placed(line(), payment_provider="stripe")
    book.reserved(order)
    job = book.job(order)
    parking = DeferJob(ORG, job.id, job.fence, 0, "why", parked=True, order_id=order.id)
    book.done(parking)
    told = legal(book, order)
    assert (told["retry"], told["resolve"], told["cancel"]) == (None, None, None)
    assert told["ship"] == "goods of a placed order do not move"
    book.told(order, ("polinate_phase", "CANCELLED"))
    told = legal(book, order)
    assert told["cancel"] == "nothing would change: the order is cancelled"
    assert told["ship"] == "goods of a cancelled order do not move"
    assert told["amend_lines"] == "lines of a cancelled order do not change"


def test_a_command_that_would_change_nothing_says_what_is_so_already() -> None:
    book = Book()
    book.stock()
    order = book.confirmed()
    book.done(ShipOrder(ORG, "native", order.id))
    [one] = book.facts.of(SHIPMENTS).values()
    book.facts.by_shipment[ORG, one.id] = (ORG, one.order_id, one.number)
    book.done(LoseShipment(ORG, "native", one.id))
    told = legal(book, order)
    assert told["lose"] == "nothing would change: its goods are lost"
    assert told["release"] == "nothing would change: nobody holds it"


def test_goods_of_a_mirrored_order_are_moved_elsewhere() -> None:
    """Before, its goods were said not to have left, although its sender had told otherwise."""
    book = Book()
    order = book.mirrored(("konvo", "shipped"), ("konvo_shipment", "in_transit"))
    told = legal(book, order)
    assert order.facets.fulfilment == "in_transit"
    assert {told[name] for name in ("ship", "deliver", "lose")} == {
        "the goods of a mirrored order leave from elsewhere"
    }
    back = ("return", "take_back", "approve_return", "refuse_return", "receive_return")
    assert {told[name] for name in back} == {"the goods of a mirrored order come back elsewhere"}


def test_the_money_of_an_order_that_is_held_is_taken_once_it_is_released() -> None:
    book = Book()
    book.stock()
    order = book.confirmed()
    book.done(HoldOrder(ORG, "native", order.id, "fraud?"))
    assert legal(book, order)["capture"] == "the order is held: release it (held: fraud?)"
