"""The number of a valuation is read before its values, whatever the reader of the log does."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from entrepot.core.costing import EVERYWHERE, Costing
from entrepot.core.quantity import Quantity
from entrepot.edge.dialect import Call
from entrepot.edge.native.valuation.routes import value_stock
from entrepot.store.reading import valuation
from entrepot.store.reading.valuation import Valued

VARIANT, LOCATION = b"v" * 16, b"l" * 16


class Asking:
    """A request for a valuation. The reader of the log takes one more event after each question: an
    event whose number is what the stock is worth then.
    """

    def __init__(self, query: str) -> None:
        self.query_string = query.encode()
        self.path_ids: dict[str, str] = {}
        self.reached = 1

    async def read(self, question: Any, *_: Any, **__: Any) -> Any:
        reached = self.reached
        self.reached += 1
        if question is valuation.costing:
            return Costing(7, reached)
        return [Valued(VARIANT, LOCATION, Quantity(10_000), reached * 10_000, "EUR")]


class Totals(Asking):
    """A request for the totals of an organization, which has stock in three currencies."""

    async def read(self, question: Any, *asked: Any, **__: Any) -> Any:
        if question is valuation.costing:
            return Costing(7, 1)
        after, limit = asked
        codes = [code for code in ("EUR", "JPY", "USD") if (EVERYWHERE, code) > (after or ())]
        return [Valued(None, None, None, 10_000, code) for code in codes[:limit]]


async def test_pages_of_the_organizations_totals_come_to_an_end() -> None:
    seen: list[str] = []
    after: str | None = ""
    while after is not None and len(seen) < 9:
        asking = Totals(f"by=organization&limit=1{after}")
        page = json.loads(bytes((await value_stock(cast("Call", asking))).body))
        seen += [one["currency"] for one in page["data"]]
        after = page["next"] and f"&after={page['next']}"
    assert seen == ["EUR", "JPY", "USD"]


@pytest.mark.parametrize("by", ["shelf", "variant", "location", "organization"])
async def test_the_number_is_never_newer_than_the_values(by: str) -> None:
    asking = Asking(f"by={by}")
    answer = await value_stock(cast("Call", asking))
    told = json.loads(bytes(answer.body))
    assert asking.reached == 3, "two questions"
    assert (told["number"], told["data"][0]["value"]) == (1, "2.00")
