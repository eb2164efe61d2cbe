"""Facts 1 to 23 and 98 to 105: Polinate's notification, credentials, rate and keys."""

from __future__ import annotations

import uuid
from decimal import Decimal

import httpx
from tests.acceptance.test_order_source import notification_key
from tests.contracts import polinate
from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import valid

from entrepot.settings import Settings
from entrepot.testing.clients import (
    POLINATE_ORDERS,
    Body,
    accepted,
    assert_envelope,
)
from entrepot.testing.server import eventually

facts = Facts("polinate orders")
JSON = {"Content-Type": "application/json"}


def known(house: House) -> str:
    """The id of an order that the server knows."""
    return str(house.placed()["id"])


def notify(house: House, body: object, **headers: str) -> httpx.Response:
    return house.world.polinate.http.post(POLINATE_ORDERS, json=body, headers=headers)


def notification(house: House, order_id: str) -> Body:
    return {"orderId": order_id, "businessId": house.world.polinate.business_id}


def refused(answer: httpx.Response, status: int = 400, field: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("polinate", answer, field)
    valid(answer.json(), polinate.ERROR)


@facts(1, "POST /api/v1/orders answers 200", "seed 000")
@facts(2, "200 body is {success: boolean}, success required", "seed 000")
@facts(3, "answers are application/json", "seed 000")
@facts(6, "Idempotency-Key optional", "seed 000")
def _(house: House) -> None:
    answer = notify(house, notification(house, known(house)))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {"success": True}


@facts.each(4, [("X-Business-Id",), ("X-API-Key",)], "{} required", "seed 000")
def _(house: House, header: str) -> None:
    headers = {k: v for k, v in house.world.polinate.headers.items() if k != header}
    body = notification(house, known(house))
    answer = httpx.post(house.server.url + POLINATE_ORDERS, json=body, headers=headers)
    refused(answer, 401)


@facts(7, "Idempotency-Key = sha256(`${orderId}-${businessId}-order-integration`)", "seed 000")
@facts(9, "idempotent: same key again gives the same answer", "seed 000")
def _(house: House) -> None:
    body = notification(house, known(house))
    key = notification_key(body["orderId"], body["businessId"])
    first, again = (notify(house, body, **{"Idempotency-Key": key}) for _ in range(2))
    assert (first.status_code, first.content) == (200, again.content)
    assert again.headers["Idempotent-Replayed"] == "true"


@facts(8, "a wrong idempotency key is 400 StandardError", "seed 000")
def _(house: House) -> None:
    body = notification(house, known(house))
    refused(notify(house, body, **{"Idempotency-Key": "nope"}), 400, "Idempotency-Key")


@facts.each(10, [("orderId",), ("businessId",)], "{} required, 400", "seed 000")
def _(house: House, member: str) -> None:
    body = notification(house, known(house))
    del body[member]
    refused(notify(house, body), 400, member)


@facts.each(12, [("orderId",), ("businessId",)], "{} is a string", "seed 000")
def _(house: House, member: str) -> None:
    for wrong in (1, None, True, [], {}):
        body = notification(house, known(house)) | {member: wrong}
        refused(notify(house, body), 400, member)


@facts(14, "body required: none is 400", "seed 000")
def _(house: House) -> None:
    refused(house.world.polinate.http.post(POLINATE_ORDERS, headers=JSON))


@facts(15, "malformed JSON is 400", "seed 000")
def _(house: House) -> None:
    for text in ("{", '{"orderId":}', "orderId", '{"orderId": "a"} {}'):
        refused(house.world.polinate.http.post(POLINATE_ORDERS, content=text, headers=JSON))


@facts(16, "no other status for a bad payload: another media type is 400", "seed 000")
@facts(17, "no other status for a bad payload: no media type is 400", "seed 000")
def _(house: House) -> None:
    for media in ("text/plain", "application/xml", "multipart/form-data", None):
        headers = {} if media is None else {"Content-Type": media}
        content = b'{"orderId": "a", "businessId": "b"}'
        answer = house.world.polinate.http.post(POLINATE_ORDERS, content=content, headers=headers)
        refused(answer, 400, "Content-Type")


@facts(18, "additional members are open", "seed 000")
def _(house: House) -> None:
    body = notification(house, known(house)) | {"extra": {"any": 1}}
    assert notify(house, body).status_code == 200


@facts(19, "the example: ord_123 of the caller's business is 200", "seed 000")
def _(house: House) -> None:
    body = notification(house, "ord_123")
    key = notification_key("ord_123", body["businessId"])
    answer = notify(house, body, **{"Idempotency-Key": key})
    assert accepted(answer, 200) == {"success": True}


@facts(20, "StandardError: errorCode, message strings, required", "seed 000")
@facts(21, "StandardError.fieldErrors object of strings", "seed 000")
def _(house: House) -> None:
    answer = notify(house, {"orderId": "a"})
    refused(answer, 400, "businessId")
    assert answer.json()["fieldErrors"]["businessId"]


@facts(
    22,
    "500 StandardError when processing failed",
    "seed 000",
    ours="a failure cannot be provoked from outside: the document states the answer",
)
def _(house: House) -> None:
    document = house.world.polinate.get("/openapi/polinate.json").json()
    assert "500" in document["paths"][POLINATE_ORDERS]["post"]["responses"]


def _limited(house: House, method: str, path: str) -> httpx.Response:
    http = house.limited.polinate.http
    answers = (http.request(method, path, json={} if method == "POST" else None) for _ in range(99))
    return next(answer for answer in answers if answer.status_code == 429)


@facts(23, "429 StandardError with Retry-After seconds (POST)", "seed 000")
@facts(101, "429: RATE_LIMITED, message, requestId, JSON", "page G-rate")
def _(house: House) -> None:
    answer = _limited(house, "POST", POLINATE_ORDERS)
    refused(answer, 429)
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.json()["errorCode"] == "RATE_LIMITED"
    assert answer.json()["requestId"]


@facts(96, "429 StandardError with Retry-After (GET)", "seed 002")
def _(house: House) -> None:
    answer = _limited(house, "GET", f"{POLINATE_ORDERS}/ord_123")
    refused(answer, 429)
    assert int(answer.headers["Retry-After"]) >= 1


@facts(102, "token bucket: after Retry-After seconds the next request passes", "page G-rate")
def _(house: House) -> None:
    http = house.limited.polinate.http
    _limited(house, "GET", POLINATE_ORDERS)
    eventually(lambda: http.get(POLINATE_ORDERS).status_code == 200, "the bucket has a token")


@facts(103, "rate limiting is on", "page G-rate")
def _(house: House) -> None:
    assert "ENTREPOT_RATE_LIMIT" not in house.server.env
    assert Settings().rate_limit is not None, "the default is a rate"


@facts(98, "missing header, wrong value and another business's key answer the same", "page G-auth")
@facts(99, "errorCode UNAUTHORIZED with message and requestId", "page G-auth")
@facts(94, "401 StandardError", "seed 002")
@facts(97, "GET needs X-Business-Id and X-API-Key", "seed 002")
def _(house: House) -> None:
    right, foreign = house.world.polinate.headers, house.other.polinate.headers
    wrong = [
        {},
        {"X-Business-Id": right["X-Business-Id"]},
        {"X-API-Key": right["X-API-Key"]},
        right | {"X-API-Key": "0" * 32},
        right | {"X-Business-Id": "bus_nobody"},
        right | {"X-API-Key": foreign["X-API-Key"]},
    ]
    told = set()
    for headers in wrong:
        answer = httpx.get(f"{house.server.url}{POLINATE_ORDERS}/ord_123", headers=headers)
        refused(answer, 401)
        body = answer.json()
        assert body.pop("requestId")
        told.add((body["errorCode"], body["message"]))
    assert [code for code, _ in told] == ["UNAUTHORIZED"]


@facts(100, "header names in any case (X-Business-ID)", "page G-auth")
def _(house: House) -> None:
    right = house.world.polinate.headers
    headers = {
        "X-Business-ID": right["X-Business-Id"],
        "x-api-key": right["X-API-Key"],
    }
    answer = httpx.get(house.server.url + POLINATE_ORDERS, headers=headers)
    assert answer.status_code == 200


@facts(104, "a repeated key returns the original result, no duplicate (POST)", "page G-idem")
@facts(105, "a new key is a new operation", "page G-idem")
def _(house: House) -> None:
    polinate = house.world.polinate
    body = house.world.polinate_order()
    key, new_key = str(uuid.uuid4()), str(uuid.uuid4())
    first, again, second = (polinate.post(body, one) for one in (key, key, new_key))
    assert first.content == again.content
    assert accepted(second)["id"] != accepted(first)["id"]


@facts(451, "the id that was notified (ord_123) is the id that GET takes", "seeds 000, 002")
@facts(452, "the id that was notified (ord_123) is the id that PATCH takes", "seeds 000, 001")
@facts(453, "an ingested order shows the id it has (Order.id = orderId notified)", "seeds 000, 002")
@facts(454, "an ingested order keeps internalReference", "seed 002")
@facts(455, "an ingested order keeps createdAt", "seed 002")
def _(house: House) -> None:
    order_id = f"ord_shop_{uuid.uuid4().hex[:8]}"
    read = house.fetched(order_id)
    patch = house.sourced.polinate.patch(order_id, {"order": {"notes": "seen"}})
    patched = accepted(patch, 200)
    listed = house.sourced.polinate.get(POLINATE_ORDERS, limit=100).json()["items"]
    [row] = [one for one in listed if one["id"] == order_id]
    for order in (read, patched, row):
        assert order["id"] == order_id
        assert order["internalReference"] == f"INT-{order_id}"
        assert order["createdAt"] == "2025-01-15T10:30:00.000Z"


@facts(456, "OrderItem.quantity is a number: 1.5 kg can be created", "seed 002")
def _(house: House) -> None:
    body = house.world.polinate_order([0])
    body["orderItems"][0]["quantity"] = 1.5
    order = accepted(house.world.polinate.post(body))
    assert order["orderItems"][0]["quantity"] == 1.5
    assert Decimal(order["totalAmount"]) == Decimal("15.375")


@facts(457, "OrderItem.quantity: an order with 1.5 is ingested", "seed 002")
def _(house: House) -> None:
    order_id = f"ord_weighed_{uuid.uuid4().hex[:8]}"
    business = house.sourced.polinate.business_id
    answer = house.sourced.polinate.post({"orderId": order_id, "businessId": business})
    assert accepted(answer, 200) == {"success": True}

    def fetched() -> Body | None:
        answer = house.sourced.polinate.get(f"{POLINATE_ORDERS}/{order_id}")
        return answer.json() if answer.status_code == 200 else None

    order = eventually(fetched, "the order is fetched", 120)
    assert order["orderItems"][0]["quantity"] == 1.5
