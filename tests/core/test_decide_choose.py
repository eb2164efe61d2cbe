"""What an organization chooses, and the places that it makes, are told in its log."""

from __future__ import annotations

import json

from tests.core.book import ORG, Book

from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.stocking import MakeLocation
from entrepot.core.results import LocationResult


def test_settings_that_change_are_told_from_what_to_what() -> None:
    book = Book()
    book.facts.actor = "key:k"
    for _ in range(2):
        book.done(ChangeSettings(ORG, "shipment", source="native"))
    book.done(ChangeSettings(ORG, lapsing="release"))
    first, second = book.facts.events
    assert (first.type, first.subject, first.source, first.actor) == (
        "settings.changed", "choice", "native", "key:k",
    )  # fmt: skip
    assert json.loads(first.body) == {"changed": {"capture": ["manual", "shipment"]}}
    assert json.loads(second.body) == {"changed": {"lapsing": ["alarm", "release"]}}
    assert first.subject_id != second.subject_id


def test_a_location_is_told() -> None:
    book = Book()
    made = book.done(MakeLocation(ORG, "Shop", "native"))
    assert isinstance(made, LocationResult)
    [event] = book.facts.events
    told = (event.type, event.subject, event.subject_id, event.source)
    assert told == ("location.made", "location", made.location.id, "native")
    assert json.loads(event.body) == {"name": "Shop"}
