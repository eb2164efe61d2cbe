"""Why an order stands where it stands: a closed list, which an audit knows by itself."""

from __future__ import annotations

from tests.core.book import TRACKED, Book, line

from entrepot.core.order_reason import MEANINGS, OrderReason
from entrepot.store.verify import promises


def test_every_reason_has_a_meaning() -> None:
    assert set(MEANINGS) == set(OrderReason)
    assert all(meaning.endswith(".") for meaning in MEANINGS.values())


def test_an_audit_knows_every_reason_and_no_other_but_the_service_that_stands_in() -> None:
    [check] = [one for one in promises.checks() if one.invariant == "REASONS"]
    asked = check.broken.compile().params
    known = {value for name, value in asked.items() if name.startswith("reason")}
    assert known == {*OrderReason, "sandbox"}


def test_a_reason_is_kept_and_told_as_its_code() -> None:
    book = Book()
    book.stock(TRACKED, 1)
    order = book.placed(line(quantity=2), payment_provider="stripe")
    book.reserved(order)
    assert f"{book.order(order).reason}" == "out_of_stock"
    assert '"reason":"out_of_stock"' in book.events(order)[-1].body.replace(" ", "")
