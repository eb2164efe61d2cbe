"""Any sequence of commands keeps the book's laws; after every one of them laws.check() looks.

The machine plays senders, buyers, the stockroom, workers that come late and payment services.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from tests.core.book import (
    ENTRY,
    HERE,
    LOOSE,
    ORG,
    SANDBOX,
    SCARCE,
    SECRET,
    SERVICES,
    THERE,
    TRACKED,
    WANTS,
    Book,
    line,
    named,
)
from tests.quantities import much

from entrepot.core import ids, words
from entrepot.core.commands import Command, LineChange, VariantRef
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.operate import SettleOperation
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.steps import DeferJob, FinishJob
from entrepot.core.money import Amount
from entrepot.core.order import Job, Order
from entrepot.core.refusal import Reason, Refusal

PLACES = st.sampled_from([HERE, THERE])
VARIANTS = st.sampled_from([TRACKED, SCARCE])
WANTED = st.sampled_from([1, 2, 3, 4, 5, 6, "0.5", "2.25"])
LINES = st.lists(
    st.builds(
        line,
        st.sampled_from([TRACKED, SCARCE, LOOSE]),
        WANTED,
        location_id=PLACES,
    ),
    min_size=1,
    max_size=3,
)
MANAGED_AXES = ("synq", "polinate_phase", "polinate_status", "konvo", "konvo_shipment")
TOLD = st.lists(
    st.sampled_from([(axis, word) for axis in MANAGED_AXES for word in words.AXES[axis].rows]),
    min_size=1,
    max_size=2,
    unique_by=lambda told: told[0],
)
LEGAL_OFTEN = st.sampled_from(
    [
        (("polinate_status", "ACCEPTED"),),
        (("polinate_status", "PACKED"),),
        (("polinate_status", "IN_TRANSIT"),),
        (("konvo_shipment", "delivered"),),
        (("konvo_shipment", "failure"),),
        (("polinate_status", "NOT_APPLICABLE"),),
        (("polinate_phase", "ARCHIVED"),),
        (("polinate_phase", "CANCELLED"),),
        (("polinate_phase", "REJECTED"),),
        (("konvo", "cancelled"),),
    ]
)
TWO_WORDS = st.tuples(LEGAL_OFTEN, LEGAL_OFTEN)
OUTCOMES = {
    "authorise": ("authorized", "authorized", "authorized", "declined", "expired", "lapsed"),
    "increase": ("authorized", "authorized", "captured", "declined"),
    "void": ("voided", "voided", "captured"),
}


class Senders(RuleBasedStateMachine):
    """One organization in which everything happens at once."""

    hard = True

    def __init__(self) -> None:
        super().__init__()
        self.book = Book(hard=self.hard)
        for variant, place in ((TRACKED, HERE), (TRACKED, THERE), (SCARCE, HERE)):
            self.book.stock(variant, 8, place)
        for paid in (True, False):
            self.book.confirmed(line(quantity=2), line(LOOSE), paid=paid)
        self.senders = 0

    def attempt(self, command: Command) -> Any:
        """Give a command; an accepted one has to keep every law, a refused one every fact."""
        return self.book.attempted(command)

    def any_order(self, data: st.DataObject) -> Order:
        orders = sorted(self.book.facts.orders.values(), key=lambda order: order.id)
        return data.draw(st.sampled_from(orders), label="order")

    def any_job(self, data: st.DataObject) -> Job:
        jobs = sorted(self.book.facts.jobs.values(), key=lambda job: job.id)
        return data.draw(st.sampled_from(jobs), label="job")

    @rule(variant=VARIANTS, place=PLACES, delta=st.sampled_from([-6, -2, "-0.5", 0, 1, "4.75", 9]))
    def adjust(self, variant: bytes, place: bytes, delta: int | str) -> None:
        self.attempt(AdjustStock(ORG, variant, place, much(delta), "count"))

    @rule(lines=LINES, source=st.sampled_from(["synq", "polinate"]), paid=st.booleans())
    def place(self, lines: list[Any], source: str, *, paid: bool) -> None:
        said = {"payment_provider": "stripe"} if paid else {}
        wants = WANTS.get(source, {})
        command = PlaceOrder(ORG, source, "EUR", tuple(lines), said=said, **wants)
        refused = isinstance(self.attempt(command), Refusal)
        variants = [wanted.variant.variant_id for wanted in lines]
        assert refused == (source == "polinate" and len(variants) != len(set(variants)))

    @rule(
        wanted=WANTED,
        outcome=st.sampled_from([None, "authorized", "authorized", "declined", "expired"]),
        words=st.tuples(st.just((("polinate_status", "PACKED"),)), LEGAL_OFTEN) | TWO_WORDS,
    )
    def carry_through(
        self, wanted: int | str, outcome: str | None, words: tuple[tuple[tuple[str, str], ...], ...]
    ) -> None:
        """An order goes its whole way, as far as stock, payment and the words let it."""
        said = {"payment_provider": "stripe"} if outcome else {}
        order = self.book.placed(line(SCARCE, wanted), **said)
        if self.book.reserved(order).funds is not None and outcome:
            self.book.settled(order, outcome)
        for told in words:
            self.attempt(AmendOrder(ORG, "polinate", order.id, words=told))

    @precondition(lambda self: self.book.facts.jobs)
    @rule(data=st.data(), late=st.sampled_from([0, 0, 0, 1]))
    def work(self, data: st.DataObject, late: int) -> None:
        """A worker does what its job is for; one that comes late has lost its fence."""
        job = self.any_job(data)
        fence = job.fence - late
        assert job.order_id is not None
        if job.kind == "reserve":
            result = self.attempt(
                ReserveStock(ORG, job.order_id, job.id, fence, SECRET, SERVICES, 0, SANDBOX)
            )
        else:
            result = self.attempt(self.settled(data, job, fence))
        assert isinstance(result, Refusal) == bool(late)
        if late:
            assert result.reason is Reason.STALE_LEASE

    def settled(self, data: st.DataObject, job: Job, fence: int) -> Command:
        """What a worker tells of the step's payment."""
        assert job.order_id is not None
        funds = self.book.facts.funds_of((ORG, job.order_id))
        payment = funds and funds.for_step(job.kind)
        number = payment.payment.number if payment else 1
        if job.kind in OUTCOMES:
            possible = OUTCOMES[job.kind]
            if job.kind == "increase" and self.book.facts.orders[ORG, job.order_id].is_off:
                possible += ("lapsed",)
            outcome = data.draw(st.sampled_from(possible), label="outcome")
            return SettlePayment(
                ORG, job.order_id, job.id, fence, outcome, "why", "ref", payment=number
            )
        done = data.draw(st.booleans(), label="done")
        return self.operated(job, fence, done=done)

    def operated(self, job: Job, fence: int, *, done: bool) -> SettleOperation:
        """What a worker tells of a capture or a refund."""
        assert job.order_id is not None
        funds = self.book.facts.funds_of((ORG, job.order_id))
        payment = funds and funds.for_step(job.kind)
        operation = payment and payment.first_open(job.kind)
        numbers = (operation.payment, operation.number) if operation else (1, 0)
        return SettleOperation(ORG, job.order_id, job.id, fence, *numbers, done)

    @precondition(lambda self: self.book.facts.jobs)
    @rule(data=st.data(), parked=st.booleans(), late=st.sampled_from([0, 0, 1]))
    def defer(self, data: st.DataObject, late: int, *, parked: bool) -> None:
        job = self.any_job(data)
        self.attempt(DeferJob(ORG, job.id, job.fence - late, 0, "timeout", parked=parked))

    @precondition(lambda self: self.book.facts.jobs)
    @rule(data=st.data())
    def take_over(self, data: st.DataObject) -> None:
        """Another worker claims a job: whoever holds it now finds out by the fence."""
        job = self.any_job(data)
        stale = FinishJob(ORG, job.id, job.fence)
        self.book.facts.jobs.read([job._replace(fence=job.fence + 1, state="due")])
        assert self.book.refused(stale).reason is Reason.STALE_LEASE

    @precondition(lambda self: self.book.facts.orders)
    @rule(data=st.data(), told=st.one_of(LEGAL_OFTEN, LEGAL_OFTEN, TOLD.map(tuple)))
    def tell(self, data: st.DataObject, told: tuple[tuple[str, str], ...]) -> None:
        order = self.any_order(data)
        self.attempt(AmendOrder(ORG, "polinate", order.id, words=told))

    @precondition(lambda self: self.book.facts.orders)
    @rule(data=st.data(), told=LEGAL_OFTEN, wanted=WANTED)
    def amend(
        self, data: st.DataObject, told: tuple[tuple[str, str], ...], wanted: int | str
    ) -> None:
        """Lines change, and in half of the commands the order moves with them."""
        order = self.any_order(data)
        numbers = [row.id for row in order.lines]
        update, delete, create, move = data.draw(st.tuples(*[st.booleans()] * 4), label="what")
        change: dict[str, Any] = {"words": told if move else ()}
        if delete and len(numbers) > 1:
            change["delete_lines"] = (("d", numbers.pop()),)
        if update and numbers:
            change["update_lines"] = (
                LineChange("u", numbers[0], much(wanted), price=Amount(much(wanted), 5)),
            )
        if create:
            made = line(quantity=wanted)._replace(variant=VariantRef(entry_id=ENTRY[SCARCE]))
            change["create_lines"] = (made,)
        self.attempt(AmendOrder(ORG, "polinate", order.id, **change))

    @rule(told=TOLD, sender=st.integers(1, 3), skus=st.sets(st.sampled_from("abc"), min_size=1))
    def mirror(self, told: list[tuple[str, str]], sender: int, skus: set[str]) -> None:
        lines = tuple(named(sku) for sku in sorted(skus))
        self.attempt(self.book.mirroring(*told, sender=f"k-{sender}", lines=lines))

    @precondition(lambda self: self.book.facts.orders)
    @rule(data=st.data(), told=st.lists(LEGAL_OFTEN, min_size=1, max_size=2))
    def mirror_a_known_one(
        self, data: st.DataObject, told: list[tuple[tuple[str, str], ...]]
    ) -> None:
        """Konvo tells of an order by its id here, perhaps twice in one array."""
        order = self.any_order(data)
        sender = order.sender_id or ids.dashed(order.id)
        commands = [self.book.mirroring(*words, sender=sender) for words in told]
        drafts = tuple(draft for command in commands for draft in command.drafts)
        self.attempt(commands[0]._replace(drafts=drafts))

    def teardown(self) -> None:
        """Let the workers finish: no order may be left between its beginning and an end."""
        for _ in range(5):
            for key, job in list(self.book.facts.jobs.items()):
                if key not in self.book.facts.jobs:
                    continue
                assert job.order_id is not None
                order = self.book.facts.orders[ORG, job.order_id]
                if job.kind == "reserve":
                    self.book.reserved(order)
                elif job.kind in OUTCOMES:
                    outcome = "voided" if job.kind == "void" else "authorized"
                    self.book.done(self.book.settling(order, outcome, job=job))
                else:
                    self.book.done(self.operated(job, job.fence, done=True))
        assert not self.book.facts.jobs
        stages = {o.facets.stage for o in self.book.facts.orders.values() if o.managed}
        assert "placed" not in stages
        for order in self.book.facts.orders.values():
            payment = self.book.facts.funds_of((ORG, order.id))
            if payment is not None:
                assert order.facets.payment == payment.facet
                if order.facets.stage == "deleted":
                    continue
                kept = order.facets.stage in {"confirmed", "completed", "archived"}
                assert payment.taken or (payment.facet == "authorized") == kept
                assert kept or payment.facet != "authorized"
                operations = [one for full in payment.payments for one in full.operations]
                if all(one.state != "declined" for one in operations):
                    # What was taken and is not given back, with what is held, is what is due.
                    assert payment.kept + payment.capturable == (payment.due if kept else 0)


class SoftSenders(Senders):
    """The same under SOFT allocation: reserved may exceed what is on hand, and nothing else."""

    hard = False


@pytest.mark.parametrize("machine", [Senders, SoftSenders])
def test_any_sequence_of_commands_keeps_the_laws(machine: type[Senders]) -> None:
    bounds = settings(max_examples=60, stateful_step_count=40)
    run_state_machine_as_test(machine, settings=bounds)
