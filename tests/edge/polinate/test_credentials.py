"""The caller of a Polinate request: the key and the business must belong together."""

import pytest
from tests.edge.revoking import revoked

from entrepot.core.ids import dashed

from .conftest import ORDERS, Book, decoded

RIGHT = "polinate-editor"
SPELLINGS = {
    "prefixed": lambda raw: f"bus_{raw.hex()}",
    "in capitals": lambda raw: f"BUS_{raw.hex().upper()}",
    "a UUID": dashed,
    "a UUID in capitals": lambda raw: dashed(raw).upper(),
    "spaced": lambda raw: f" bus_{raw.hex()} ",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_business_is_known_by_any_spelling(spelling: str, book: Book) -> None:
    headers = {"X-Business-Id": SPELLINGS[spelling](book.ours.id)}
    decoded(await book.http.get(ORDERS, headers=headers), 200)


@pytest.mark.parametrize(
    ("business", "key"),
    [
        ("ours", None),
        ("ours", ""),
        ("ours", "wrong"),
        ("ours", "synq-editor"),
        ("ours", "POLINATE-EDITOR"),
        ("theirs", RIGHT),
        ("nobody", RIGHT),
        ("", RIGHT),
        (None, RIGHT),
        (None, None),
    ],
)
async def test_every_failure_is_the_same(business: str | None, key: str | None, book: Book) -> None:
    spelled = {
        "ours": book.business,
        "theirs": f"bus_{book.theirs.id.hex()}",
        "nobody": "bus_" + "0" * 32,
    }
    del book.http.headers["X-Business-Id"], book.http.headers["X-API-Key"]
    headers = {}
    if business is not None:
        headers["X-Business-Id"] = spelled.get(business, business)
    if key is not None:
        headers["X-API-Key"] = key
    for path in (ORDERS, f"{ORDERS}/ord_{'0' * 32}"):
        refused = decoded(await book.http.get(path, headers=headers), 401)
        assert refused == {
            "errorCode": "UNAUTHORIZED",
            "message": "Credentials are missing or wrong.",
            "requestId": "request-1",
        }


async def test_a_header_given_twice_is_refused(book: Book) -> None:
    headers = [("X-Business-Id", book.business), ("X-API-Key", "wrong"), ("X-API-Key", RIGHT)]
    del book.http.headers["X-Business-Id"], book.http.headers["X-API-Key"]
    decoded(await book.http.get(ORDERS, headers=headers), 401)


async def test_a_revoked_key_is_unknown(book: Book) -> None:
    await revoked(book.services, RIGHT)
    decoded(await book.http.get(ORDERS), 401)


async def test_a_viewer_reads_and_does_not_write(book: Book) -> None:
    order = await book.created()
    book.http.headers["X-API-Key"] = "polinate-viewer"
    await book.shown(order)
    decoded(await book.http.get(ORDERS), 200)
    for answer in (
        await book.http.post(ORDERS, json=book.order()),
        await book.http.patch(f"{ORDERS}/{order['id']}", json={}),
    ):
        assert decoded(answer, 403)["errorCode"] == "FORBIDDEN"
