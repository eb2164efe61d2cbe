"""Each figure that the runbook tells an operator to watch is made to rise by a test."""

from __future__ import annotations

import re

import pytest
from tests.architecture.test_proofs import ROOT, claims, faults

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
ALERT = re.compile(r"^\| `(?:entrepot_\w+|\{where=)")


@pytest.mark.parametrize("heading", ["Is it well?", "More comes in than it can take"])
def test_each_alert_is_caused_by_a_test(heading: str) -> None:
    section = RUNBOOK.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    alerts = [claim for claim in claims(section) if ALERT.match(claim)]
    assert len(alerts) >= 6
    lacking = [(alert[:60], fault) for alert in alerts for fault in faults(alert)]
    assert lacking == []
