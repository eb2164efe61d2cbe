"""A service with a ledger of its own beside the book: whatever people do at its own pages, and
whatever fails there after it was done, nothing is kept of an order that ended.
"""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.book import ORG, Book, telling
from tests.core.test_decide_difference import a_book, costing, funds
from tests.core.test_decide_disputes import verified

from entrepot.core import refunds
from entrepot.core.commands import Command
from entrepot.core.decide.after_done import Failed
from entrepot.core.decide.by_hand import HoldSeen, RefundSeen
from entrepot.core.decide.capture import CaptureOrder, PrepareCapture
from entrepot.core.decide.late_money import SettleHearing
from entrepot.core.decide.look import SettleLook
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.wake import WakeStep
from entrepot.core.facets import ENDED
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.notice import Topics
from entrepot.core.order import Job, Order
from entrepot.core.payment import CaptureFound, FullPayment, Operation
from entrepot.core.refunds import RefundFound


class Taken:
    """A capture at the service, and what was given back of it by which request."""

    def __init__(self, units: int) -> None:
        self.units = units
        self.refunds: dict[str, int] = {}

    @property
    def left(self) -> int:
        return self.units - sum(self.refunds.values())


class Hold:
    """What the service was asked to hold, and what it took of it."""

    def __init__(self, units: int) -> None:
        self.left = units
        self.captures: dict[str, Taken] = {}
        self.done: set[str] = set()  # names of captures and refunds
        self.failed: set[str] = set()
        self.named = 0
        self.shown = False  # whether the service told of all captures when it let go

    def new_name(self) -> int:
        """A number that no capture and no refund of somebody else had before."""
        self.named += 1
        return self.named

    @property
    def found(self) -> tuple[CaptureFound, ...]:
        return tuple(CaptureFound(name, one.units) for name, one in self.captures.items())


class World(NamedTuple):
    """The book, its order, and the service's holds by the numbers of the payments."""

    book: Book
    order: Order
    holds: dict[int, Hold]

    @property
    def ended(self) -> bool:
        return self.book.order(self.order).facets.stage in ENDED

    def step(self, job: Job, *, good: bool, lost: bool = False) -> None:
        """One step of the order: its service does what it is asked to do, or declines it. An answer
        that is lost leaves the step to be done again, under the same key.
        """
        book, order = self.book, self.order
        if job.kind == "hear":
            book.done(SettleHearing(ORG, order.id, job.id, job.fence, ()))
        elif job.kind == "look":
            seen = tuple(
                HoldSeen(number, not one.left, one.found) for number, one in self.holds.items()
            )
            look = SettleLook(ORG, order.id, job.id, job.fence, False, failed=self._failed())
            book.done(look._replace(holds=seen, refunds=self._refunds()))
        elif job.kind == "increase" and funds(book, order).asked is None:
            book.facts.jobs.remove((ORG, job.id))
        else:
            payment = funds(book, order).for_step(job.kind)
            assert payment is not None
            if job.kind in ("increase", "void"):
                self._payment(job, payment, good=good, lost=lost)
            elif (asked := payment.first_open(job.kind)) is None:
                book.done(PrepareCapture(ORG, order.id, job.id, job.fence, several=True))
            else:
                self._operation(job, payment, asked, good=good, lost=lost)

    def _payment(self, job: Job, payment: FullPayment, *, good: bool, lost: bool) -> None:
        number, outcome = payment.payment.number, "voided"
        found: tuple[CaptureFound, ...] = ()
        wanted = not self.ended and payment.payment.amount.units > 0
        if job.kind == "increase" and payment.open_void is None and wanted:
            good = good or number in self.holds
            outcome = "authorized" if good else "declined"
            if good:
                self.holds.setdefault(number, Hold(payment.authorisation.units))
        elif (hold := self.holds.get(number)) is not None:
            whole = sum(one.units for one in hold.captures.values())
            outcome = "captured" if whole == payment.authorisation.units else "voided"
            hold.left, hold.shown, found = 0, True, hold.found
        if lost:
            return
        self.book.done(SettlePayment(
            ORG, self.order.id, job.id, job.fence, outcome, "no", f"ref-{number}", payment=number,
            captures=found,
        ))  # fmt: skip

    def _operation(
        self, job: Job, payment: FullPayment, asked: Operation, *, good: bool, lost: bool
    ) -> None:
        number, final = payment.payment.number, payment.is_last(asked)
        hold, name = self.holds[number], f"{number}-{asked.number}"
        if name in hold.done:
            good = name not in hold.failed  # it was done, and its answer lost
        elif asked.kind == "capture":
            good = good and hold.left >= asked.units
            if good:
                hold.captures[name] = Taken(asked.units)
                hold.left = 0 if final else hold.left - asked.units
        else:
            of = refunds.capture_of(payment, asked)
            assert of is not None
            taken = hold.captures.get(of.provider_reference or "")
            good = good and taken is not None and taken.left >= asked.units
            if good and taken is not None:
                taken.refunds[name] = asked.units
        if good:
            hold.done.add(name)
        if lost:
            return
        final = final and asked.kind == "capture"
        beside = hold.found if asked.kind == "capture" and not good else ()
        self.book.done(SettleOperation(
            ORG, self.order.id, job.id, job.fence, number, asked.number, good, "no", name,
            final=final if good else not hold.left and bool(beside),
            captures=beside,
        ))  # fmt: skip

    def _refunds(self) -> tuple[RefundSeen, ...]:
        """The refunds that the service has, of whichever capture."""
        return tuple(
            RefundSeen(number, RefundFound(name, units, None, capture))
            for number, hold in self.holds.items()
            for capture, taken in hold.captures.items()
            for name, units in taken.refunds.items()
        )

    def gives_back(self, cents: int) -> None:
        """Somebody gives a part of a capture back at the service's own pages."""
        for hold in self.holds.values():
            for name, one in hold.captures.items():
                if one.left and funds(self.book, self.order).with_open("refund") is None:
                    one.refunds[f"back-{name}-{hold.new_name()}"] = min(one.left, cents)
                    told = Topics(refund=True)
                    self.book.attempted(WakeStep(ORG, "adyen", dashed(self.order.id), topics=told))
                    return

    def _failed(self) -> tuple[Failed, ...]:
        """The captures and refunds that are done in the book, and not at the service."""
        found = []
        for full in funds(self.book, self.order).payments:
            captures = self.holds[full.payment.number].captures if self.holds.get(
                full.payment.number) else {}  # fmt: skip
            known = set(captures) | {name for one in captures.values() for name in one.refunds}
            found += [
                Failed(one.payment, one.number, "no") for one in full.operations[1:]
                if one.kind in ("capture", "refund") and one.state == "done"
                and one.provider_reference not in known
            ]  # fmt: skip
        return tuple(found)

    def by_hand(self, cents: int, *, told: bool, takes: bool = True) -> None:
        """Somebody takes a part at the service's own pages, or lets go of the rest, and the service
        may notify it.
        """
        for hold in self.holds.values():
            if hold.left:
                units = min(hold.left, cents) if takes else hold.left
                hold.left -= units
                if takes:
                    hold.captures[f"hand-{id(hold)}-{hold.new_name()}"] = Taken(units)
                break
        if told:
            self.book.attempted(
                WakeStep(ORG, "adyen", dashed(self.order.id), topics=Topics(hold=True))
            )

    def fails(self, what: str) -> None:
        """The last capture or refund fails after it was done, and the service notifies it."""
        for hold in self.holds.values():
            for name, one in reversed(hold.captures.items()):
                if what == "refund fails" and one.refunds:
                    hold.failed.add(one.refunds.popitem()[0])
                    break
                # While a capture is asked for, its answer and the look's would contradict.
                asking = funds(self.book, self.order).with_open("capture")
                if what == "capture fails" and not one.refunds and not asking:
                    hold.left += one.units
                    hold.failed.add(name)
                    del hold.captures[name]
                    break
        self.book.attempted(
            WakeStep(ORG, "sandbox", dashed(self.order.id), topics=Topics(failure=True))
        )
        self.book.attempted(
            WakeStep(ORG, "adyen", dashed(self.order.id), topics=Topics(failure=True))
        )


STEPS = st.lists(
    st.tuples(
        st.sampled_from([
            "amend", "amend", "capture", "capture", "refund", "good", "good", "good", "bad", "lost",
            "by hand", "told by hand", "let go", "back by hand", "capture fails", "refund fails",
            "cancel",
        ]),
        st.integers(1, 2000),
    ),
    max_size=18,
)  # fmt: skip


def _does(world: World, what: str, cents: int) -> None:
    book, order = world.book, world.order
    wishes: dict[str, Command] = {
        "amend": costing(order, cents),
        "capture": CaptureOrder(ORG, "native", order.id, Amount(cents, 2)),
        "refund": RefundOrder(ORG, "native", order.id, Amount(cents, 2)),
        "cancel": telling(book.order(order), ("polinate_phase", "CANCELLED")),
    }
    if what in wishes:
        book.attempted(wishes[what])
    elif what in ("by hand", "told by hand", "let go"):
        world.by_hand(cents, told=what != "by hand", takes=what != "let go")
    elif what == "back by hand":
        world.gives_back(cents)
    elif what.endswith("fails"):
        world.fails(what)
    else:
        for job in book.jobs(order):
            world.step(job, good=what != "bad", lost=what == "lost")
    verified(world.book, world.order)


@settings(max_examples=100)
@given(steps=STEPS)
def test_the_service_keeps_nothing_of_an_order_that_ended(steps: list[tuple[str, int]]) -> None:
    book, order = a_book()
    world = World(book, order, {1: Hold(1000)})
    for what, cents in [*steps, ("cancel", 1), *[("good", 1)] * 40]:
        _does(world, what, cents)
    its = [one for full in funds(book, order).payments for one in full.operations]
    declined = [one for one in its if one.state == "declined" and one.kind != "authorise"]
    odd = {what for what, _ in steps} - {"amend", "capture", "refund", "good", "lost", "cancel"}
    assert odd or not declined, "the service did what it was asked to do"
    if book.order(order).parked:
        return  # an operator was called
    assert book.jobs(order) == []
    refused = any(one.kind == "refund" for one in declined)
    for hold in world.holds.values() if world.ended else ():
        kept = [
            name for name, one in hold.captures.items()
            if one.left and (hold.shown or not name.startswith("hand"))
        ]  # fmt: skip
        assert hold.left == 0
        assert refused or not kept
