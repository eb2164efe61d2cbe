"""A telling that takes an order back is taken, and its order says so."""

from __future__ import annotations

import pytest
from tests.core.tellings import (
    Told,
    konvo,
    moved,
    view,
)

from entrepot.core import telling

LATE = [
    (konvo("fulfilled", "delivered"), konvo("open", "none")),
    (konvo("completed", "delivered"), konvo("open", "none")),
    (konvo("refunded", "none"), konvo("paid", "none")),
    (konvo("cancelled", "none"), konvo("shipped", "none")),
    (konvo("shipped", "in_transit"), konvo("paid", "none")),
]


@pytest.mark.parametrize(("late", "again"), LATE)
def test_a_late_telling_is_taken_and_said_to_be_one(late: Told, again: Told) -> None:
    order = moved(again, late, again)
    assert view((order.facets, order.told_words, "")) == view(telling.first_told(again))
    assert order.reason == "moved_back"
    assert order.reason_detail is not None
    assert "konvo=" in order.reason_detail
    on = moved(again, late, again, konvo("completed", "delivered"))
    assert (on.reason, on.reason_detail) == (None, None)


@pytest.mark.parametrize(
    "way",
    [
        (konvo("open"), konvo("paid"), konvo("paid", "in_transit"), konvo("fulfilled", "delivered"),
         konvo("completed", "delivered"), konvo("refunded", "delivered")),
        (konvo("paid"), konvo("cancelled"), konvo("refunded")),
        (konvo("paid", "attempted_delivery"), konvo("paid", "ready_for_pickup"),
         konvo("paid", "failure"), konvo("paid", "delivered")),
    ],
)  # fmt: skip
def test_the_usual_way_is_no_way_back(way: tuple[Told, ...]) -> None:
    for length in range(1, len(way) + 1):
        assert moved(*way[:length]).reason is None
