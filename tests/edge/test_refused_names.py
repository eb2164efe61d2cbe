"""A refusal names the member as the sender does, whatever the member is called."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.core.book import ORG, TRACKED, Book

from entrepot.core.decide.place import PlaceOrder
from entrepot.core.ids import dashed
from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.dialect import Dialect
from entrepot.edge.dialects import ALL
from entrepot.edge.native.orders import read as native
from entrepot.edge.native.orders import wire
from entrepot.edge.native.values import _Id as Id
from entrepot.edge.native.values import _Much as Much
from entrepot.edge.synq.products import read as products
from entrepot.edge.synq.products import wire as told

OF: Any = SimpleNamespace(org=ORG)


@pytest.mark.parametrize("dialect", ALL, ids=lambda one: one.name)
@pytest.mark.parametrize("name", ['["\\ud800"]', 'a["\\udc00x"].b', '["\\ud83d\\ude00"]'])
def test_a_member_whose_name_is_no_text_is_refused(dialect: Dialect, name: str) -> None:
    fault = Refusal(Reason.INVALID, "A lone surrogate is not a character", name)
    answer = dialect.refuse(fault, "request-1")
    assert answer.status == 400
    assert "surrogate" in answer.body.decode()


def test_a_price_that_has_to_be_told_is_named_as_the_native_api_names_it() -> None:
    """The variant is priced in another currency than the order."""
    book = Book()
    line = native.new_line(
        wire.NewLine(quantity=Much.told(1), variant_id=Id.told(dashed(TRACKED))), "lines[0]", "CHF"
    )
    refused = book.refused(PlaceOrder(ORG, "native", "CHF", (line,)))
    assert (refused.reason, refused.field) == (Reason.INVALID, "lines[0].unit_price")


def test_the_title_of_a_product_is_named_as_synq_names_it() -> None:
    book = Book()
    known = product(book)
    for command in (
        products.make_product(told.MakeProduct(title="\u200b"), OF),
        products.change_product(told.ChangeProduct(title="\u200b"), known, OF),
    ):
        refused = book.refused(command)
        assert (refused.field, refused.detail) == ("title", "must not be blank")


def product(book: Book) -> bytes:
    made: Any = book.done(products.make_product(told.MakeProduct(title="Mug"), OF))
    id_: bytes = made.product.product.id
    return id_
