"""Every refusal has a status and Konvo's envelope, and every status is documented."""

import json

import pytest

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.konvo.dialect import DIALECT
from entrepot.edge.konvo.refusals import STATUS, refusal_answer

EXPECTED = {
    "no_such_route": 404, "method_not_allowed": 405, "unauthenticated": 401, "forbidden": 403,
    "rate_limited": 429, "body_too_large": 413, "unsupported_media": 400, "invalid": 400,
    "key_malformed": 400, "key_reused": 409, "unknown_order": 404, "unknown_variant": 400,
    "unknown_location": 400, "unknown_customer": 400, "no_such_customer": 404,
    "no_account": 400, "unknown_line": 400,
    "duplicate_entry": 409, "unknown_shipment": 404, "unknown_return": 404,
    "unknown_product": 404, "unknown_invoice": 404, "unknown_broadcast": 404,
    "unknown_price_list": 404,
    "ambiguous": 409, "changed_meanwhile": 412,
    "illegal_move": 409, "channel_closed": 409, "partnership_closed": 409,
    "amount_fixed": 409, "out_of_stock": 409,
    "stale_lease": 500, "unverified": 502, "not_configured": 500,
    "overloaded": 503, "unavailable": 503, "internal": 500,
}  # fmt: skip


def test_every_reason_has_a_status() -> None:
    assert {reason.code: STATUS.get(reason) for reason in Reason} == EXPECTED


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.code)
def test_the_envelope(reason: Reason) -> None:
    answer = refusal_answer(Refusal(reason, "too long", "[3].items[0].price"), "request-1")
    body = json.loads(answer.body)
    assert body.keys() == {"error", "message"}
    assert body["error"] == answer.status == STATUS[reason]
    if reason is not Reason.INTERNAL:
        assert body["message"] == "[3].items[0].price: too long"


def test_an_unforeseen_error_says_only_where_to_look() -> None:
    answer = refusal_answer(Refusal(Reason.INTERNAL, "secret of the inside"), "request-1")
    assert b"secret" not in answer.body
    assert b"request-1" in answer.body


# 405 is of no operation, and an address without one is of none either.
READ = {400, 401, 429, 500, 503}
WRITE = {*STATUS.values()} - {404, 405, 412, 502}


@pytest.mark.parametrize(
    ("operation_id", "statuses"),
    [
        ("listOrders", {200, *READ}),
        ("getOrder", {200, 304, 404, *READ}),
        ("createOrders", {201, *WRITE}),
    ],
)
def test_every_status_is_documented(operation_id: str, statuses: set[int]) -> None:
    [operation] = [one for one in DIALECT.operations if one.operation_id == operation_id]
    assert set(operation.responses) == statuses
