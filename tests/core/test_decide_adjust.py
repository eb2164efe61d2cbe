"""Adjusting stock, as the organization's log tells it."""

from __future__ import annotations

import json

from tests.core.book import HERE, ORG, TRACKED, Book
from tests.quantities import much

from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.ids import dashed


def test_an_adjustment_is_told_in_the_log_of_the_organization() -> None:
    book = Book()
    book.stock(TRACKED, 5)
    book.facts.actor = "key:k"
    changes = book.changes(AdjustStock(ORG, TRACKED, HERE, much("-0.5"), "broken", source="native"))
    [entry], [event] = changes.entries, changes.events
    told = (event.type, event.subject, event.subject_id, event.seq, event.source, event.actor)
    assert told == ("stock.adjusted", "stock_entry", entry.id, 1, "native", "key:k")
    body = {"variant_id": dashed(TRACKED), "location_id": dashed(HERE), "delta": -0.5}
    assert json.loads(event.body) == body | {"reason": "broken"}
