"""Every refusal has a status and Konvo's envelope, and every status is documented."""

import json

import pytest

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.konvo.dialect import DIALECT
from entrepot.edge.konvo.refusals import STATUS, refusal_answer
from entrepot.edge.refusals import DEFAULT_STATUS


def test_the_statuses_are_those_of_all_dialects() -> None:
    assert STATUS == DEFAULT_STATUS


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
