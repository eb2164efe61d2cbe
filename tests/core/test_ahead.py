"""A telling of a managed order is answered alike however far its pipeline is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.core.book import ORG, TRACKED, Book, line, telling, told_as
from tests.core.tellings import KONVO, POLINATE, Told, konvo
from tests.core.test_decide_amend import changing, quantity

from entrepot.core import ahead, events, ids, shown
from entrepot.core.decide.mirror import MirrorOrders
from entrepot.core.explain import legal_words
from entrepot.core.order import Order
from entrepot.core.refusal import Reason, Refusal
from entrepot.store.verify.own_moves import why_illegal

IN_TRANSIT, DELIVERED = ("polinate_status", "IN_TRANSIT"), ("polinate_status", "DELIVERED")
ARCHIVED, CANCELLED = ("polinate_phase", "ARCHIVED"), ("polinate_phase", "CANCELLED")
# How far the pipeline is before the first telling, between the first two, and so on.
PLACED, RESERVED, CONFIRMED = range(3)
# A word that the order shows says nothing new; these it shows only while it is not confirmed.
SHOWN_AT_FIRST = {("polinate_status", "UNASSIGNED"), ("konvo_shipment", "none")}


class Story:
    """One order with a payment, its pipeline, and what is told of it."""

    def __init__(self, *, paid: bool = True) -> None:
        self.book = Book()
        self.book.stock(TRACKED, 10)
        said = {"payment_provider": "stripe", "payment_reference": "r"} if paid else {}
        self.paid, self.at, self.sends_back = paid, PLACED, False
        self.order = self.book.placed(line(quantity=4), **said)

    def goes_to(self, step: int) -> None:
        while self.at < step and self.now.facets.stage == "placed":
            if self.at == PLACED:
                self.book.reserved(self.now)
            elif self.paid:
                self.book.settled(self.now, "authorized")
            self.at += 1

    @property
    def called_off(self) -> bool:
        """Such an order goes on showing what it was, and that it was confirmed or was not."""
        return any(event.type == events.ORDER_CANCELLED for event in self.book.events(self.order))

    @property
    def now(self) -> Order:
        return self.book.order(self.order)

    def tell(self, told: Told) -> Reason | None:
        """As a PATCH of Polinate, or as an array of Konvo that names the order by its id."""
        kept, shows = ahead.is_kept(self.now), self.now.words
        self.sends_back |= kept and any(shows[axis] == word for axis, word in told)
        if not told or told[0][0].startswith("polinate"):
            command: Any = telling(self.order, *told)
        else:
            sender = ids.dashed(self.order.id)
            command = MirrorOrders(ORG, "konvo", (told_as(*told, sender=sender),))
        outcome = self.book.attempted(command)
        return outcome.reason if isinstance(outcome, Refusal) else None


def whole(order: Order) -> tuple[object, ...]:
    return order.facets, order.words, ahead.is_kept(order), order.reason


def told_at(told: list[tuple[Told, int]], *, paid: bool = True) -> tuple[list[object], Story]:
    story = Story(paid=paid)
    answers: list[object] = []
    for words, step in told:
        if not story.called_off:
            story.goes_to(step)
            answers.append(story.tell(words))
    if story.now.facets.stage == "placed":
        story.goes_to(CONFIRMED)
    return answers, story


def news(tellings: tuple[Told, ...]) -> bool:
    """Whether no word is told that an order shows only before its confirmation."""
    return not any(pair in SHOWN_AT_FIRST for told in tellings for pair in told)


ONE = [told for told in [*POLINATE, *KONVO] if news((told,))]


@pytest.mark.parametrize("told", ONE, ids=str)
def test_one_telling_is_answered_alike_and_ends_alike(told: Told) -> None:
    late_answer, late = told_at([(told, CONFIRMED)])
    for step in (PLACED, RESERVED):
        answer, early = told_at([(told, step)])
        assert answer == late_answer
        assert early.now.facets.stage == late.now.facets.stage
        if not early.called_off:
            assert whole(early.now) == whole(late.now)
            assert early.book.level() == late.book.level()._replace(
                version=early.book.level().version
            )


@pytest.mark.parametrize("step", [PLACED, RESERVED])
@pytest.mark.parametrize("ended", ["CANCELLED", "REJECTED"])
@pytest.mark.parametrize("before", [None, "PACKED", "ACCEPTED"])
@pytest.mark.parametrize("status", ["UNASSIGNED", "ACCEPTED", "PACKED", "IN_TRANSIT", "DELIVERED"])
def test_goods_do_not_move_with_the_end_of_an_order_that_waits(
    step: int, ended: str, before: str | None, status: str
) -> None:
    """The status may be what the order shows once it is confirmed."""
    story = Story()
    story.goes_to(step)
    if before is not None:
        story.tell((("polinate_status", before),))
    stood = story.now.facets
    story.tell((("polinate_phase", ended), ("polinate_status", status)))
    assert why_illegal(stood, story.now.facets, managed=True) is None


# A sale that is deleted ahead of its confirmation, and called off or refunded by another sender.
DELETED_AHEAD: list[Told] = [
    (("konvo_shipment", "delivered"), ("konvo", "completed")),
    (("polinate_phase", "DELETED"),),
]
# Goods that came back, and are told to be on their way once more.
BACK_AND_OUT: list[Told] = [
    (("konvo_shipment", "attempted_delivery"),),
    (("polinate_status", "RETURNED"),),
    (("konvo_shipment", "out_for_delivery"),),
]


@given(
    st.lists(st.sampled_from(ONE), min_size=2, max_size=4),
    st.lists(st.integers(PLACED, CONFIRMED), min_size=4, max_size=4),
    st.booleans(),
)
@example(tellings=[*DELETED_AHEAD, (("konvo", "cancelled"),)], steps=[PLACED] * 4, paid=False)
@example(tellings=[*DELETED_AHEAD, (("konvo", "refunded"),)], steps=[PLACED] * 4, paid=False)
@example(tellings=BACK_AND_OUT, steps=[PLACED] * 4, paid=True)
@settings(max_examples=150)
def test_tellings_are_answered_alike_whenever_the_pipeline_goes_on(
    tellings: list[Told], steps: list[int], paid: bool
) -> None:
    late_answers, late = told_at([(told, CONFIRMED) for told in tellings], paid=paid)
    steps = sorted(steps)[: len(tellings)]
    answers, early = told_at(list(zip(tellings, steps, strict=True)), paid=paid)
    if early.sends_back:
        return  # who sends back what an order shows tells nothing; a test below is of that
    assert answers == late_answers
    assert early.now.facets.stage == late.now.facets.stage
    if not early.called_off:
        assert whole(early.now) == whole(late.now)


def test_words_that_wait_for_the_confirmation_are_said_and_come_true() -> None:
    """Without a skipped stand: the history says that the goods were packed, left and arrived."""
    story = Story()
    assert story.tell((IN_TRANSIT,)) is None
    left = story.now.shipped_at
    assert story.tell((DELIVERED,)) is None
    assert story.tell((ARCHIVED,)) is None
    assert story.now.facets == Story().now.facets
    assert (story.now.words["polinate_phase"], story.now.words["polinate_status"]) == (
        "PENDING", "UNASSIGNED",
    )  # fmt: skip
    assert shown.reason(story.now) == (
        "told ahead: polinate_phase=ARCHIVED polinate_status=DELIVERED, "
        "true once the order is confirmed; waiting: its stock is reserved and its payment "
        "authorised, since 2023-11-14T22:13:20Z"
    )
    arrived = story.now.delivered_at
    story.goes_to(CONFIRMED)
    assert (story.now.words["polinate_phase"], story.now.words["polinate_status"]) == (
        "ARCHIVED", "DELIVERED",
    )  # fmt: skip
    assert (story.now.shipped_at, story.now.delivered_at) == (left, arrived)
    assert (story.now.words["synq"], story.now.words["konvo"]) == ("completed", "completed")
    assert "told ahead" not in (shown.reason(story.now) or "")
    assert story.now.sender_words is None
    assert (story.book.level().on_hand, story.book.level().reserved) == (6, 0)
    assert [row.state for row in story.book.reservations(story.order)] == ["shipped"]
    assert story.book.types(story.order) == [
        "order.placed", "order.told_ahead", "order.told_ahead", "order.told_ahead",
        "stock.reserved", "payment.authorized", "order.confirmed", "order.moved", "goods.shipped",
        "order.moved",
    ]  # fmt: skip


def test_the_same_words_again_change_nothing() -> None:
    story = Story()
    for told in ((IN_TRANSIT,), konvo("shipped", "in_transit")):
        story.tell(told)
        kept = story.now
        if told[0][0].startswith("polinate"):
            story.tell(told)
            assert story.now == kept


def test_what_was_read_can_be_sent_back_while_words_wait() -> None:
    story = Story()
    story.tell((IN_TRANSIT,))
    kept = story.now
    shows = (("polinate_phase", "PENDING"), ("polinate_status", "UNASSIGNED"))
    assert story.tell(shows) is None
    assert story.now == kept


def test_goods_that_are_told_to_have_left_are_not_called_off() -> None:
    """Once confirmed it could not be cancelled either."""
    for step in (PLACED, RESERVED, CONFIRMED):
        answers, story = told_at([((IN_TRANSIT,), step), ((CANCELLED,), step)])
        assert answers == [None, Reason.ILLEGAL_MOVE]
        assert story.now.words["synq"] == "fulfilled"


@pytest.mark.parametrize("outcome", ["declined", "expired", "lapsed"])
def test_words_that_waited_are_dropped_when_the_order_fails(outcome: str) -> None:
    story = Story()
    story.goes_to(RESERVED)
    story.tell((DELIVERED,))
    story.book.settled(story.now, outcome, "do not honour")
    failed = story.now
    assert (failed.facets.stage, failed.facets.fulfilment) == ("failed", "unassigned")
    assert (failed.shipped_at, failed.delivered_at, failed.sender_words) == (None, None, None)
    assert failed.reason_detail == (
        "do not honour; told ahead and dropped: polinate_status=DELIVERED"
    )
    assert (story.book.level().on_hand, story.book.level().reserved) == (10, 0)


def test_words_that_waited_are_dropped_where_there_is_too_little_stock() -> None:
    book = Book()
    book.stock(TRACKED, 1)
    order = book.placed(line(quantity=4))
    book.told(order, IN_TRANSIT)
    book.reserved(order)
    failed = book.order(order)
    assert (failed.reason, failed.shipped_at) == ("out_of_stock", None)
    assert (failed.reason_detail or "").endswith("dropped: polinate_status=IN_TRANSIT")


def test_the_words_that_the_sender_told_are_kept_beside_those_that_wait() -> None:
    story = Story()
    story.tell(konvo("open", "confirmed"))
    story.tell(konvo("shipped", "in_transit"))
    story.goes_to(CONFIRMED)
    assert story.now.sender_words == "konvo=shipped konvo_shipment=in_transit"
    version = story.now.version
    assert story.tell(konvo("shipped", "in_transit")) is None
    assert story.now.version == version


@pytest.mark.parametrize("paid", [True, False])
def test_lines_of_goods_that_are_told_to_have_left_do_not_change(paid: bool) -> None:
    for step in (PLACED, CONFIRMED):
        story = Story(paid=paid)
        story.goes_to(step)
        story.tell((IN_TRANSIT,))
        refusal = story.book.refused(changing(story.order, update_lines=quantity(story.order, 3)))
        fixed = paid and step == PLACED
        expected = Reason.AMOUNT_FIXED if fixed else Reason.ILLEGAL_MOVE
        assert refusal.reason is expected


def test_a_larger_line_needs_stock_before_the_reservation_as_after_it() -> None:
    for step in (PLACED, CONFIRMED):
        story = Story(paid=False)
        story.goes_to(step)
        more = changing(story.order, update_lines=quantity(story.order, 11))
        assert story.book.refused(more).reason is Reason.OUT_OF_STOCK
        story.book.done(changing(story.order, update_lines=quantity(story.order, 10)))
        story.goes_to(CONFIRMED)
        assert story.book.level().reserved == 10


def test_a_larger_line_needs_no_stock_under_soft_allocation_however_far_the_pipeline_is() -> None:
    for early in (True, False):
        book = Book(hard=False)
        book.stock(TRACKED, 2)
        order = book.placed(line(quantity=2))
        if not early:
            book.reserved(order)
        book.done(changing(order, update_lines=quantity(order, 9)))
        if early:
            book.reserved(order)
        assert (book.level().on_hand, book.level().reserved) == (2, 9)
        book.told(order, IN_TRANSIT)
        assert (book.level().on_hand, book.level().reserved) == (-7, 0)


def test_an_order_of_more_than_there_is_can_be_made_smaller_before_its_reservation() -> None:
    book = Book()
    book.stock(TRACKED, 2)
    order = book.placed(line(quantity=9))
    book.done(changing(order, update_lines=quantity(order, 5)))
    book.done(changing(order, update_lines=quantity(order, 2)))
    book.reserved(order)
    assert book.order(order).facets.stage == "confirmed"


def test_an_order_that_is_rejected_after_its_confirmation_is_cancelled_to_synq() -> None:
    """Synq documents that `confirmed` becomes `processing` or `cancelled`, and nothing else."""
    rejected = ("polinate_phase", "REJECTED")
    for step, synq in ((PLACED, "failed"), (RESERVED, "failed"), (CONFIRMED, "cancelled")):
        answers, story = told_at([((rejected,), step)])
        assert answers == [None]
        assert (story.now.words["synq"], story.now.words["polinate_phase"]) == (synq, "REJECTED")
        assert (story.book.level().on_hand, story.book.level().reserved) == (10, 0)
        if step == CONFIRMED:
            assert story.book.asked(story.order)[1:] == [("void", "prepared")]


def test_the_operator_sees_which_words_would_be_taken() -> None:
    story = Story()
    facts = story.book.facts
    words = legal_words(ORG, story.order.id, facts)
    assert {"IN_TRANSIT", "DELIVERED"} <= set(words["polinate_status"])
    assert "RETURNED" not in words["polinate_status"]
    assert {"shipped", "fulfilled", "cancelled"} == set(words["konvo"])
