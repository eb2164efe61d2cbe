"""Every refusal has a status, a code and Polinate's envelope, and every status is documented."""

import json

import pytest

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.polinate.dialect import DIALECT
from entrepot.edge.polinate.refusals import CODE, STATUS, refusal_answer

EXPECTED = {
    "no_such_route": (404, "NOT_FOUND"),
    "method_not_allowed": (405, "METHOD_NOT_ALLOWED"),
    "unauthenticated": (401, "UNAUTHORIZED"),
    "forbidden": (403, "FORBIDDEN"),
    "rate_limited": (429, "RATE_LIMITED"),
    "body_too_large": (413, "PAYLOAD_TOO_LARGE"),
    "unsupported_media": (400, "VALIDATION_ERROR"),
    "invalid": (400, "VALIDATION_ERROR"),
    "key_malformed": (400, "VALIDATION_ERROR"),
    "key_reused": (409, "IDEMPOTENCY_KEY_REUSED"),
    "unknown_order": (404, "NOT_FOUND"),
    "unknown_variant": (400, "VALIDATION_ERROR"),
    "unknown_location": (400, "VALIDATION_ERROR"),
    "unknown_customer": (400, "VALIDATION_ERROR"),
    "no_such_customer": (404, "NOT_FOUND"),
    "no_account": (400, "VALIDATION_ERROR"),
    "unknown_line": (400, "VALIDATION_ERROR"),
    "unknown_shipment": (404, "NOT_FOUND"),
    "unknown_return": (404, "NOT_FOUND"),
    "unknown_product": (404, "NOT_FOUND"),
    "unknown_invoice": (404, "NOT_FOUND"),
    "unknown_broadcast": (404, "NOT_FOUND"),
    "unknown_price_list": (404, "NOT_FOUND"),
    "duplicate_entry": (409, "CONFLICT"),
    "ambiguous": (409, "CONFLICT"),
    "changed_meanwhile": (412, "PRECONDITION_FAILED"),
    "illegal_move": (409, "CONFLICT"),
    "channel_closed": (409, "CONFLICT"),
    "partnership_closed": (409, "CONFLICT"),
    "amount_fixed": (409, "CONFLICT"),
    "out_of_stock": (409, "CONFLICT"),
    "stale_lease": (500, "INTERNAL_ERROR"),
    "unverified": (502, "BAD_GATEWAY"),
    "not_configured": (500, "INTERNAL_ERROR"),
    "overloaded": (503, "UNAVAILABLE"),
    "unavailable": (503, "UNAVAILABLE"),
    "internal": (500, "INTERNAL_ERROR"),
}


def test_every_reason_has_a_status_and_a_code() -> None:
    assert {reason.code: (STATUS[reason], CODE[reason]) for reason in Reason} == EXPECTED


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.code)
def test_the_envelope(reason: Reason) -> None:
    answer = refusal_answer(Refusal(reason, "secret of the inside", "order.phase"), "request-1")
    body = json.loads(answer.body)
    status, code = EXPECTED[reason.code]
    assert (answer.status, body.pop("errorCode")) == (status, code)
    assert body.pop("requestId") == "request-1"
    if status in (401, 500):
        assert body == {"message": reason.sentence}
    else:
        assert body == {
            "message": "order.phase: secret of the inside",
            "fieldErrors": {"order.phase": "secret of the inside"},
        }


def test_without_a_field_there_are_no_field_errors() -> None:
    body = json.loads(refusal_answer(Refusal(Reason.KEY_REUSED), "request-1").body)
    assert body.keys() == {"errorCode", "message", "requestId"}


READ = {401, 429, 500, 503}
# 405 is of no operation; 404 and 412 are of those that name an order in the path.
WRITE = {*STATUS.values()} - {404, 405, 412, 502}


@pytest.mark.parametrize(
    ("operation_id", "statuses"),
    [
        ("listOrders", {200, 400, *READ}),
        ("getOrder", {200, 304, 404, *READ}),
        ("createOrder", {200, 201, *WRITE}),
        ("updateOrder", {200, 404, 412, *WRITE}),
    ],
)
def test_every_status_is_documented(operation_id: str, statuses: set[int]) -> None:
    [operation] = [one for one in DIALECT.operations if one.operation_id == operation_id]
    assert set(operation.responses) == statuses
    assert "Retry-After" in operation.responses[429].headers
