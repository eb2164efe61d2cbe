"""Every refusal has a status and Synq's envelope, and every status is documented."""

import json

import pytest

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.refusals import DEFAULT_STATUS
from entrepot.edge.synq.dialect import DIALECT
from entrepot.edge.synq.refusals import STATUS, refusal_answer


def test_the_statuses_are_those_of_all_dialects() -> None:
    assert STATUS == DEFAULT_STATUS


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.code)
def test_the_envelope(reason: Reason) -> None:
    answer = refusal_answer(Refusal(reason, "too long", "items[0].sku"), "request-1")
    body = json.loads(answer.body)
    assert (answer.status, list(body)) == (STATUS[reason], ["error"])
    prefix = {401: "Unauthorized: ", 403: "Forbidden: "}.get(answer.status, "")
    if reason is not Reason.INTERNAL:
        assert body["error"] == f"{prefix}items[0].sku: too long"


def test_an_unforeseen_error_says_only_where_to_look() -> None:
    answer = refusal_answer(Refusal(Reason.INTERNAL, "secret of the inside"), "request-1")
    assert b"secret" not in answer.body
    assert b"request-1" in answer.body


# 405 is of no operation, and an address without one is of none either.
READ = {400, 401, 403, 429, 500, 503}
WRITE = {*STATUS.values()} - {404, 405, 412, 502}


@pytest.mark.parametrize(
    ("operation_id", "statuses"),
    [
        ("listOrders", {200, *READ}),
        ("getOrder", {200, 304, 404, *READ}),
        ("createOrder", {201, *WRITE}),
        ("adjustInventory", {200, *WRITE}),
    ],
)
def test_every_status_is_documented(operation_id: str, statuses: set[int]) -> None:
    [operation] = [one for one in DIALECT.operations if one.operation_id == operation_id]
    assert set(operation.responses) == statuses
