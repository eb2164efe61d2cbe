"""Which origins an order is credited to."""

from __future__ import annotations

import pytest

from entrepot.core.attributing import DAY, credited
from entrepot.core.touches import Touch

AT = 100 * DAY
ORDER = b"o" * 16


def touch(at: int, origin: str = "a", number: int = 0) -> Touch:
    id_ = bytes([number]) * 16
    return Touch(
        1, id_, b"c" * 16, "click", "flow", origin.encode() * 16, "", at, at, "", "", "", "{}"
    )


@pytest.mark.parametrize(
    ("touches", "expected"),
    [
        ([], {}),
        ([touch(AT)], {"a": "MAIN"}),
        ([touch(AT + 1)], {}),
        ([touch(AT - 30 * DAY)], {"a": "MAIN"}),
        ([touch(AT - 30 * DAY - 1)], {}),
        ([touch(AT - 2, "a"), touch(AT - 1, "b")], {"a": "ASSIST", "b": "MAIN"}),
        ([touch(AT - 1, "b"), touch(AT - 2, "a")], {"a": "ASSIST", "b": "MAIN"}),
        # The later id of two touches at one time, and one credit for each origin.
        ([touch(AT, "a", 1), touch(AT, "b", 2)], {"a": "ASSIST", "b": "MAIN"}),
        (
            [touch(AT - 3, "a"), touch(AT - 2, "b"), touch(AT - 1, "a")],
            {"a": "MAIN", "b": "ASSIST"},
        ),
    ],
)
def test_the_latest_touch_is_main_and_others_assist(
    touches: list[Touch], expected: dict[str, str]
) -> None:
    found = credited(1, ORDER, AT, 30, touches, 7)
    assert {chr(one.origin_id[0]): one.type for one in found} == expected
    assert len({one.id for one in found}) == len(found)
    assert [one.id for one in credited(1, ORDER, AT, 30, touches, 8)] == [one.id for one in found]
