"""A channel that is not active accepts no orders, however its name or its id is told."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, Book, line

from entrepot.core.decide.classify import MakeTaxon
from entrepot.core.decide.invite import InviteMember
from entrepot.core.decide.open_channel import MakeChannel
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.ids import dashed
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import ChannelResult, MemberResult
from entrepot.core.taxonomy import ATTRIBUTE


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


def test_two_spellings_of_a_letter_are_one_name_of_a_channel() -> None:
    """An order that spelled the name of a closed channel in two characters was accepted."""
    book = Book()
    book.done(MakeChannel(ORG, "synq", "Caf\u00e9", "EUR", active=False))
    again = book.attempted(MakeChannel(ORG, "synq", "Cafe\u0301", "EUR"))
    assert isinstance(again, Refusal)
    assert again.reason is Reason.DUPLICATE_ENTRY
    order = PlaceOrder(
        ORG, "synq", "EUR", (line(),), said={"channel": "Cafe\u0301"}, looks_at_channel=True
    )
    outcome = book.attempted(order)
    assert isinstance(outcome, Refusal)
    assert outcome.reason is Reason.CHANNEL_CLOSED
    slugs = [
        book.attempted(MakeTaxon(ORG, "synq", ATTRIBUTE, "B", slug))
        for slug in ("caf\u00e9", "cafe\u0301")
    ]
    assert [isinstance(one, Refusal) for one in slugs] == [False, True]
    command = InviteMember(ORG, "synq", "jos\u00e9@x.org", "VIEWER", b"d" * 32, "synq")
    assert isinstance(book.done(command), MemberResult)
    twin = book.attempted(command._replace(email="JOSE\u0301@x.org", digest=b"e" * 32))
    assert isinstance(twin, Refusal)
