"""A channel that is not active accepts no orders, however its name or its id is told."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, Book, line

from entrepot.core.decide.open_channel import MakeChannel
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.ids import dashed
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import ChannelResult


@pytest.mark.parametrize(
    ("spelled", "closed"),
    [
        (lambda _: "market", True),
        (dashed, True),
        (bytes.hex, True),
        (lambda _: " market\u00a0", True),
        (lambda id_: f" {dashed(id_)}", True),
        (lambda _: "Market", False),
        (lambda _: "another", False),
    ],
)
def test_an_order_names_a_closed_channel(spelled: object, closed: bool) -> None:
    book = Book()
    made = book.done(MakeChannel(ORG, "synq", "market", "EUR", active=False))
    book.done(MakeChannel(ORG, "synq", "another", "EUR"))
    assert isinstance(made, ChannelResult)
    assert callable(spelled)
    said = {"channel": spelled(made.channel.id)}
    order = PlaceOrder(ORG, "synq", "EUR", (line(),), said=said, looks_at_channel=True)
    outcome = book.attempted(order)
    assert isinstance(outcome, Refusal) == closed
    if isinstance(outcome, Refusal):
        assert (outcome.reason, outcome.field) == (Reason.CHANNEL_CLOSED, "channel")
