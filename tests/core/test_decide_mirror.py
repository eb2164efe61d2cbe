"""Mirroring: what another system says of its orders is taken over, all of it or none."""

from __future__ import annotations

import json

import pytest
from tests.core.book import GUEST, ORG, TRACKED, Book, line, named, notice, one, told_as
from tests.quantities import much, units

from entrepot.core import ids, words
from entrepot.core.commands import CustomerRef, DraftLine, LineChange
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders
from entrepot.core.decide.notify import fetch_job_id
from entrepot.core.facets import Facets
from entrepot.core.money import UNITS_MAX, Amount
from entrepot.core.order import Customer
from entrepot.core.refusal import Reason
from entrepot.core.results import OrdersResult

PAID = ("konvo", "paid")


def mirrored(*drafts: object) -> MirrorOrders:
    return MirrorOrders(ORG, "konvo", tuple(drafts))  # type: ignore[arg-type]


def test_a_first_telling_makes_the_order() -> None:
    book = Book()
    draft = told_as(PAID, ("konvo_shipment", "in_transit"), said={"notes": "ring"})
    changes = book.changes(mirrored(draft))
    [order] = changes.orders
    assert (order.managed, order.sender_id, order.notes) == (False, "k-1", "ring")
    assert order.facets == Facets("confirmed", "paid", "in_transit")
    assert (order.words["konvo"], order.words["konvo_shipment"]) == ("paid", "in_transit")
    assert order.words["synq"] == "fulfilled"
    assert (order.total, order.subtotal) == (Amount(2000, 2), Amount(2500, 2))
    assert [event.type for event in changes.events] == ["order.mirrored"]
    assert [*changes.jobs, *changes.levels, *changes.reservations] == []
    assert len(changes.customers) == len(changes.variants) == 1


def test_the_same_content_again_changes_nothing_and_is_counted() -> None:
    book = Book()
    command = book.mirroring(PAID)
    first = book.done(command)
    changes = book.changes(command)
    assert [*changes.orders, *changes.events] == []
    assert book.done(command) == first


def test_another_content_replaces_what_was_said() -> None:
    book = Book()
    book.mirrored(PAID, said={"notes": "old", "channel": "web"})
    lines = (named("sku-2", 1), named("sku-1", 5))
    order = book.mirrored(
        ("konvo", "completed"), lines=lines, total=Amount(7, 0), said={"notes": "new"}
    )
    assert (order.notes, order.channel, order.total) == ("new", "web", Amount(7, 0))
    assert [(row.number, row.title, units(row.quantity)) for row in order.lines] == [
        (1, "sku-1", 5),
        (2, "sku-2", 1),
    ]
    assert order.facets == Facets("completed", "paid", "delivered")
    assert book.types(order) == ["order.mirrored", "order.amended", "order.moved"]
    fewer = book.mirrored(PAID, lines=(named("sku-2", 1),))
    assert [(row.number, row.title) for row in fewer.lines] == [(2, "sku-2")]


def test_all_or_none() -> None:
    book = Book()
    bad = told_as(PAID, sender="k-2", where="[1]", lines=(named("x", 2, Amount(UNITS_MAX, 0)),))
    refusal = book.refused(mirrored(told_as(PAID), bad))
    assert (refusal.reason, refusal.field) == (Reason.INVALID, "[1]")
    assert not book.facts.orders


def test_every_order_that_cannot_be_taken_is_named_and_the_others_can_go() -> None:
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(quantity=1))
    ours = ids.dashed(order.id)
    huge = (named("x", 2, Amount(UNITS_MAX, 0)),)
    drafts = [
        told_as(PAID, sender="k-1", where="[0]"),
        told_as(PAID, sender=ours, where="[1]"),
        told_as(PAID, sender="k-3", where="[2]", lines=huge),
        told_as(("konvo", "refunded"), sender=ours, where="[3]"),
    ]
    refusal = book.refused(mirrored(*drafts))
    assert refusal.reason is Reason.INVALID
    assert [one.field for one in (refusal, *refusal.others)] == ["[1]", "[2]", "[3]"]
    assert "payment moves only with its provider" in refusal.sentence
    assert refusal.sentence.endswith("send the other orders without these.")
    assert list(book.facts.orders.values()) == [book.order(order)]
    book.done(mirrored(drafts[0]))
    alone = book.refused(mirrored(drafts[1]))
    assert (alone.others, alone.advice) == ((), "")


def test_telling_a_mirrored_order_again_restores_what_its_sender_tells() -> None:
    """Somebody else changed it meanwhile; the sender's own content comes back, its words do not."""
    book = Book()
    said = {"external_name": "#1", "delivery_address": "1 Right St"}
    told = told_as(PAID, lines=(named("a", 2), named("b", 1)), said=said)
    before = one(book.done(mirrored(told)))
    change = AmendOrder(
        ORG, "polinate", before.id, words=(("polinate_status", "DELIVERED"),),
        said={"delivery_address": "2 Wrong St", "notes": "mine"}, total=Amount(1, 0),
        delete_lines=(("d", before.lines[1].id),),
        update_lines=(LineChange("u", before.lines[0].id, much(7)),),
    )  # fmt: skip
    changed = one(book.done(change))
    assert (len(changed.lines), changed.total) == (1, Amount(1, 0))
    after = one(book.done(mirrored(told)))
    assert [(row.title, units(row.quantity)) for row in after.lines] == [("a", 2), ("b", 1)]
    assert (after.total, after.delivery_address) == (before.total, "1 Right St")
    # Members that the sender never told stay, and so does a move by another dialect.
    assert (after.notes, after.facets.fulfilment) == ("mine", "delivered")
    assert book.types(after)[-1] == "order.amended"
    again = one(book.done(mirrored(told)))
    assert again == after


def test_telling_again_what_nobody_changed_changes_nothing_after_a_note_either() -> None:
    book = Book()
    told = told_as(PAID)
    order = one(book.done(mirrored(told)))
    noted = one(book.done(AmendOrder(ORG, "polinate", order.id, said={"notes": "mine"})))
    after = one(book.done(mirrored(told)))
    # Not even what the sender told is written again: a row that is written has a new time.
    assert after == noted


def test_a_managed_order_that_is_told_again_moves_by_its_changed_words_only() -> None:
    """Its parcel has arrived, as another dialect says; then comes a retry with other content."""
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(quantity=4))
    ours = ids.dashed(order.id)
    told = (("konvo_shipment", "in_transit"), ("konvo", "shipped"))
    book.mirrored(*told, sender=ours)
    book.told(order, ("polinate_status", "DELIVERED"))
    late = book.mirrored(*told, sender=ours, said={"tracking_url": "https://t/2"})
    assert (late.facets.fulfilment, late.tracking_url) == ("delivered", "https://t/2")
    moved = book.refused(book.mirroring(("konvo_shipment", "out_for_delivery"), sender=ours))
    assert moved.reason is Reason.ILLEGAL_MOVE


BOUGHT, GIVEN = Amount(1000, 2), Amount(0, 2)


@pytest.mark.parametrize(
    "retold",
    [
        (named("a", 1, GIVEN), named("a", 1, BOUGHT)),  # the other way round
        (named("a", 1, BOUGHT), named("a", 1, GIVEN)),
        (named("a", 5, GIVEN), named("a", 1, BOUGHT)),  # and more of one
        (named("a", 1, GIVEN), named("a", 5, BOUGHT)),
        (named("b", 1, BOUGHT), named("a", 1, GIVEN), named("a", 1, BOUGHT)),
        (named("a", 1, GIVEN),),
        (named("a", 2, BOUGHT),),
    ],
)
def test_lines_of_one_variant_keep_what_they_are(retold: tuple[DraftLine, ...]) -> None:
    """A gift beside what was bought stays the gift, in whatever order the lines are told."""
    book = Book()
    first = book.mirrored(PAID, lines=(named("a", 1, BOUGHT), named("a", 1, GIVEN)))
    ids_by_price = {row.price: row.id for row in first.lines}
    after = book.mirrored(PAID, lines=retold)
    assert len(after.lines) == len(retold)
    for row in after.lines:
        if row.title == "a":
            assert row.id == ids_by_price[row.price]
    again = book.mirrored(PAID, lines=tuple(reversed(retold)))
    assert {row.id: row.price for row in again.lines} == {row.id: row.price for row in after.lines}


def test_lines_of_one_variant_stay_apart_however_their_prices_are_written() -> None:
    book = Book()
    first = book.mirrored(PAID, lines=(named("a", 1, Amount(10, 0)), named("a", 1, Amount(0, 0))))
    after = book.mirrored(PAID, lines=(named("a", 1, GIVEN), named("a", 1, BOUGHT)))
    assert after.lines == first.lines
    more = book.mirrored(PAID, lines=(named("a", 1, GIVEN), named("a", 5, BOUGHT)))
    assert [row.id for row in more.lines] == [row.id for row in first.lines]
    assert [units(row.quantity) for row in more.lines] == [5, 1]


def test_lines_of_one_variant_keep_what_somebody_else_told_of_them() -> None:
    """The cost of each line was told by another dialect; their sender does not tell costs."""
    book = Book()
    lines = (named("a", 1, BOUGHT), named("a", 3, BOUGHT))
    first = book.mirrored(PAID, lines=lines)
    costs = tuple(
        [LineChange("[0]", row.id, cost=Amount(100 + row.number, 2)) for row in first.lines]
    )
    known = one(book.done(AmendOrder(ORG, "polinate", first.id, update_lines=costs)))
    after = book.mirrored(PAID, lines=tuple(reversed(lines)))
    assert after.lines == known.lines


def test_a_line_whose_price_changed_is_the_one_that_is_left() -> None:
    book = Book()
    first = book.mirrored(PAID, lines=(named("a", 1, BOUGHT), named("a", 1, GIVEN)))
    dearer = Amount(1200, 2)
    after = book.mirrored(PAID, lines=(named("a", 1, dearer), named("a", 1, GIVEN)))
    assert [row.id for row in after.lines] == [row.id for row in first.lines]
    assert [row.price for row in after.lines] == [dearer, GIVEN]


@pytest.mark.parametrize("ended", ["CANCELLED", "DELETED"])
@pytest.mark.parametrize("told", [PAID, ("konvo", "shipped"), ("konvo_shipment", "delivered")])
def test_an_order_that_ended_here_is_taken_and_stays(ended: str, told: tuple[str, str]) -> None:
    """It keeps nobody else out, and its sender cannot mend it."""
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(quantity=1))
    book.told(order, ("polinate_phase", "CANCELLED"))
    if ended == "DELETED":
        book.told(order, ("polinate_phase", "DELETED"))
    other = book.mirrored(PAID, sender="k-9")
    book.told(other, ("polinate_phase", "DELETED"))
    ours = ids.dashed(order.id)
    before = book.order(order), book.order(other)
    drafts = [
        told_as(told, sender=ours, where="[0]"),
        told_as(told, sender="k-9", where="[1]", said={"notes": "late"}),
        told_as(PAID, sender="k-2", where="[2]"),
    ]
    result = book.done(mirrored(*drafts))
    assert isinstance(result, OrdersResult)
    assert result.orders[:2] == before == (book.order(order), book.order(other))
    assert result.orders[2].words["konvo"] == "paid"


def test_one_order_twice_in_an_array_is_one_order_as_last_told() -> None:
    book = Book()
    drafts = [
        told_as(("konvo", "open"), lines=(named("a"), named("b"))),
        told_as(PAID, sender="k-2"),
        told_as(("konvo", "cancelled"), lines=(named("b"), named("c"))),
    ]
    result = book.done(mirrored(*drafts))
    assert isinstance(result, OrdersResult)
    first, second, again = result.orders
    assert first == again == book.order(first)
    assert second.sender_id == "k-2"
    assert (len(book.facts.orders), first.facets.stage) == (2, "cancelled")
    assert [row.title for row in first.lines] == ["b", "c"]


def test_one_array_tells_an_order_by_its_senders_id_and_by_ours() -> None:
    book = Book()
    known = book.mirrored(("konvo", "open"))
    drafts = [
        told_as(PAID, said={"notes": "as theirs"}),
        told_as(("konvo", "refunded"), sender=ids.dashed(known.id), said={"notes": "as ours"}),
        told_as(PAID, sender="k-2"),
        told_as(("konvo", "completed")),
    ]
    result = book.done(mirrored(*drafts))
    assert isinstance(result, OrdersResult)
    theirs, ours, other, last = result.orders
    assert theirs == ours == last == book.order(known)
    assert (last.id, last.facets.stage, last.notes) == (known.id, "completed", "as ours")
    assert other.id != known.id
    numbers = [event.seq for event in book.facts.events if event.subject_id == known.id]
    assert numbers == list(range(1, last.version + 1))


@pytest.mark.parametrize(
    ("told", "facets"),
    [
        ((), Facets("placed")),
        ((("konvo_shipment", "none"),), Facets("placed")),
        ((("konvo_shipment", "in_transit"),), Facets("confirmed", fulfilment="in_transit")),
        ((("konvo", "refunded"),), Facets("confirmed", "refunded")),
        ((("konvo", "open"), ("konvo_shipment", "delivered")),
         Facets("confirmed", fulfilment="delivered")),
        ((("polinate_phase", "DELETED"),), Facets("deleted")),
    ],
)  # fmt: skip
def test_where_a_first_telling_stands(told: tuple[tuple[str, str], ...], facets: Facets) -> None:
    assert Book().mirrored(*told).facets == facets


@pytest.mark.parametrize("axis", words.AXES)
def test_every_pair_of_words_is_accepted_and_read_back(axis: str) -> None:
    for first in words.AXES[axis].rows:
        for second in words.AXES[axis].rows:
            book = Book()
            book.mirrored((axis, first))
            order = book.mirrored((axis, second))
            # Nothing leaves `deleted`: what its sender says then is taken and changes nothing.
            assert order.words[axis] == (first if first == "DELETED" else second)


def test_our_id_of_a_customer_names_the_customer_and_the_guests_names_nobody() -> None:
    book = Book()
    known = [
        Customer(ORG, id_, "Ann", None, None, None, None, 1, 1) for id_ in (GUEST, b"a" * 16)
    ]  # fmt: skip
    book.facts.customers.read(known)
    for number, one_of in enumerate(known):
        ref = CustomerRef(own=("konvo", ids.dashed(one_of.id)), first_name="Ann")
        order = book.mirrored(PAID, sender=f"k-{number}", customer=ref)
        assert (order.customer_id == one_of.id) is (one_of.id != GUEST)


def test_a_mirrored_order_takes_no_stock_and_no_money() -> None:
    book = Book()
    book.stock(TRACKED, 10)
    order = book.mirrored(PAID, lines=(line(quantity=4),))
    book.mirrored(PAID, ("konvo_shipment", "delivered"), lines=(line(quantity=4),))
    book.mirrored(("konvo", "cancelled"), lines=(line(quantity=4),))
    assert (book.level().on_hand, book.level().reserved) == (10, 0)
    assert (book.jobs(order), book.reservations(order)) == ([], [])
    assert [row.location_id for row in book.order(order).lines] == [None]


def test_a_managed_order_told_by_its_id_only_moves() -> None:
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(quantity=4))
    sender = ids.dashed(order.id)
    said = {"tracking_url": "https://t/1", "notes": "not yours"}
    moved = book.mirrored(("konvo_shipment", "confirmed"), sender=sender, said=said)
    assert (moved.id, moved.facets.fulfilment) == (order.id, "accepted")
    assert (moved.tracking_url, moved.notes) == ("https://t/1", None)
    assert (moved.lines, moved.total) == (order.lines, order.total)
    refusal = book.refused(book.mirroring(PAID, sender=sender))
    assert refusal.reason is Reason.ILLEGAL_MOVE
    cancelled = book.mirrored(("konvo", "cancelled"), sender=sender)
    assert cancelled.facets.stage == "cancelled"
    assert (book.level().reserved, book.job(order).kind) == (0, "void")


def test_a_managed_order_told_twice_in_one_array() -> None:
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(quantity=4))
    book.told(order, ("polinate_status", "PACKED"))
    sender = ids.dashed(order.id)
    book.mirroring(sender=sender)
    book.done(
        mirrored(
            told_as(("konvo_shipment", "in_transit"), sender=sender),
            told_as(("konvo", "completed"), ("konvo_shipment", "delivered"), sender=sender),
        )
    )
    assert book.order(order).facets == Facets("completed", "authorized", "delivered")
    assert (book.level().on_hand, book.level().reserved) == (6, 0)


def test_a_fetched_order_ends_its_job_and_a_stale_one_is_refused() -> None:
    book = Book(has_source=True)
    book.done(notice("PO-9"))
    job_id = fetch_job_id(ORG, "PO-9")
    draft = told_as(("polinate_phase", "ACTIVE"), sender="PO-9", said={"ingested": True})
    fence = book.facts.jobs[ORG, job_id].fence
    fetched = MirrorOrders(ORG, "polinate", (draft,), job_id, fence)
    assert book.refused(fetched._replace(fence=fence + 1)).reason is Reason.STALE_LEASE
    result = book.done(fetched)
    assert isinstance(result, OrdersResult)
    [order] = result.orders
    assert book.types(order) == ["order.mirrored", "order.ingested"]
    assert not book.facts.jobs
    assert json.loads(book.events(order)[0].body)["facets"] == list(order.facets)
