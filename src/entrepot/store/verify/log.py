"""The log of commits: whether the book has all that it once had. See store/engines/book_log.py."""

from __future__ import annotations

from collections.abc import Sequence

from entrepot.store.engines.outage import LogFault
from entrepot.store.verify.report import Findings, Report


def check_log(faults: Sequence[LogFault], findings: Findings) -> None:
    """Report each fault, with how many commits are missing where that is known."""
    for fault in faults:
        findings.add("LOG", fault=fault.sentence, missing_commits=fault.missing)


def log_alone(faults: Sequence[LogFault]) -> Report:
    """The report of a book that must not be read, because its log was removed."""
    findings = Findings()
    check_log(faults, findings)
    return Report({}, findings.violations())
