"""An item and a buyer that were read can be sent back whole, and nothing changes by that."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from entrepot.edge.access import Principal
from entrepot.edge.konvo.orders import read as konvo
from entrepot.edge.polinate.buyers import read
from entrepot.writer.envelope import Envelope

from .conftest import Book, decoded
from .samples import Body

ITEMS, BUYERS = "/api/v1/items", "/api/v1/buyers"


async def bare(book: Book) -> str:
    variant = {"currency": "EUR", "price": 12.5}
    sent = {"item": {"name": "Bare", "properties": None}, "variants": [variant]}
    return str(decoded(await book.http.post(ITEMS, json=sent), 201)["id"])


async def furnished(book: Book) -> str:
    """An item of which nobody told anything."""
    order = await book.created()
    return str(order["orderItems"][0]["itemListEntry"]["itemVariant"]["itemId"])


def told(**item: Any) -> Any:
    """An item that an order of a shop brought."""

    async def by_a_shop(book: Book) -> str:
        line = {"id": "v", "sku": "S", "name": "N", "description": "", "price": 100, "msrp": 0,
                "imageUrl": "", "currency": "EUR"}  # fmt: skip
        order = {
            "id": "shop-1", "friendlyName": "#1", "orderTotal": 1, "currency": "EUR",
            "customer": {"id": "c", "firstName": "A", "lastName": "B"}, "items": [line | item],
        }  # fmt: skip
        principal = Principal(book.ours.org, book.ours.id, book.ours.tenant_id, "EDITOR")
        command = konvo.mirror_orders(konvo.orders(json.dumps([order]).encode()), principal)
        await book.services.writer.submit(Envelope(command))
        [shown] = decoded(await book.http.get("/api/v1/orders"), 200)["items"]
        return str(shown["orderItems"][0]["itemListEntry"]["itemVariant"]["itemId"])

    return by_a_shop


async def deleted(book: Book) -> str:
    id_ = await bare(book)
    decoded(await book.http.patch(f"{ITEMS}/{id_}", json={"status": "DELETED"}), 200)
    return id_


@pytest.mark.parametrize(
    "make",
    [
        bare, furnished, deleted, told(), told(name="", sku=""), told(price=-500.5),
        told(price=12.345), told(currency="BITCOIN"), told(name="n" * 10_000, sku="s" * 10_000),
    ],
)  # fmt: skip
async def test_an_item_as_read_changes_nothing(make: Any, book: Book) -> None:
    path = f"{ITEMS}/{await make(book)}"
    shown = await book.http.get(path)
    item = decoded(shown, 200)
    sent = item | {"updateVariants": item["variants"], "createVariants": None,
                   "deleteVariants": None}  # fmt: skip
    answer = await book.http.patch(path, json=sent, headers={"If-Match": shown.headers["ETag"]})
    assert (decoded(answer, 200), answer.headers["ETag"]) == (item, shown.headers["ETag"])
    assert "Warning" not in answer.headers


async def test_what_no_variant_can_be_made_with_is_only_sent_back(book: Book) -> None:
    path = f"{ITEMS}/{await told(price=-500, currency='BITCOIN', sku='s' * 300)(book)}"
    [variant] = decoded(await book.http.get(path), 200)["variants"]
    for change, field in (
        ({"price": -4}, "price"), ({"price": 1.00001}, "price"), ({"currency": "DOGE"}, "currency"),
        ({"sku": "t" * 256}, "sku"), ({"price": -5, "currency": "EUR"}, "price"),
    ):  # fmt: skip
        sent = {"updateVariants": [{"id": variant["id"]} | change]}
        refused = decoded(await book.http.patch(path, json=sent), 400)
        assert list(refused["fieldErrors"]) == [f"updateVariants[0].{field}"]
    sent = {"name": "", "updateVariants": [variant]}
    assert list(decoded(await book.http.patch(path, json=sent), 400)["fieldErrors"]) == ["name"]
    assert decoded(await book.http.get(path), 200)["variants"] == [variant]


async def buyer(book: Book, **body: Any) -> tuple[str, httpx.Response]:
    made = decoded(await book.http.post(BUYERS, json={"buyer": {"name": "Cafe"}} | body), 201)
    path = f"{BUYERS}/{made['phantomId']}"
    return path, await book.http.get(path)


async def test_a_buyer_as_read_changes_nothing(book: Book) -> None:
    parts: Body = {
        "emails": [{"email": "a@b.c"}, {"email": "d@b.c"}],
        "phones": [{"phone": "+61 2 9999 0000"}], "locations": [{"city": "Perth"}],
    }  # fmt: skip
    path, found = await buyer(book, **parts)
    shown = decoded(found, 200)
    assert shown["legalName"] == "Cafe"
    sent = {
        "buyer": shown, "partnershipStatus": shown["partnershipStatus"],
        "updateEmails": shown["emails"], "updatePhones": shown["phones"],
        "updateLocations": shown["locations"],
    }  # fmt: skip
    answer = await book.http.patch(path, json=sent, headers={"If-Match": found.headers["ETag"]})
    assert (decoded(answer, 200), answer.headers["ETag"]) == (shown, found.headers["ETag"])
    assert "Warning" not in answer.headers
    # The legal name goes on following the name, until another one is told.
    for core, legal in (
        ({"name": "Bar"}, "Bar"), ({"name": "Pub", "legalName": "Bar"}, "Bar"),
        ({"name": "X"}, "Bar"),
    ):  # fmt: skip
        answer = await book.http.patch(path, json={"buyer": core})
        assert decoded(answer, 200)["legalName"] == legal


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"buyer": {"colour": 1}}, "buyer"),
        ({"updateEmails": [{"id": "ID", "mail": "x@y.z"}]}, "updateEmails[0]"),
        ({"updatePhones": [{"id": "ID"}]}, "updatePhones[0]"),
        ({"updateLocations": [{"id": "ID", "addressLine3": "x"}]}, "updateLocations[0]"),
    ],
)
async def test_a_change_of_a_buyer_of_which_nothing_is_known(
    change: Any, field: str, book: Book
) -> None:
    path, _ = await buyer(book)
    sent = json.loads(json.dumps(change).replace("ID", f"eml_{'0' * 32}"))
    refused = decoded(await book.http.patch(path, json=sent), 400)
    assert list(refused["fieldErrors"]) == [field]
    assert "nothing that can be changed" in refused["message"]


async def test_a_change_of_an_item_of_which_nothing_is_known(book: Book) -> None:
    path = f"{ITEMS}/{await bare(book)}"
    [variant] = decoded(await book.http.get(path), 200)["variants"]
    sent = {"updateVariants": [{"id": variant["id"], "prize": 5}]}
    refused = decoded(await book.http.patch(path, json=sent), 400)
    assert list(refused["fieldErrors"]) == ["updateVariants[0]"]
    sent = {"updateVariants": [{"id": variant["id"], "prize": 5, "price": 6}]}
    answer = await book.http.patch(path, json=sent)
    assert decoded(answer, 200)["variants"][0]["price"] == 6
    assert "updateVariants.prize" in answer.headers["Warning"]


def test_a_telephone_may_be_as_long_as_the_native_api_takes_it() -> None:
    phone = "+61 " + "2" * 316
    part = {"id": f"phn_{'0' * 32}", "phone": phone}
    sent = {"buyer": {"primaryPhone": phone}, "updatePhones": [part]}
    told, *_ = read.changes(json.dumps(sent).encode())
    assert (told.buyer.primary_phone, told.update_phones[0].phone) == (phone, phone)
