"""What an organization chooses, and the places that it makes, are told in its log."""

from __future__ import annotations

import json

from tests.core.book import ORG, Book

from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.decide.stocking import MakeLocation
from entrepot.core.results import LocationResult, SettingsResult


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


def test_how_stock_is_run_changes_with_the_rest_or_not_at_all() -> None:
    book = Book()
    stock = RunStock(ORG, "native", "SOFT", 4)
    result = book.done(ChangeSettings(ORG, "shipment", source="native", stock=stock))
    assert isinstance(result, SettingsResult)
    assert (result.settings.capture, result.hard) == ("shipment", False)
    assert result.stock is not None
    assert result.stock.low_stock_threshold == 4
    assert [one.type for one in book.facts.events] == ["settings.changed", "settings.updated"]
    wrong = RunStock(ORG, "native", "SOFT", -1)
    book.refused(ChangeSettings(ORG, "manual", source="native", stock=wrong))
    assert len(book.facts.events) == 2
    again = book.done(ChangeSettings(ORG, source="native"))
    assert again == result


def test_how_stock_is_run_may_be_told_as_it_is_and_begins_no_watch() -> None:
    book = Book()
    as_read = RunStock(ORG, "native", "HARD", None, False, "WAC", b"k" * 16)
    result = book.done(ChangeSettings(ORG, source="native", stock=as_read))
    assert isinstance(result, SettingsResult)
    assert (result.stock, result.hard, book.facts.events) == (None, True, [])
    told = RunStock(ORG, "native", "SOFT", 4, True, "FIFO")
    for stock in (told, told, RunStock(ORG, "native", None, 4)):
        result = book.done(ChangeSettings(ORG, source="native", stock=stock))
        assert isinstance(result, SettingsResult)
        assert result.stock is not None
        assert (result.stock.version, len(book.facts.events)) == (1, 1)
    for other in ("HARD", 5, False, "WAC"):
        name = {str: "allocation", int: "low_stock_threshold", bool: "auto_po"}[type(other)]
        name = "costing" if other == "WAC" else name
        before = len(book.facts.events)
        stock = RunStock(ORG, "native")._replace(**{name: other})
        book.done(ChangeSettings(ORG, source="native", stock=stock))
        assert len(book.facts.events) == before + 1, name


def test_every_value_that_is_none_is_named() -> None:
    wrong = ChangeSettings(ORG, "never", "soon", 0, "sometimes", "always", "native")
    refusal = Book().refused(wrong)
    assert [one.field for one in (refusal, *refusal.others)] == [
        "capture", "lapsing", "invoices", "merging", "attribution_days",
    ]  # fmt: skip


def test_a_location_is_told() -> None:
    book = Book()
    made = book.done(MakeLocation(ORG, "Shop", "native"))
    assert isinstance(made, LocationResult)
    [event] = book.facts.events
    told = (event.type, event.subject, event.subject_id, event.source)
    assert told == ("location.made", "location", made.location.id, "native")
    assert json.loads(event.body) == {"name": "Shop"}
