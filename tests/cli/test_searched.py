"""`entrepot orders --search`: the orders that a text means."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cli.office import Office

from entrepot.cli.orders import orders
from entrepot.cli.session import OperatorError
from entrepot.core import ids


def test_orders_are_found_by_a_text(office: Office) -> None:
    first = office.place(external_id="shop-77")
    office.place(external_id="shop-78")
    [told] = office.told(orders, "Shop", search="shop-77")
    assert told["order_id"] == ids.dashed(first.id)
    for text in ("SHOP-77", f"#{told['number']}", f"{told['number']}"):
        assert office.told(orders, "Shop", search=text) == [told], text
    assert office.told(orders, search="shop-77", limit=1) == [told]
    assert office.types(orders, search="shop-77") == (
        f"{first.org}  {ids.dashed(first.id)}  #{told['number']}  placed\n"
    )
    assert office.types(orders, search="nobody") == "no order is meant by this text\n"


@pytest.mark.parametrize(
    "wrong", [{"search": " "}, {"search": "x", "parked": True}, {"search": "x", "failed": True}]
)
def test_a_search_stands_alone_and_has_a_text(office: Office, wrong: dict[str, Any]) -> None:
    with pytest.raises(OperatorError):
        orders(**wrong)
