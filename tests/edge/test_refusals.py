"""One default status a reason, and a dialect's own before it; how much an answer repeats."""

from __future__ import annotations

import pytest

from entrepot.core.refusal import FIELD_MAX, Reason, Refusal
from entrepot.edge.dialect import Dialect
from entrepot.edge.dialects import ALL
from entrepot.edge.refusals import DEFAULT_STATUS, statuses


def test_every_reason_has_a_default() -> None:
    assert set(DEFAULT_STATUS) == set(Reason)
    assert statuses() == DEFAULT_STATUS


def test_a_dialects_own_status_goes_before_the_default() -> None:
    own = statuses({Reason.UNSUPPORTED_MEDIA: 415})
    assert own[Reason.UNSUPPORTED_MEDIA] == 415
    assert own == {**DEFAULT_STATUS, Reason.UNSUPPORTED_MEDIA: 415}
    assert DEFAULT_STATUS[Reason.UNSUPPORTED_MEDIA] == 400


@pytest.mark.parametrize("dialect", ALL, ids=lambda one: one.name)
def test_an_answer_repeats_a_part_of_a_long_name_and_value(dialect: Dialect) -> None:
    """An answer as long as the body that it refuses is work for nothing."""
    fault = Refusal(Reason.INVALID, "v" * 1_000_000, "n" * 1_000_000)
    body = dialect.refuse(fault, "request-1").body
    assert body.count(b"n") >= FIELD_MAX
    assert len(body) < 10_000
