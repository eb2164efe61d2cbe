"""The same story told in each dialect's own words ends in the same facets."""

from __future__ import annotations

import pytest
from tests.core.book import ENTRY, HERE, ORG, TRACKED, WANTS, Book, line, one
from tests.quantities import much

from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.facets import Facets
from entrepot.core.money import Amount
from entrepot.core.order import Order

Told = tuple[tuple[str, str], ...]


def polinate(phase: str, status: str) -> Told:
    return (("polinate_phase", phase), ("polinate_status", status))


def konvo(status: str, shipment: str) -> Told:
    return (("konvo", status), ("konvo_shipment", shipment))


def synq(*told: str) -> Told:
    return tuple(("synq", word) for word in told)


# Another system's order, first told in each dialect.
MIRRORED: list[tuple[Facets, Told, Told]] = [
    (Facets("placed"), polinate("PENDING", "UNASSIGNED"), konvo("open", "none")),
    (
        Facets("confirmed", fulfilment="in_transit"),
        polinate("ACTIVE", "IN_TRANSIT"),
        konvo("shipped", "in_transit"),
    ),
    (
        Facets("confirmed", fulfilment="delivered"),
        polinate("ACTIVE", "DELIVERED"),
        konvo("fulfilled", "delivered"),
    ),
    (
        Facets("completed", fulfilment="delivered"),
        polinate("ARCHIVED", "DELIVERED"),
        konvo("completed", "delivered"),
    ),
    (Facets("cancelled"), polinate("CANCELLED", "UNASSIGNED"), konvo("cancelled", "none")),
]


@pytest.mark.parametrize(("facets", "in_polinate", "in_konvo"), MIRRORED)
def test_a_mirrored_order(facets: Facets, in_polinate: Told, in_konvo: Told) -> None:
    for told in (in_polinate, in_konvo):
        order = Book().mirrored(*told)
        assert order.facets == facets
        assert all(order.words[axis] == word for axis, word in told)


def placed(book: Book, dialect: str) -> Order:
    """One article, 2 x 10.00, in the shape of command that the dialect's reader makes."""
    price = Amount(1000, 2)
    if dialect == "synq":
        lines = (line(quantity=2, price=price, title="Article"),)
        command = PlaceOrder(ORG, "synq", "EUR", lines, CustomerRef(first_name="Ada"))
    else:
        entry = VariantRef(entry_id=ENTRY[TRACKED], field="itemListEntryId")
        lines = (DraftLine("orderItems[0]", entry, much(2), price),)
        command = PlaceOrder(ORG, dialect, "EUR", lines, total=Amount(20, 0), **WANTS[dialect])
    return one(book.done(command))


# A managed order after its confirmation: each step in each dialect's words.
STEPS: list[tuple[Facets, dict[str, list[Told]]]] = [
    (
        Facets("cancelled", fulfilment="accepted"),
        {
            "synq": [synq("cancelled")],
            "polinate": [polinate("CANCELLED", "ACCEPTED")],
            "konvo": [konvo("cancelled", "none")],
        },
    ),
    (
        Facets("confirmed", fulfilment="packed"),
        {"synq": [synq("processing")], "polinate": [polinate("ACTIVE", "PACKED")]},
    ),
    (
        Facets("confirmed", fulfilment="in_transit"),
        {
            "synq": [synq("processing"), synq("fulfilled")],
            "polinate": [polinate("ACTIVE", "PACKED"), polinate("ACTIVE", "IN_TRANSIT")],
            "konvo": [synq("processing"), konvo("shipped", "in_transit")],
        },
    ),
    (
        Facets("completed", fulfilment="delivered"),
        {
            "synq": [synq("processing"), synq("delivered"), synq("completed")],
            "polinate": [polinate("ACTIVE", "PACKED"), polinate("ARCHIVED", "DELIVERED")],
            "konvo": [synq("processing"), konvo("completed", "delivered")],
        },
    ),
    (
        Facets("confirmed", fulfilment="delivered", returns="returned"),
        {
            "synq": [synq("processing"), synq("delivered"), synq("returned")],
            "polinate": [
                polinate("ACTIVE", "PACKED"),
                polinate("ACTIVE", "DELIVERED"),
                polinate("ACTIVE", "RETURNED"),
            ],
        },
    ),
]


@pytest.mark.parametrize("origin", ["synq", "polinate"])
@pytest.mark.parametrize(("facets", "stories"), STEPS)
def test_a_managed_order(facets: Facets, stories: dict[str, list[Told]], origin: str) -> None:
    ends = set()
    for story in stories.values():
        book = Book()
        book.stock(TRACKED, 10)
        order = placed(book, origin)
        book.reserved(order)
        for told in story:
            book.told(order, *told)
        assert book.order(order).facets == facets
        left = book.level(TRACKED, HERE)
        states = tuple(row.state for row in book.reservations(order))
        ends.add((left.on_hand, left.reserved, states))
    assert len(ends) == 1


def test_both_ways_of_placing_write_the_same_rows() -> None:
    rows = []
    for dialect in ("synq", "polinate"):
        book = Book()
        book.stock(TRACKED, 10)
        order = placed(book, dialect)
        book.reserved(order)
        order = book.order(order)
        kept = [(r.variant_id, r.quantity, r.price, r.location_id) for r in order.lines]
        rows.append(
            (order.facets, order.words, order.total.at(2), order.subtotal, kept, book.level())
        )
    assert rows[0] == rows[1]
