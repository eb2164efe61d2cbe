"""Every refusal is a problem document."""

from __future__ import annotations

import json

import pytest

from entrepot.core.refusal import Reason, Refusal, all_of
from entrepot.edge.native.refusals import STATUS, pointer, refusal_answer
from entrepot.edge.refusals import DEFAULT_STATUS


@pytest.mark.parametrize("reason", Reason, ids=lambda reason: reason.code)
def test_the_problem(reason: Reason) -> None:
    answer = refusal_answer(Refusal(reason, "too long", "lines[0].sku"), "request-1")
    told = json.loads(answer.body)
    assert answer.status == told.pop("status") == STATUS[reason]
    assert told.pop("type") == "urn:entrepot:problem:" + reason.code.replace("_", "-")
    assert (told.pop("title"), told.pop("request_id")) == (reason.sentence, "request-1")
    faults = [{"pointer": "/lines/0/sku", "detail": "too long"}]
    assert told.pop("errors", None) == (faults if answer.status < 500 else None)
    inside = reason is Reason.INTERNAL
    assert told == {"detail": reason.sentence if inside else "lines[0].sku: too long"}


def test_the_statuses_are_those_of_all_dialects_but_one() -> None:
    assert STATUS == {**DEFAULT_STATUS, Reason.UNSUPPORTED_MEDIA: 415}


def test_faults_are_named_in_their_order_and_the_version_and_the_candidates_are_told() -> None:
    faults = [Refusal(Reason.INVALID, "is wrong", name) for name in ("b", "a", "c")]
    told = json.loads(refusal_answer(all_of(faults), "request-1").body)
    assert [one["pointer"] for one in told["errors"]] == ["/b", "/a", "/c"]
    changed = Refusal(Reason.CHANGED_MEANWHILE, version="3-5")
    assert json.loads(refusal_answer(changed, "request-1").body)["current_version"] == '"3-5"'
    several = Refusal(Reason.AMBIGUOUS, candidates=("one", "two"))
    assert json.loads(refusal_answer(several, "request-1").body)["candidates"] == ["one", "two"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", ""), ("currency", "/currency"), ("lines[10].quantity", "/lines/10/quantity"),
        ("[3].items[0]", "/3/items/0"), ('metadata["a b"]', "/metadata/a b"),
        ('["~/"].x', "/~0~1/x"), ('["\\"]"]', '/"]'), ("Idempotency-Key", "/Idempotency-Key"),
        ('["\\ud800"].x', "/\ufffd/x"), ('["a\\ud83d\\ude00"]', "/a\U0001f600"),
    ],
)  # fmt: skip
def test_a_path_as_a_pointer(path: str, found: str) -> None:
    assert pointer(path) == found
