"""States as tables: every state is told, and no command makes a move that its table has not."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from tests.core.book import Book, line
from tests.quantities import much

from entrepot.core import lifecycle, reservations, returns, shipments, states
from entrepot.core.changes import Changes
from entrepot.core.decide import goods
from entrepot.core.facts import Facts
from entrepot.core.order import Order

TABLES = {
    "stage": (states.STAGE, lifecycle.STAGE_MOVES),
    "fulfilment": (states.FULFILMENT, lifecycle.FULFILMENT_MOVES),
    "returns": (states.RETURN, lifecycle.RETURN_MOVES),
    "reservation": (states.RESERVATION, reservations.STATE_MOVES),
    "shipment": (states.SHIPMENT, shipments.STATE_MOVES),
    "return": (states.RETURN_OF_GOODS, returns.STATE_MOVES),
}


@pytest.mark.parametrize("name", TABLES)
def test_every_state_is_told_with_its_way_in_and_out(name: str) -> None:
    told, moves = TABLES[name]
    assert set(told) == set(moves)
    for state, one in told.items():
        assert one.comes.endswith(".")
        assert one.goes.endswith(".")
        assert not moves[state] - set(told)
        if one.goes == "Never.":
            assert not moves[state]


def _expire(order: Order, facts: Facts, changes: Changes) -> object:
    return goods.release(order, facts, changes, "expired")


# What can be done with the claims of an order, and where that leads.
DEEDS: dict[str, Callable[[Order, Facts, Changes], object]] = {
    "committed": goods.commit,
    "released": goods.release,
    "expired": _expire,
    "shipped": goods.ship,
}
# Claims of a placed order are held: nothing leaves of one, and its hold ends.
# A claim that left whole is opened again where its line is raised.
BY_LINES = {("shipped", "committed")}
NEVER_ASKED = {("held", "shipped"), ("committed", "expired")}


def reserved_moves() -> set[tuple[str, str]]:
    moves = reservations.STATE_MOVES
    return {(before, after) for before in moves for after in moves[before]}


@pytest.mark.parametrize(
    ("before", "deed"), list(itertools.product(reservations.STATES, DEEDS)), ids=str
)
def test_a_claim_moves_as_its_table_says(before: str, deed: str) -> None:
    book = Book()
    book.stock()
    order = book.confirmed(line(quantity=2), paid=False)
    [claim] = book.reservations(order)
    shipped = much(2) if before == "shipped" else much(0)
    book.facts.reservations.put(claim._replace(state=before, shipped=shipped))
    changes = Changes(book.facts)
    DEEDS[deed](order, book.facts, changes)
    after = next((one.state for one in changes.reservations), before)
    if (before, deed) in NEVER_ASKED:
        return
    if (before, deed) in reserved_moves() - BY_LINES:
        assert after == deed
    else:
        assert (after, list(changes.levels)) == (before, [])
