"""The laws of the book in memory, checked after each command."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from entrepot.core import events, held, shipments, words
from entrepot.core.attributing import UNSOLD
from entrepot.core.facets import ENDED, SHIPPED, Facets
from entrepot.core.lifecycle import COMPLETABLE_FULFILMENT as MADE
from entrepot.core.order import Event, Order
from entrepot.core.returns import OPEN, RETURN_LINES, RETURNS
from entrepot.core.shipments import SHIPMENT_LINES, SHIPMENTS

if TYPE_CHECKING:
    from tests.core.book import Book


def check(book: Book) -> None:
    """Fail where one of the laws does not hold."""
    _check_stock(book)
    for order in book.facts.orders.values():
        _check_order(book, order)
        _check_goods(book, order)
        if order.managed:
            _check_pipeline(book, order)


def _check_stock(book: Book) -> None:
    claimed: dict[tuple[int, bytes, bytes], int] = {}
    counted: dict[tuple[int, bytes, bytes], int] = {}
    for row in book.facts.reservations.values():
        if row.state in ("held", "committed"):
            shelf = (row.org, row.variant_id, row.location_id)
            claimed[shelf] = claimed.get(shelf, 0) + row.left
    for entry in book.facts.entries:
        shelf = (entry.org, entry.variant_id, entry.location_id)
        counted[shelf] = counted.get(shelf, 0) + entry.delta
    for shelf, level in book.facts.levels.items():
        assert level.reserved == claimed.pop(shelf, 0)
        assert level.on_hand == counted.pop(shelf, 0)
        assert level.reserved >= 0
        assert level.soft or level.reserved <= level.on_hand
    assert (claimed, counted) == ({}, {})


def _check_goods(book: Book, order: Order) -> None:
    """Goods that left with shipments are gone from the reservations, and the order stands
    accordingly.
    """
    key = (order.org, order.id)
    sent = shipments.summed(book.facts.group(SHIPMENT_LINES, key))
    numbers = sorted(one.number for one in book.facts.group(SHIPMENTS, key))
    assert numbers == list(range(1, len(numbers) + 1))
    if not numbers:
        assert not sent
        return
    wanted = {row.id: row.quantity for row in order.lines}
    assert all(0 < quantity <= wanted[id_] for id_, quantity in sent.items())
    whole = sent == {id_: quantity for id_, quantity in wanted.items() if quantity > 0}
    assert whole == (order.facets.fulfilment in SHIPPED)
    assert whole != (order.facets.fulfilment == "partially_shipped")
    rows = book.facts.group(RETURN_LINES, key)
    open_ = {one.number for one in book.facts.group(RETURNS, key) if one.state in OPEN}
    awaited = shipments.summed([row for row in rows if row.is_back or row.number in open_])
    assert all(0 < quantity <= sent[id_] for id_, quantity in awaited.items())
    back = shipments.summed([row for row in rows if row.is_back])
    assert all(0 < quantity <= sent[id_] for id_, quantity in back.items())
    if back:
        assert order.facets.returns in ("partial", "returned")
        assert order.facets.returns == "returned" or back != wanted
    for row in book.reservations(order):
        assert row.shipped == sent.get(row.line_id, 0)
        assert (row.state == "shipped") == (row.shipped == row.quantity)


def fold(told: list[Event]) -> tuple[Facets, str, int]:
    """The order by its events: its facets, its total as text, and its version."""
    body = json.loads(told[-1].body)
    return Facets(*body["facets"]), body["total"], told[-1].seq


def _check_order(book: Book, order: Order) -> None:
    told = book.events(order)
    assert [event.seq for event in told] == list(range(1, order.version + 1))
    assert all(one.at <= then.at for one, then in itertools.pairwise(told))
    assert fold(told) == (order.facets, order.total.text(), order.version)
    assert all(event.type in events.TYPES and json.loads(event.body) for event in told)
    for axis, word in order.words.items():
        assert words.is_true(axis, word, order.facets)
    assert order.told_words == words.kept(order.facets, order.told_words)
    kept = {key[2]: own.line for key, own in book.facts.lines.items() if key[1] == order.id}
    assert [kept[row.id] for row in order.lines] == list(order.lines)
    fresh = {key[2] for key in book.facts.lines.new if key[1] == order.id}
    assert fresh == {row.id for row in order.lines}


def _check_pipeline(book: Book, order: Order) -> None:
    steps = [job.kind for job in book.jobs(order)]
    stops = held.STEPS if held.is_held(order) else ()
    assert all((job.state == held.STOPPED) == (job.kind in stops) for job in book.jobs(order))
    assert len(set(steps)) == len(steps)
    assert len(steps) <= 1 or set(steps) <= {
        "capture",
        "refund",
        "void",
        "increase",
        "hear",
        "look",
    }
    funds = book.facts.funds_of((order.org, order.id))
    # A capture that is under way is waited for before the rest is let go.
    lets_go = funds and (funds.with_open("void") or funds.with_open("capture"))
    claims = [row.state for row in book.reservations(order)]
    if order.facets.stage == "placed":
        assert steps == (["authorise"] if funds else ["reserve"])
    elif order.facets.stage in ENDED:
        assert not {"held", "committed"} & set(claims)
        # A sale that was made keeps its money when the order is deleted.
        made = order.facets.stage == "deleted" and order.facets.fulfilment in MADE
        assert funds is None or funds.facet != "authorized" or lets_go or made
    if funds is None:
        return
    assert all(funds.with_open(kind) is None or kind in steps for kind in ("void", "capture"))
    assert funds.asked is None or "increase" in steps or order.facets.stage == "placed"
    assert funds.due == order.total.at(funds.scale)
    if funds.with_open("void") is None:
        assert order.facets.payment == funds.facet_after(order.facets.payment)


def owned(order: Order) -> tuple[Any, ...]:
    """What of an order its contact, and what the order is credited to, follow from."""
    told = (order.created_at, order.made_at, order.channel, order.source_platform, order.origin)
    return order.customer_id, told, order.facets.stage in UNSOLD
