"""The query of the order list: every filter, every exclusion."""

import pytest

from entrepot.core.order_filter import OrderFilter
from entrepot.core.refusal import Reason, Refused
from entrepot.edge.polinate.orders.listing import order_list

NEW_YEAR = 1_704_067_200_000_000  # 2024-01-01 00:00 UTC in microseconds
WHEN = "2024-01-01T00:00:00Z"
LAST = NEW_YEAR + 999  # what is shown as WHEN is not later than it

TAKEN: list[tuple[dict[str, str], OrderFilter]] = [
    ({}, OrderFilter()),
    ({"createdSince": WHEN}, OrderFilter(created_after=LAST)),
    ({"updatedSince": WHEN}, OrderFilter(updated_after=LAST)),
    ({"modifiedSince": WHEN}, OrderFilter(modified_after=LAST)),
    (
        {"createdSince": WHEN, "updatedSince": "2024-01-01T00:00:00.0015Z"},
        OrderFilter(created_after=LAST, updated_after=NEW_YEAR + 1999),
    ),
    (
        {"phase": "ACTIVE", "status": "PACKED"},
        OrderFilter(
            stages=("confirmed",), goods=("packed/none", "packed/requested", "packed/partial")
        ),
    ),
    (
        {"propertyPath": "sage.n", "propertyValue": ""},
        OrderFilter(property_path="sage.n", property_value=""),
    ),
    (
        {"propertyPath": "sage.n", "propertyExists": "true"},
        OrderFilter(property_path="sage.n", property_exists=True),
    ),
    (
        {"propertyPath": "sage.n", "propertyExists": "false", "phase": "DELETED"},
        OrderFilter(property_path="sage.n", property_exists=False, stages=("deleted",)),
    ),
]


@pytest.mark.parametrize(("query", "wanted"), TAKEN)
def test_a_filter(query: dict[str, str], wanted: OrderFilter) -> None:
    assert order_list(query) == (wanted, 1, 20)


def test_the_page() -> None:
    assert order_list({"page": "3", "limit": "100"}) == (OrderFilter(), 3, 100)
    assert order_list({"page": "1000000000", "limit": "1"})[1:] == (10**9, 1)


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"modifiedSince": WHEN, "createdSince": WHEN}, "modifiedSince"),
    ({"modifiedSince": WHEN, "updatedSince": WHEN}, "modifiedSince"),
    ({"createdSince": "yesterday"}, "createdSince"),
    ({"updatedSince": "2024-13-01T00:00:00Z"}, "updatedSince"),
    ({"modifiedSince": ""}, "modifiedSince"),
    ({"phase": "LIVE"}, "phase"),
    ({"phase": ""}, "phase"),
    ({"status": "packed"}, "status"),
    ({"propertyPath": "a", "propertyValue": "1", "propertyExists": "true"}, "propertyValue"),
    ({"propertyValue": "1"}, "propertyPath"),
    ({"propertyExists": "false"}, "propertyPath"),
    ({"propertyPath": "a"}, "propertyPath"),
    ({"propertyPath": "", "propertyExists": "true"}, "propertyPath"),
    ({"propertyPath": "a" * 1025, "propertyExists": "true"}, "propertyPath"),
    ({"propertyPath": "a", "propertyExists": "True"}, "propertyExists"),
    ({"propertyPath": "a", "propertyExists": "1"}, "propertyExists"),
    ({"page": "0"}, "page"),
    ({"page": "-1"}, "page"),
    ({"page": "x"}, "page"),
    ({"page": "1000000001"}, "page"),
    ({"page": "9" * 40}, "page"),
    ({"page": "\u0661"}, "page"),
    ({"limit": "0"}, "limit"),
    ({"limit": "101"}, "limit"),
    ({"limit": "1.5"}, "limit"),
    ({"limit": ""}, "limit"),
]


@pytest.mark.parametrize(("query", "field"), REFUSED)
def test_a_filter_is_refused(query: dict[str, str], field: str) -> None:
    with pytest.raises(Refused) as refused:
        order_list(query)
    assert (refused.value.refusal.reason, refused.value.refusal.field) == (Reason.INVALID, field)
