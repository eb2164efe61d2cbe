"""Orders that were announced before they came: what is answered of them."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, Book, notice, one

from entrepot.core.decide.amend import AmendOrder
from entrepot.core.order import revision
from entrepot.core.results import NotedResult


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


def test_an_order_that_the_same_batch_brought_is_not_announced() -> None:
    book = Book()
    mirrored, placed = book.mirrored(sender="k-9"), book.placed(external_reference="PO-7")
    for text, order in (("k-9", mirrored), ("PO-7", placed)):
        assert book.done(notice(text)) == NotedResult(fetching=False)
        assert book.order(order).ingested
    assert not book.facts.announced
