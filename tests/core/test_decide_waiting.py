"""Reasons of waiting orders, how a waiting step is taken up, and how a hold of stock ends."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, TRACKED, Book, line, one

from entrepot.core.decide.steps import DeferJob, ResumeJob, ResumeOrder
from entrepot.core.facets import Facets
from entrepot.core.order import Job, Order
from entrepot.core.refusal import Reason

CANCELLED = ("polinate_phase", "CANCELLED")
LATER = 60_000_000
TURN = "authorise, try 2 of 50, next 08:54:10Z: sandbox: not sent"
VOID_TURN = "void, try 2 of 300, next 08:54:10Z: sandbox: the void has no answer"


def paying(leased: int = 0) -> tuple[Book, Order]:
    """An order whose payment is under way, held by a worker where `leased` says until when."""
    book = Book(leased=leased)
    book.stock(TRACKED, 10)
    order = book.placed(line(quantity=4), payment_provider="stripe", payment_reference="r")
    book.reserved(order)
    return book, book.order(order)


def put_off(book: Book, order: Order, waiting: str = TURN, **more: object) -> Job:
    job = book.job(order)
    command = DeferJob(
        ORG, job.id, job.fence, book.facts.now + LATER, "not sent", order_id=order.id,
        waiting=waiting, stage=book.order(order).facets.stage,
    )  # fmt: skip
    book.done(command._replace(**more))
    return book.job(order)


def told(book: Book, order: Order) -> tuple[str | None, str | None]:
    now = book.order(order)
    return now.reason, now.reason_detail


# --- the reason


def test_an_order_that_is_put_off_says_why_and_is_not_changed_by_it() -> None:
    book, order = paying()
    put_off(book, order)
    assert told(book, order) == ("waiting", TURN)
    waiting = book.order(order)
    assert (waiting.version, waiting.updated_at) == (order.version, order.updated_at)
    assert waiting.facets == order.facets


def test_a_put_off_without_words_leaves_the_reason_as_it_is() -> None:
    book, order = paying()
    put_off(book, order)
    put_off(book, order, "", counted=False)
    assert told(book, order) == ("waiting", TURN)


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        ("authorized", "sandbox"),
        ("declined", "payment_declined"),
        ("expired", "payment_expired"),
        ("lapsed", "payment_expired"),
    ],
)
def test_whatever_comes_of_the_payment_ends_the_waiting(outcome: str, reason: str) -> None:
    book, order = paying()
    put_off(book, order)
    book.settled(order, outcome, "do not honour")
    assert told(book, order)[0] == reason
    assert "waiting" not in (told(book, order)[1] or "")


def test_an_ended_order_keeps_why_it_ended_beside_what_it_waits_for() -> None:
    book, order = paying()
    put_off(book, order)
    book.told(order, CANCELLED)
    assert told(book, order) == ("cancelled", "told by polinate")
    for turn in (VOID_TURN, VOID_TURN.replace("try 2", "try 3")):
        put_off(book, order, turn)
        assert told(book, order) == ("cancelled", f"told by polinate; waiting: {turn}")
    book.settled(order, "voided")
    assert told(book, order) == ("cancelled", "told by polinate")


def test_a_step_that_is_parked_and_then_put_off_is_parked_no_longer() -> None:
    book, order = paying()
    put_off(book, order, "", parked=True)
    assert told(book, order) == ("parked", "authorise: not sent")
    parked = book.order(order)
    assert parked.updated_at > order.updated_at
    put_off(book, order)
    assert not book.order(order).parked
    # A reader by time sees both changes; reasons of a waiting order in between move no time.
    assert book.order(order).updated_at > parked.updated_at
    assert book.job(order).state == "due"
    assert told(book, order) == ("waiting", TURN)


def test_a_step_that_is_parked_no_longer_is_seen_by_time_also_where_the_clock_stands_still() -> (
    None
):
    book, order = paying()
    put_off(book, order, "", parked=True)
    parked = book.order(order)
    book.facts.now -= 1_000  # every command of the book takes a millisecond
    put_off(book, order)
    assert book.order(order).updated_at // 1_000 > parked.updated_at // 1_000


# --- what happened during the try


@pytest.mark.parametrize("parked", [False, True])
def test_a_try_of_an_order_that_was_cancelled_meanwhile_is_due_again_at_once(parked: bool) -> None:
    book, order = paying()
    book.told(order, CANCELLED)
    job = put_off(book, order, stage="placed", parked=parked)
    assert (job.state, job.run_at, job.tries) == ("due", book.facts.now, 0)
    assert told(book, order) == ("cancelled", "told by polinate")
    assert not book.order(order).parked


# --- a cancel is acted on at once


@pytest.mark.parametrize(
    "how", [{}, {"counted": False}, {"parked": True}, {"run_at": 2**62}], ids=str
)
def test_a_cancel_takes_up_a_step_that_waits(how: dict[str, object]) -> None:
    book, order = paying()
    put_off(book, order, **how)
    book.told(order, CANCELLED)
    job = book.job(order)
    assert (job.state, job.run_at, job.tries) == ("due", book.facts.now, 0)
    assert not book.order(order).parked


def test_a_cancel_gives_a_waiting_step_to_the_worker_of_its_own_process() -> None:
    book, order = paying()
    fence = put_off(book, order).fence
    book.facts.leased_until, book.facts.holder = book.facts.now + LATER, 7
    book.told(order, CANCELLED)
    job = book.job(order)
    assert (job.leased_until, job.fence, job.holder) == (book.facts.leased_until, fence + 1, 7)


def test_a_cancel_leaves_a_step_to_the_worker_that_has_it_in_hand() -> None:
    book, order = paying(leased=2**60)
    before = book.job(order)
    book.told(order, CANCELLED)
    assert book.job(order) == before


# --- the operator's word


@pytest.mark.parametrize("parked", [False, True])
def test_resuming_gives_every_try_again(parked: bool) -> None:
    book, order = paying()
    for _ in range(3):
        put_off(book, order, "" if parked else TURN, parked=parked)
    assert book.job(order).tries == 3
    resumed = one(book.done(ResumeOrder(ORG, order.id)))
    job = book.job(order)
    assert (job.state, job.run_at, job.tries) == ("due", book.facts.now, 0)
    assert (resumed.parked, resumed.reason, resumed.reason_detail) == (False, None, None)
    assert book.types(order)[-1] == "order.resumed"


def test_resuming_an_ended_order_leaves_why_it_ended() -> None:
    book, order = paying()
    book.told(order, CANCELLED)
    put_off(book, order, VOID_TURN)
    book.done(ResumeOrder(ORG, order.id))
    assert told(book, order) == ("cancelled", "told by polinate")


def test_what_is_under_way_or_done_is_not_resumed() -> None:
    book, order = paying(leased=2**60)
    refused = book.refused(ResumeOrder(ORG, order.id))
    assert (refused.reason, refused.detail) == (Reason.ILLEGAL_MOVE, "the step is under way")
    book.settled(order, "authorized")
    refused = book.refused(ResumeOrder(ORG, order.id))
    assert refused.detail == "no step of the order is parked or waits"
    assert book.refused(ResumeOrder(ORG, b"?" * 16)).reason is Reason.UNKNOWN_ORDER


def test_a_job_without_an_order_is_resumed_by_its_own_id() -> None:
    book = Book()
    job = Job(ORG, b"f" * 16, "fetch", None, "x-1", "parked", 2**60, 0, 3, 20, "404", 0)
    book.facts.jobs.read([job])
    book.done(ResumeJob(ORG, job.id))
    now = book.facts.jobs[ORG, job.id]
    assert (now.state, now.run_at, now.tries) == ("due", book.facts.now, 0)
    book.facts.jobs.read([now._replace(leased_until=2**60)])
    assert book.refused(ResumeJob(ORG, job.id)).reason is Reason.ILLEGAL_MOVE
    assert book.refused(ResumeJob(ORG, b"?" * 16)).reason is Reason.ILLEGAL_MOVE


# --- the hold ends


def test_a_hold_ends_before_its_payment_can_be_voided() -> None:
    book, order = paying()
    put_off(book, order, "", parked=True)
    result = book.settled(order, "lapsed", "too late")
    ended = book.order(order)
    assert (ended.facets, ended.parked) == (Facets("failed", "pending"), False)
    assert told(book, order) == ("payment_expired", "too late")
    assert [row.state for row in book.reservations(order)] == ["expired"]
    assert book.level().reserved == 0
    assert (book.job(order).kind, book.job(order).state) == ("void", "due")
    assert result.job == book.job(order)
    assert book.asked(order) == [("authorise", "prepared"), ("void", "prepared")]
    put_off(book, order, VOID_TURN)
    assert told(book, order) == ("payment_expired", f"too late; waiting: {VOID_TURN}")
    book.settled(order, "voided")
    assert book.order(order).facets == Facets("failed", "voided")
    assert told(book, order) == ("payment_expired", "too late")


def test_a_hold_that_ends_after_the_cancel_only_leaves_the_void() -> None:
    book, order = paying()
    book.told(order, CANCELLED)
    book.settled(order, "lapsed", "too late")
    assert told(book, order) == ("cancelled", "told by polinate")
    assert book.job(order).kind == "void"
    assert [row.state for row in book.reservations(order)] == ["released"]
