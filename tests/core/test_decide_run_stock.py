"""How an organization runs its stock: settings, allocation, and what they refuse."""

from __future__ import annotations

import json

import pytest
from tests.core.book import HERE, ORG, TRACKED, Book, line
from tests.quantities import much

from entrepot.core.decide.product import AmendProduct
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.decide.watch_stock import WatchStock
from entrepot.core.organization import OwnChanges
from entrepot.core.products import DELETED, ITEMS, Item
from entrepot.core.refusal import Reason
from entrepot.core.results import StockSettingsResult, WatchResult
from entrepot.core.stock_settings import LOW_STOCK, PURCHASE_DRAFTS, STOCK_SETTINGS


def told(book: Book, command: RunStock) -> StockSettingsResult:
    result = book.done(command)
    assert isinstance(result, StockSettingsResult)
    return result


def test_settings_are_told_in_the_log_whether_they_changed_or_not() -> None:
    book = Book()
    first = told(book, RunStock(ORG, "synq", "SOFT", 7, True, "FIFO", b"w" * 16))
    settings = first.settings
    assert (settings.low_stock_threshold, settings.auto_po, settings.costing) == (7, True, "FIFO")
    assert (settings.version, settings.updated_by, first.hard) == (1, b"w" * 16, False)
    again = told(book, RunStock(ORG, "operator"))
    assert again.settings[3:7] == settings[3:7]
    assert (again.settings.version, again.settings.updated_by, again.hard) == (2, None, False)
    [*_, before, after] = book.facts.events
    assert [(one.type, one.subject_id, one.seq, one.source) for one in (before, after)] == [
        ("settings.updated", settings.id, 1, "synq"),
        ("settings.updated", settings.id, 2, "operator"),
    ]  # fmt: skip
    assert json.loads(before.body) == json.loads(after.body) == {
        "inventory_allocation_model": "SOFT", "default_low_stock_threshold": 7,
        "auto_po_enabled": True, "costing_method": "FIFO",
    }  # fmt: skip


def test_the_first_settings_begin_with_the_defaults() -> None:
    settings = told(Book(), RunStock(ORG, "operator")).settings
    assert (settings.low_stock_threshold, settings.auto_po, settings.costing) == (10, False, "WAC")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"allocation": "FIRM"}, "inventory_allocation_model"),
        ({"costing": "LIFO"}, "costing_method"),
        ({"low_stock_threshold": -1}, "default_low_stock_threshold"),
        ({"low_stock_threshold": 10**9 + 1}, "default_low_stock_threshold"),
    ],
)
def test_settings_that_are_refused(changes: dict[str, object], field: str) -> None:
    refusal = Book().refused(RunStock(ORG, "synq", **changes))  # type: ignore[arg-type]
    assert (refusal.reason, refusal.field) == (Reason.INVALID, field)


def test_another_allocation_is_obeyed_by_the_next_command() -> None:
    book = Book(hard=False)
    book.stock(TRACKED, 1)
    book.confirmed(line(quantity=2))
    level = book.level()
    book.facts.oversold[ORG] = [book.facts.levels[ORG, TRACKED, HERE]]
    refusal = book.refused(RunStock(ORG, "synq", "HARD"))
    assert refusal.reason is Reason.OUT_OF_STOCK
    assert "2 reserved, 1 on hand" in refusal.detail
    book.facts.oversold[ORG] = []
    book.stock(TRACKED, 1)
    told(book, RunStock(ORG, "synq", "HARD"))
    assert book.facts.organizations == {ORG: OwnChanges(hard=True)}
    assert (level.on_hand, book.facts.levels[ORG, TRACKED, HERE].soft) == (1, False)
    # What is HARD already stays so, whatever was found before.
    book.facts.oversold[ORG] = [book.facts.levels[ORG, TRACKED, HERE]]
    told(book, RunStock(ORG, "synq", "HARD"))


@pytest.mark.parametrize(
    ("threshold", "on_hand", "wanted"),
    [(5, 5, 5), (5, 0, 10), (0, 0, 1), (5, 6, None), (0, 1, None)],
)
def test_a_shelf_is_low_at_the_threshold(threshold: int, on_hand: int, wanted: int | None) -> None:
    book = Book()
    told(book, RunStock(ORG, "synq", low_stock_threshold=threshold, auto_po=True))
    book.stock(TRACKED, on_hand)
    for after, expected in ((0, wanted is not None), (9, False)):
        result = book.done(WatchStock(ORG, after, after + 9, ((TRACKED, HERE),)))
        assert result == WatchResult(int(expected))
    drafts = [one.quantity for one in book.facts.of(PURCHASE_DRAFTS).values()]
    assert drafts == ([] if wanted is None else [much(wanted)])
    assert len(book.facts.of(LOW_STOCK)) == (wanted is not None)


def test_a_draft_follows_what_a_low_shelf_lacks() -> None:
    book = Book()
    told(book, RunStock(ORG, "synq", low_stock_threshold=5))
    seen = []
    for after, delta in enumerate((4, 0, -3, 2, 0, 3)):
        book.stock(TRACKED, delta)
        if after == 1:
            # A shelf that is low already gets its draft when drafts are wanted.
            told(book, RunStock(ORG, "synq", auto_po=True))
        book.done(WatchStock(ORG, after, after + 1, ((TRACKED, HERE),)))
        seen.append([one.quantity for one in book.facts.of(PURCHASE_DRAFTS).values()])
    assert seen == [[], [much(6)], [much(9)], [much(7)], [much(7)], []]
    types = [one.type for one in book.facts.events if one.type.startswith("purchase_order")]
    drafted, withdrawn = "purchase_order.drafted", "purchase_order.withdrawn"
    assert types == [drafted, withdrawn, drafted, withdrawn, drafted, withdrawn]


def test_nothing_is_bought_of_a_deleted_variant() -> None:
    book = Book()
    told(book, RunStock(ORG, "synq", low_stock_threshold=5, auto_po=True))
    product = book.facts.variants[ORG, TRACKED].item_id
    book.facts.of(ITEMS).put(Item(ORG, product, "Mug", 1))
    book.stock(TRACKED, 2)
    book.done(WatchStock(ORG, 0, 1, ((TRACKED, HERE),)))
    assert len(book.facts.of(PURCHASE_DRAFTS)) == len(book.facts.of(LOW_STOCK)) == 1
    book.done(AmendProduct(ORG, "native", product, {"status": DELETED}))
    for after in (1, 2):
        assert book.done(WatchStock(ORG, after, after + 1, ((TRACKED, HERE),))) == WatchResult(0)
        assert not len(book.facts.of(PURCHASE_DRAFTS)) + len(book.facts.of(LOW_STOCK))
        book.stock(TRACKED, -1)


def test_a_watch_that_another_process_took_is_refused() -> None:
    book = Book()
    assert book.refused(WatchStock(ORG, 0, 9, ())).reason is Reason.STALE_LEASE
    told(book, RunStock(ORG, "synq"))
    book.done(WatchStock(ORG, 0, 9, ()))
    assert book.refused(WatchStock(ORG, 0, 9, ())).reason is Reason.STALE_LEASE
    assert book.facts.of(STOCK_SETTINGS)[(ORG,)].watched == 9
