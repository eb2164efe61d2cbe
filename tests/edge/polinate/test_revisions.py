"""Polinate: the version that an answer has, and changes that are meant for one."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from .conftest import ORDERS, Book, decoded
from .samples import Body


async def patch(book: Book, order: Body, body: Body, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await book.http.patch(f"{ORDERS}/{order['id']}", json=body, headers=sent)


async def get(book: Book, order: Body, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await book.http.get(f"{ORDERS}/{order['id']}", headers=sent)


async def test_an_answer_says_which_version_it_is(book: Book) -> None:
    made = await book.http.post(ORDERS, json=book.order())
    order = decoded(made, 201)
    first = await get(book, order)
    assert first.headers["ETag"] == made.headers["ETag"]
    changed = await patch(book, order, {"order": {"notes": "n"}})
    after = await get(book, order)
    assert changed.headers["ETag"] == after.headers["ETag"] != first.headers["ETag"]
    same = await patch(book, order, {})
    assert same.headers["ETag"] == after.headers["ETag"]


async def test_a_version_that_is_known_is_not_sent_again(book: Book) -> None:
    order = await book.created()
    tag = (await get(book, order)).headers["ETag"]
    for sent in (tag, f"W/{tag}", "*", f'"other", {tag}'):
        answer = await get(book, order, If_None_Match=sent)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == tag
    await patch(book, order, {"order": {"notes": "n"}})
    fresh = await get(book, order, If_None_Match=tag)
    assert decoded(fresh, 200)["notes"] == "n"


@pytest.mark.parametrize("stale", ['"0"', 'W/"TAG"', '"9-9", "8-8"', "0", ""])
async def test_a_change_that_is_meant_for_another_version_is_refused(
    stale: str, book: Book
) -> None:
    order = await book.created()
    tag = (await get(book, order)).headers["ETag"]
    sent = stale.replace('"TAG"', tag)
    refused = decoded(await patch(book, order, {"order": {"notes": "n"}}, If_Match=sent), 412)
    assert refused["errorCode"] == "PRECONDITION_FAILED"
    assert await book.shown(order) == order


async def test_of_two_who_change_what_they_read_the_second_is_told(book: Book) -> None:
    order = await book.created()
    tag = (await get(book, order)).headers["ETag"]
    first = await patch(book, order, {"order": {"notes": "first"}}, If_Match=tag)
    assert decoded(first, 200)["notes"] == "first"
    key = {"Idempotency_Key": "second"}
    second = await patch(book, order, {"order": {"notes": "second"}}, If_Match=tag, **key)
    assert second.status_code == 412
    # Refused for its version, a request may come again under its key, meant for the right one.
    again = {"If_Match": first.headers["ETag"], **key}
    assert decoded(await patch(book, order, {"order": {"notes": "second"}}, **again), 200)
    anything = await patch(book, order, {"order": {"notes": "third"}}, If_Match="*")
    assert decoded(anything, 200)["notes"] == "third"


async def test_an_unknown_order_has_no_version(book: Book) -> None:
    order = await book.created()
    unknown = order | {"id": "ord_" + "0" * 32}
    assert (await patch(book, unknown, {}, If_Match='"1"')).status_code == 404
    refused = await get(book, unknown, If_None_Match="*")
    assert refused.status_code == 404
    assert "ETag" not in refused.headers


async def test_if_unmodified_since(book: Book) -> None:
    order = await book.created()
    for since, status in (
        ("Thu, 01 Jan 1970 00:00:00 GMT", 412), ("Fri, 01 Jan 2100 00:00:00 GMT", 200),
        ("no date", 200),
    ):  # fmt: skip
        answer = await patch(book, order, {"order": {"notes": since}}, If_Unmodified_Since=since)
        assert answer.status_code == status


PATHS = {"an item": ("/api/v1/items", "id"), "a buyer": ("/api/v1/buyers", "phantomId")}
MADE: dict[str, Body] = {
    "an item": {"item": {"name": "Cup"}, "variants": [{"currency": "EUR", "price": 1}]},
    "a buyer": {"buyer": {"name": "Cafe"}},
}


@pytest.mark.parametrize("what", MADE)
async def test_an_item_and_a_buyer_have_a_time_as_well(what: str, book: Book) -> None:
    path, name = PATHS[what]
    made = decoded(await book.http.post(path, json=MADE[what]), 201)
    path = f"{path}/{made[name]}"
    before = decoded(await book.http.get(path), 200)
    change = {"name": "New"} if what == "an item" else {"buyer": {"name": "New"}}
    since = {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}
    refused = decoded(await book.http.patch(path, json=change, headers=since), 412)
    assert refused["errorCode"] == "PRECONDITION_FAILED"
    assert decoded(await book.http.get(path), 200) == before
    known = datetime.fromisoformat(before["updatedAt"]).strftime("%a, %d %b %Y %H:%M:%S GMT")
    since = {"If-Unmodified-Since": known}
    assert decoded(await book.http.patch(path, json=change, headers=since), 200)["name"] == "New"
