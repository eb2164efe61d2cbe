"""JSON of the book of another shape than is shown keeps nobody from a list."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from entrepot.core.broadcasts import NO_COST, Broadcast, Clicked
from entrepot.core.invoices import Invoice
from entrepot.core.touches import Touch
from entrepot.edge.kept_json import shaped
from entrepot.edge.konvo.broadcasts import write as broadcasts
from entrepot.edge.konvo.clicks import write as clicks
from entrepot.edge.native.invoices import write as native_invoices
from entrepot.edge.polinate.invoices import write as invoices

ID = b"i" * 16
ODD = ['{"x":1}', '{"id":5,"name":[]}', "{}", "[1]", '"s"', "5"]
SENT = Broadcast(7, ID, "n", "s", "null", "null", "", None, 0, 0, 0, 0, NO_COST, "", 5, 5, 1)


def _made(shape: Any, **said: Any) -> Any:
    known = {"id": ID, "org": 7, "order_id": ID, "customer_id": ID, "origin_id": ID,
             "properties": None} | dict.fromkeys(
        ("subtotal", "discount", "shipping", "tax", "total"), NO_COST)  # fmt: skip
    return shape(**dict.fromkeys(shape._fields, 5) | {
        name: one for name, one in (known | said).items() if name in shape._fields
    })  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_what_is_of_another_shape_is_left_out(odd: str) -> None:
    """Konvo's broadcasts and clicks, and the invoices of two dialects, answered 500."""
    for member in ("audience", "flow"):
        shown = broadcasts.broadcast(SENT._replace(**{member: odd}), Clicked())
        assert getattr(shown, member) is msgspec.UNSET
        assert json.loads(msgspec.json.encode(shown))["name"] == "n"
    clicked = clicks.click(_made(Touch, details=odd), "w")
    assert clicked.device == ""
    for write in (invoices, native_invoices):
        shown = write.invoice(_made(Invoice, lines=odd, number=3))
        assert json.loads(msgspec.json.encode(shown))


def test_what_is_of_the_shape_is_shown() -> None:
    audience = '{"id":"a","name":"b","lists":["c"],"segment":"","recipient_count":3}'
    shown = broadcasts.broadcast(SENT._replace(audience=audience), Clicked()).audience
    assert json.loads(msgspec.json.encode(shown))["recipientCount"] == "3"
    assert shaped("[1, 2]", msgspec.json.Decoder(list[int]), []) == [1, 2]
