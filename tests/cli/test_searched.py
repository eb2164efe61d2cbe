"""`entrepot orders --search` and `--announced`: what somebody finds who has only a text."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cli.office import TURN, Office
from tests.cli.test_orders import PARKED

from entrepot.cli.explain import explain
from entrepot.cli.orders import orders
from entrepot.cli.session import OperatorError
from entrepot.core import ids
from entrepot.core.order_reason import OrderReason
from entrepot.core.remedies import REMEDIES, whole
from entrepot.store import schema


def test_orders_are_found_by_a_text(office: Office) -> None:
    first = office.place(external_id="shop-77")
    office.place(external_id="shop-78")
    [told] = office.told(orders, "Shop", search="shop-77")
    assert told["order_id"] == ids.dashed(first.id)
    for text in ("SHOP-77", f"#{told['number']}", f"{told['number']}"):
        assert office.told(orders, "Shop", search=text) == [told], text
    assert office.told(orders, search="shop-77", limit=1) == [told]
    assert office.types(orders, search="shop-77") == (
        f"{first.org}  {ids.dashed(first.id)}  #{told['number']}  placed  payment pending"
        f"  {told['reason']}\n"
    )
    assert told["reason"] == f"waiting: {TURN}"
    assert office.types(orders, search="nobody").startswith("no order is meant by this text; ")


@pytest.mark.parametrize(
    "wrong", [{"search": " "}, {"search": "x", "parked": True}, {"search": "x", "failed": True}]
)
def test_a_search_stands_alone_and_has_a_text(office: Office, wrong: dict[str, Any]) -> None:
    with pytest.raises(OperatorError):
        orders(**wrong)


def test_an_order_that_is_announced_alone_is_told_as_that(office: Office) -> None:
    row = {"org": office.shop.org, "text": "1003", "source": "polinate", "announced_at": 1}
    office.write(lambda conn: conn.execute(schema.announced_orders.insert().values(**row)))
    with pytest.raises(OperatorError, match="'1003' is announced, and nobody has told it yet"):
        explain("1003")
    assert office.types(orders, announced=True) == (
        f"{office.shop.org}  1003  no source  "
        "name its source by `entrepot org source`, or have its sender tell the order\n"
    )


def test_an_order_that_is_parked_says_what_an_operator_does(office: Office) -> None:
    order = office.place(PARKED)
    assert office.told(explain, ids.dashed(order.id))["to_do"] == whole(
        REMEDIES[OrderReason.PARKED]
    )
