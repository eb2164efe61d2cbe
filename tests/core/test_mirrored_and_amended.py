"""A mirrored order that others amend as well: totals, addresses and who brought the order."""

from __future__ import annotations

import json

import pytest
from tests.core.book import ORG, Book, named, one, told_as
from tests.core.tellings import KONVO, Told, konvo
from tests.core.test_together import absurd

from entrepot.core import ids, shown, words
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders
from entrepot.core.money import Amount
from entrepot.core.order import Order

PAID = ("konvo", "paid")
ACTIVE = ("polinate_phase", "ACTIVE")


@pytest.mark.parametrize(
    ("total", "discount", "shipping"),
    [
        (Amount(2000, 2), Amount(500, 2), Amount(0, 0)),
        (Amount(2500, 2), Amount(0, 0), Amount(0, 0)),
        (Amount(25, 0), Amount(0, 0), Amount(0, 0)),
        (Amount(25_005, 3), Amount(0, 0), Amount(5, 3)),
        (Amount(-100, 2), Amount(2600, 2), Amount(0, 0)),
    ],
)
def test_a_total_below_the_lines_is_a_discount(
    total: Amount, discount: Amount, shipping: Amount
) -> None:
    """Told at first, told again, and written by Polinate: the lines come to 25.00 each time."""
    book = Book()
    first = book.mirrored(PAID, total=total)
    book.mirrored(PAID, sender="k-2")
    again = book.mirrored(PAID, sender="k-2", total=total)
    book.mirrored(PAID, sender="k-3")
    third = next(order for order in book.facts.orders.values() if order.sender_id == "k-3")
    book.done(AmendOrder(ORG, "polinate", third.id, total=total))
    for order in (first, again, book.order(third)):
        assert (order.discount, order.shipping, order.tax) == (discount, shipping, Amount(0, 0))


def test_one_address_whoever_told_it_last() -> None:
    book = Book()
    told = '{"firstName":"Jo","addressLineOne":"1 Wrong St","city":"Kiel"}'
    order = book.mirrored(PAID, said={"address": told})
    assert shown.address(order) == "Jo\n1 Wrong St\nKiel"
    read = AmendOrder(ORG, "polinate", order.id, said={"delivery_address": shown.address(order)})
    book.done(read)
    assert book.order(order).address == told, "what was read and is sent back changes nothing"
    book.done(AmendOrder(ORG, "polinate", order.id, said={"delivery_address": "2 Right St"}))
    corrected = book.order(order)
    assert (corrected.address, shown.address(corrected)) == (None, "2 Right St")
    assert shown.address(book.mirrored(("konvo", "shipped"))) == "2 Right St"
    again = book.mirrored(PAID, said={"address": told})
    assert (again.delivery_address, shown.address(again)) == (None, "Jo\n1 Wrong St\nKiel")


def test_an_event_tells_who_changed_the_address_and_from_what_in_one_text() -> None:
    book = Book()
    told = '{"firstName":"Jo","addressLineOne":"1 Wrong St","city":"Kiel"}'
    order = book.mirrored(PAID, said={"address": told})
    wrong, right = "Jo\n1 Wrong St\nKiel", "2 Right St"
    moved = '{"firstName":"Jo","addressLineOne":"3 Far St","city":"Kiel"}'
    for command, pair in (
        (AmendOrder(ORG, "polinate", order.id, said={"delivery_address": right}), [wrong, right]),
        (book.mirroring(PAID, said={"address": told}), [right, wrong]),
        (book.mirroring(PAID, said={"address": moved}), [wrong, "Jo\n3 Far St\nKiel"]),
        (AmendOrder(ORG, "native", order.id, said={"delivery_address": None}), None),
    ):
        book.facts.actor = f"key:{pair}"
        book.done(command)
        event = book.events(order)[-1]
        assert (event.type, event.actor) == ("order.amended", f"key:{pair}")
        wanted = pair or ["Jo\n3 Far St\nKiel", None]
        assert json.loads(event.body)["changed"]["delivery_address"] == wanted


def test_who_brought_an_order_stays_who_brought_it() -> None:
    """Another kind of sender names its own orders; by our id it moves this one and no more."""
    book = Book()
    fetched = MirrorOrders(ORG, "polinate", (told_as(PAID, sender="k-1", said={"notes": "a"}),))
    book.done(fetched)
    [brought] = book.facts.orders.values()
    other = book.mirrored(PAID, sender="k-1", lines=(named("x"),), total=Amount(1, 0))
    assert other.id != brought.id
    moved = book.mirrored(
        ("konvo", "shipped"), sender=ids.dashed(brought.id), lines=(named("y"),),
        total=Amount(1, 0), said={"notes": "b", "tracking_url": "https://t"},
    )  # fmt: skip
    assert (moved.id, moved.origin, moved.total, moved.notes) == (
        brought.id, "polinate", brought.total, "a",
    )  # fmt: skip
    assert (moved.lines, moved.tracking_url) == (brought.lines, "https://t")
    assert moved.words["konvo"] == "shipped"


STATUSES = words.AXES["polinate_status"].rows
BY_KONVO = [told for told in KONVO if len(told) == 1] + [
    konvo("shipped", "delivered"), konvo("fulfilled", "failure"), konvo("paid", "in_transit"),
]  # fmt: skip


def fetched(book: Book, *told: tuple[str, str]) -> Order:
    """An order that an order source brought."""
    draft = told_as(*told, sender="ord_1")
    return one(book.done(MirrorOrders(ORG, "polinate", (draft,))))


@pytest.mark.parametrize("status", STATUSES)
def test_what_konvo_tells_of_a_fetched_order_is_shown(status: str) -> None:
    """No word of the source outweighs the word that is told now."""
    for told in BY_KONVO:
        book = Book()
        ours = ids.dashed(fetched(book, ACTIVE, ("polinate_status", status)).id)
        after = book.mirrored(*told, sender=ours)
        for axis, word in told:
            assert after.words[axis] == word, (status, told)
        assert absurd(after.words) == []
        again = book.mirrored(*told, sender=ours, said={"tracking_url": "https://t"})
        assert (again.facets, again.words) == (after.facets, after.words)


def test_a_retelling_of_another_sender_moves_only_by_its_changed_words() -> None:
    book = Book()
    order = fetched(book, ACTIVE, ("polinate_status", "PACKED"))
    ours = ids.dashed(order.id)
    sent = konvo("shipped", "in_transit")
    assert book.mirrored(*sent, sender=ours).words["polinate_status"] == "IN_TRANSIT"
    book.told(order, ("polinate_status", "DELIVERED"))
    late = book.mirrored(*sent, sender=ours, said={"tracking_url": "https://t/2"})
    assert (late.facets.fulfilment, late.tracking_url) == ("delivered", "https://t/2")
    lost = book.mirrored(*konvo("shipped", "failure"), sender=ours)
    assert (lost.facets.fulfilment, lost.words["konvo"]) == ("lost", "shipped")


def test_what_konvo_told_outweighs_no_word_of_the_source() -> None:
    """The source brings its order again: what it says of the goods now is what counts."""
    book = Book()
    order = fetched(book, ACTIVE, ("polinate_status", "DELIVERED"))
    book.mirrored(("konvo_shipment", "ready_for_pickup"), sender=ids.dashed(order.id))
    again = fetched(book, ACTIVE, ("polinate_status", "PACKED"))
    assert (again.id, again.facets.fulfilment) == (order.id, "packed")


@pytest.mark.parametrize("phase", ["DRAFT", "PENDING"])
@pytest.mark.parametrize("told", [konvo("paid"), konvo(None, "in_transit"), konvo("shipped")])
def test_a_fetched_order_is_confirmed_once_it_is_paid_or_on_its_way(phase: str, told: Told) -> None:
    """The phase is the source's word, and no word of the one who tells now."""
    book = Book()
    order = fetched(book, ("polinate_phase", phase), ("polinate_status", "UNASSIGNED"))
    ours = ids.dashed(order.id)
    assert book.mirrored(*konvo("open", "none"), sender=ours).words["polinate_phase"] == phase
    assert book.mirrored(*told, sender=ours).words["polinate_phase"] == "ACTIVE"


@pytest.mark.parametrize("word", ["shipped", "fulfilled", "paid"])
def test_a_word_that_says_no_place_leaves_the_goods_where_the_source_has_them(word: str) -> None:
    book = Book()
    order = fetched(book, ACTIVE, ("polinate_status", "DELIVERED"))
    after = book.mirrored(*konvo(word), sender=ids.dashed(order.id))
    assert (after.words["konvo"], after.words["polinate_status"]) == (word, "DELIVERED")
