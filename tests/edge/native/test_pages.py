"""A cursor belongs to one list with its filters."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from tests.edge.native.asking import UUID, asking

from entrepot.core.refusal import Refused
from entrepot.edge.dialect import Operation
from entrepot.edge.native import bodies
from entrepot.edge.native.dialect import DIALECT
from entrepot.edge.native.orders.wire import OrderQuery
from entrepot.edge.native.paging import AFTER_TEXT, Pages
from entrepot.edge.native.products.wire import ProductQuery
from entrepot.edge.native.webhooks.wire import WebhookQuery

LISTS = [
    one
    for one in DIALECT.operations
    if any(two.description == AFTER_TEXT for two in one.parameters)
]
ONE, TWO = "ab" * 16, "ab" * 32


class OtherQuery(msgspec.Struct):
    limit: int = 50
    after: str | None = None


def pages(shape: Any, query: str = "", **path: str) -> Pages:
    call = asking(query=query)
    call.path_ids = path
    return Pages(call, bodies.query(call, shape))


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.operation_id)
@pytest.mark.parametrize("key", [7, ONE, TWO])
async def test_a_cursor_of_another_list_is_refused(key: int | str, operation: Operation) -> None:
    cursor = Pages(asking(), OtherQuery()).cursor(key)
    with pytest.raises(Refused) as refused:
        await operation.handler(asking(query=f"after={cursor}"))
    assert refused.value.refusal.field == "after"


@pytest.mark.parametrize(
    ("first", "then", "fits"),
    [
        ("", "limit=7", True),
        ("customer_id=" + UUID, f"customer_id={UUID.replace('-', '').upper()}", True),
        ("created_after=2026-03-01T00:00:00Z", "created_after=2026-03-01T01:00:00%2B01:00", True),
        ("attention=false", "", True),
        ("", "attention=true", False),
        ("stage=placed", "stage=confirmed", False),
        ("q=1", "", False),
    ],
)
def test_a_cursor_is_one_of_these_filters(first: str, then: str, fits: bool) -> None:
    after = pages(OrderQuery, first).cursor(7)
    behind = pages(OrderQuery, f"{then}&after={after}")
    if fits:
        assert behind.number_after() == 7
        return
    with pytest.raises(Refused):
        behind.number_after()


def test_lists_below_two_things_are_two_lists() -> None:
    after = pages(WebhookQuery, id="one").cursor(7)
    assert pages(WebhookQuery, f"after={after}", id="one").number_after() == 7
    for path in ({}, {"id": "two"}):
        with pytest.raises(Refused):
            pages(WebhookQuery, f"after={after}", **path).number_after()


def test_a_cursor_of_an_older_version_goes_on() -> None:
    after = base64.urlsafe_b64encode(b'["%s"]' % ONE.encode()).decode().rstrip("=")
    assert pages(ProductQuery, f"after={after}").id_after() == bytes.fromhex(ONE)


@pytest.mark.parametrize("text", ["x", "AAAA", "WzdA", "Wy0xXQ", "W10"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(Refused):
        pages(OrderQuery, f"after={text}").number_after()
