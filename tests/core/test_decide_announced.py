"""Orders that were announced before they came: what is answered of them."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, Book, notice, one

from entrepot.core.decide.amend import AmendOrder
from entrepot.core.order import revision


@pytest.mark.parametrize("way", ["placed", "amended", "mirrored"])
def test_the_answer_of_an_announced_order_has_its_revision(way: str) -> None:
    """A client that changes the order next names the revision that it was answered with."""
    book = Book()
    before = None if way != "amended" else book.placed()
    book.done(notice("PO-7"))
    said = {"external_reference": "PO-7"}
    if before is not None:
        order = one(book.done(AmendOrder(ORG, "polinate", before.id, said=said)))
    else:
        order = book.placed(**said) if way == "placed" else book.mirrored(said=said)
    known = book.order(order)
    assert (order.ingested, revision(order)) == (True, revision(known))
