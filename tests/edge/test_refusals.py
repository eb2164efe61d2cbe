"""One default status a reason, and a dialect's own before it."""

from __future__ import annotations

from entrepot.core.refusal import Reason
from entrepot.edge.refusals import DEFAULT_STATUS, statuses


def test_every_reason_has_a_default() -> None:
    assert set(DEFAULT_STATUS) == set(Reason)
    assert statuses() == DEFAULT_STATUS


def test_a_dialects_own_status_goes_before_the_default() -> None:
    own = statuses({Reason.UNSUPPORTED_MEDIA: 415})
    assert own[Reason.UNSUPPORTED_MEDIA] == 415
    assert own == {**DEFAULT_STATUS, Reason.UNSUPPORTED_MEDIA: 415}
    assert DEFAULT_STATUS[Reason.UNSUPPORTED_MEDIA] == 400
