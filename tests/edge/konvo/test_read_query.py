"""The query and the path of Konvo's reading operations."""

import pytest

from entrepot.core.order_filter import OrderFilter
from entrepot.core.refusal import Reason, Refused
from entrepot.edge.konvo.orders import read

from .samples import MARCH_FIRST

MINUTE = 60_000_000
DAY = 24 * 60 * MINUTE


@pytest.mark.parametrize(
    ("query", "limit", "offset"),
    [
        ({}, 50, 0),
        ({"page": "1"}, 50, 0),
        ({"page": "3"}, 50, 100),
        ({"page": "2", "limit": "7"}, 7, 7),
        ({"limit": "200"}, 200, 0),
        ({"page": "2147483647", "limit": "200"}, 200, 2147483646 * 200),
    ],
)
def test_a_page(query: dict[str, str], limit: int, offset: int) -> None:
    wanted, *found = read.page(query)
    assert (found, wanted) == ([limit, offset], OrderFilter())


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03-01", 0, DAY - 1),
        ("2026-03-01T00:01", MINUTE, 2 * MINUTE - 1),
        ("2026-03-01T00:01:00Z", MINUTE, MINUTE + 999_999),
        ("2026-03-01T00:01:00.5Z", MINUTE + 500_000, MINUTE + 599_999),
        ("2026-03-01T00:01:00.123Z", MINUTE + 123_000, MINUTE + 123_999),
        ("2026-03-01T00:01:00.123456Z", MINUTE + 123_456, MINUTE + 123_456),
        ("2026-03-01T02:01:00+02:00", MINUTE, MINUTE + 999_999),
        ("2026-03-01T02:01+0200", MINUTE, 2 * MINUTE - 1),
    ],
)
@pytest.mark.parametrize("axis", ["created", "updated"])
def test_a_bound_covers_all_that_it_names(axis: str, text: str, first: int, last: int) -> None:
    wanted, _, _ = read.page({f"{axis}_at_min": text, f"{axis}_at_max": text})
    expected = {f"{axis}_min": MARCH_FIRST + first, f"{axis}_max": MARCH_FIRST + last}
    assert wanted == OrderFilter(**expected)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        *(("page", text) for text in ("0", "-1", "x", "1.5", "", "٣", "2147483648", "9" * 30)),
        *(("limit", text) for text in ("0", "-1", "x", "", "201", "250", "9999999")),
        *((field, text) for field in ("created_at_min", "created_at_max", "updated_at_min",
                                      "updated_at_max")
          for text in ("soon", "", "2026-13-01", "2026-02-30", "01.03.2026", "1772323200")),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_taken_is_named(field: str, text: str) -> None:
    with pytest.raises(Refused) as refused:
        read.page({field: text})
    assert (refused.value.refusal.reason, refused.value.refusal.field) == (Reason.INVALID, field)
