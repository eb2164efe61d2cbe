"""The version of an order on the wire: tags, and what a request says of them beforehand."""

from __future__ import annotations

import pytest

from entrepot.core.expected import ANY, Expected
from entrepot.edge import revisions

from .konvo.samples import booked, contact


def test_a_tag_changes_with_the_order_and_with_what_is_shown_of_its_customer() -> None:
    order, customer = booked(version=3), contact()
    tags = {
        revisions.tag(order),
        revisions.tag(order._replace(version=4)),
        revisions.tag(order._replace(updated_at=order.updated_at + 1)),
        revisions.tag(order, customer),
        revisions.tag(order, customer._replace(updated_at=2)),
    }
    assert len(tags) == 5
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


TAG = '"3-1f"'
NAMES = {"if-match": "If-Match", "if-unmodified-since": "If-Unmodified-Since"}


@pytest.mark.parametrize(
    ("sent", "known"),
    [
        (None, False), (TAG, True), (f"W/{TAG}", True), ("*", True), (f'"x", {TAG}', True),
        (f'"x",W/{TAG},"y"', True), ('"3-1"', False), ("3-1f", False), ("", False), ('""', False),
    ],
)  # fmt: skip
def test_if_none_match(sent: str | None, known: bool) -> None:
    headers = {} if sent is None else {"if-none-match": sent}
    assert revisions.is_known(headers, TAG) is known


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, None), ("*", None), (" * ", None), (TAG, {"3-1f"}), (f'{TAG}, "x"', {"3-1f", "x"}),
        # A weak tag is no match where something is changed, and no tag is none either.
        (f"W/{TAG}", set()), (f'W/{TAG}, "x"', {"x"}), ("3-1f", set()), ("0", set()), ("", set()),
    ],
)  # fmt: skip
def test_if_match(sent: str | None, expected: set[str] | None) -> None:
    found = revisions.expected({} if sent is None else {"if-match": sent})
    assert found == Expected(None if expected is None else frozenset(expected))


@pytest.mark.parametrize(
    ("headers", "second"),
    [
        ({}, None),
        ({"if-unmodified-since": "Thu, 01 Jan 1970 00:00:10 GMT"}, 10),
        ({"if-unmodified-since": "Sunday, 06-Nov-94 08:49:37 GMT"}, 784_111_777),
        ({"if-unmodified-since": "1970"}, None),
        ({"if-unmodified-since": "\n".join(["Thu, 01 Jan 1970 00:00:10 GMT"] * 2)}, None),
        ({"if-unmodified-since": "Thu, 01 Jan 1970 00:00:10 GMT", "if-match": TAG}, None),
    ],
)
def test_if_unmodified_since(headers: dict[str, str], second: int | None) -> None:
    found = revisions.expected(headers)
    assert found.unmodified_since == second
    assert revisions.conditional(headers) == (None if found == ANY else NAMES[[*headers][-1]])
