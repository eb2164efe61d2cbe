"""Where an order stands and what it waits for, told by one function for every surface."""

from __future__ import annotations

from typing import Any

import pytest
from tests.core.book import ORG, START, Book, line

from entrepot.core import shown
from entrepot.core.decide.steps import DeferJob
from entrepot.core.explain import LEAST, legal_commands
from entrepot.core.facets import Facets
from entrepot.core.order import Order
from entrepot.core.shown import moment
from entrepot.core.standing import Standing, document, explained

NAMES = [
    "stage", "since", "waiting_for", "last_error", "try", "tries_max", "next_try_at", "held_by",
    "legal", "sentence",
]  # fmt: skip
PLACED, LATER = moment(START), START + 60_000_000
DOWN = "sandbox: not sent: the ledger is away"


@pytest.fixture
def book() -> Book:
    book = Book()
    book.stock()
    return book


def placed(book: Book, **deferred: Any) -> Order:
    """An order whose authorisation was put off so."""
    order = book.placed(line(), payment_provider="stripe")
    book.reserved(order)
    if deferred:
        job = book.job(order)
        usual: dict[str, Any] = {"run_at": LATER, "error": DOWN, "order_id": order.id}
        book.done(DeferJob(ORG, job.id, job.fence, **usual | deferred))
    return order


def standing(book: Book, order: Order, at: int = START, **more: Any) -> Standing:
    order, jobs = book.order(order), book.jobs(order)
    legal = legal_commands(order, book.facts)
    said: dict[str, Any] = {"jobs": jobs, "hold_ends": None, "seen": {}} | more
    return Standing(at, order, events=book.events(order), legal=legal, **said)


def told(book: Book, order: Order, at: int = START, **more: Any) -> dict[str, Any]:
    return document(explained(standing(book, order, at, **more)))


def test_a_confirmed_order_waits_for_the_shop(book: Book) -> None:
    order = book.confirmed(line(), paid=False)
    book.told(order, ("polinate_status", "PACKED"))
    said = told(book, order)
    assert list(said) == NAMES
    assert [one["command"] for one in said.pop("legal")] == list(LEAST)
    confirmed = book.events(order)[-2].at
    assert said == {
        "stage": "confirmed", "since": moment(confirmed), "waiting_for": None, "last_error": None,
        "try": None, "tries_max": None, "next_try_at": None, "held_by": None,
        "sentence": f"confirmed since {moment(confirmed)}: the shop ships",
    }  # fmt: skip


def test_a_failed_try_is_told_with_the_next_one(book: Book) -> None:
    order = placed(book, waiting=f"authorise, try 2 of 50, next 22:14:20Z: {DOWN}")
    said = told(book, order, hold_ends=LATER)
    turn = f"authorise, try 2, next {moment(LATER)}: {DOWN}"
    assert said["waiting_for"] == f"{turn}; the hold of its stock ends {moment(LATER)}"
    assert (said["try"], said["tries_max"], said["last_error"]) == (2, 50, DOWN)
    assert (said["next_try_at"], said["held_by"]) == (moment(LATER), None)
    assert said["sentence"] == shown.reason(book.order(order))
    assert said["sentence"] == f"waiting: authorise, try 2 of 50, next 22:14:20Z: {DOWN}"


def test_a_parked_step_waits_for_the_operator(book: Book) -> None:
    said = told(book, placed(book, parked=True, error="the credentials are refused"))
    assert said["waiting_for"] == "you: authorise: the credentials are refused"
    assert (said["try"], said["tries_max"], said["next_try_at"]) == (1, 50, None)
    assert said["held_by"] == "operator"
    assert said["sentence"] == "parked: authorise: the credentials are refused"


def test_a_step_that_was_not_tried_yet_tells_how_many_tries_there_are(book: Book) -> None:
    order = book.placed(line())
    said = told(book, order)
    assert (said["try"], said["tries_max"], said["last_error"]) == (1, 8, None)
    book.reserved(order)
    assert told(book, book.confirmed(line(), paid=False))["tries_max"] is None
    said = told(book, placed(book))
    assert (said["try"], said["tries_max"], said["last_error"]) == (1, 50, None)


def test_a_step_in_hand_names_its_worker(book: Book) -> None:
    order = placed(book)
    job = book.job(order)._replace(leased_until=LATER, holder=7)
    said = told(book, order, jobs=[job], seen={7: START})
    assert said["held_by"] == "worker 7"
    assert said["waiting_for"] == (
        f"authorise is under way; its worker holds it until {moment(LATER)}"
    )
    assert (said["try"], said["next_try_at"]) == (1, None)
    silent = told(book, order, jobs=[job], seen={7: START - 60_000_000})
    assert silent["waiting_for"].startswith("its worker is gone (seen last ")


def test_the_step_that_needs_somebody_is_told_first(book: Book) -> None:
    order = placed(book, parked=True)
    parked = book.job(order)
    due = parked._replace(id=b"j" * 16, kind="void", state="due", last_error=None)
    assert told(book, order, jobs=[due, parked])["held_by"] == "operator"
    failed = due._replace(last_error=DOWN)
    assert told(book, order, jobs=[due, failed])["last_error"] == DOWN


def test_the_time_is_known_where_old_events_have_left(book: Book) -> None:
    order = book.order(book.confirmed(line(), paid=False))
    standing = Standing(START, order, (), None, {}, (), ())
    assert explained(standing).since == order.updated_at


def test_a_disputed_order_says_so_where_it_has_no_other_reason(book: Book) -> None:
    order = book.confirmed(line(), paid=False)
    disputed = order._replace(facets=order.facets._replace(payment="disputed"))
    standing = Standing(START, disputed, (), None, {}, book.events(order), ())
    assert explained(standing).sentence.endswith(
        ": the customer disputes its payment; the shop packs"
    )


@pytest.mark.parametrize(
    ("facets", "managed", "rest"),
    [
        (Facets("confirmed", fulfilment="partially_shipped"), True, "the shop ships the rest"),
        (Facets("confirmed", fulfilment="lost"), True, "the shop decides"),
        (Facets("confirmed", fulfilment="delivered"), True, "it waits for nothing"),
        (
            Facets("confirmed", fulfilment="delivered", returns="requested"),
            True,
            "the shop waits for goods that are to come back",
        ),
        (Facets("completed", fulfilment="delivered"), True, "it waits for nothing"),
        (Facets("cancelled"), False, "it waits for nothing"),
        (Facets("draft"), False, "its sender has not decided yet"),
        (Facets("placed"), False, "another system runs it"),
        (Facets("confirmed", "refunded"), False, "another system runs it"),
    ],
    ids=str,
)
def test_an_order_without_a_reason_says_who_waits_for_what(
    book: Book, facets: Facets, managed: bool, rest: str
) -> None:
    """Before, each of them said that it waits for nothing."""
    order = book.placed(line())._replace(facets=facets, managed=managed)
    sentence = explained(Standing(START, order, (), None, {}, (), ())).sentence
    assert sentence == f"{facets.stage} since {moment(order.updated_at)}: {rest}"
