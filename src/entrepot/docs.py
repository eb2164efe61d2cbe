"""The documents that are printed from tables of the code, so that they cannot say anything else.

`entrepot docs` writes them; a test compares the committed files with what is printed.
"""

from __future__ import annotations

from entrepot import settings
from entrepot.core.refusal import NEVER_STORED, Reason
from entrepot.edge.konvo.refusals import STATUS as KONVO_STATUS
from entrepot.edge.polinate.refusals import CODE as POLINATE_CODE
from entrepot.edge.polinate.refusals import STATUS as POLINATE_STATUS
from entrepot.edge.synq.refusals import STATUS as SYNQ_STATUS
from entrepot.printed_lifecycle import printed_lifecycle, table
from entrepot.printed_statements import printed_statements

_PRINTED = "<!-- Printed by `entrepot docs` from the tables of the code; edit those. -->\n\n"


def printed() -> dict[str, str]:
    """Relative path and text of every printed document."""
    return {
        "docs/lifecycle.md": _PRINTED + printed_lifecycle(),
        "docs/settings.md": _PRINTED + _settings(),
        "docs/refusals.md": _PRINTED + _refusals(),
        "docs/statements.md": _PRINTED + printed_statements(),
    }


def _settings() -> str:
    rows = (
        (f"`{name}`", type_, f"`{_default(type_, default)}`" if default else "empty", meaning)
        for name, type_, default, meaning in settings.described()
    )
    return (
        "# Settings\n\n"
        "Every setting is an environment variable, or the same name in small letters without "
        f"`{settings.PREFIX}` in the\nTOML file that `{settings.PREFIX}CONFIG` names; the "
        "environment wins. Durations are seconds, sizes bytes. A setting\nthat cannot be taken "
        "stops the start, and all faults are told at once.\n\n"
        + table(("variable", "type", "default", "meaning"), rows)
    )


def _default(type_: str, default: str) -> str:
    return default.lower() if type_ == "bool" else default


def _refusals() -> str:
    rows = []
    for reason in Reason:
        status, code = POLINATE_STATUS[reason], POLINATE_CODE[reason]
        name = f"`{reason.code}`" + (" (t)" if reason in NEVER_STORED else "")
        answers = (str(SYNQ_STATUS[reason]), f"{status} `{code}`", str(KONVO_STATUS[reason]))
        rows.append((name, reason.sentence, *answers))
    return (
        "# Refusals\n\n"
        "Every reason to refuse a request. If several apply, the first one that is checked is "
        "given. Each dialect says it in its\nown status and body: Synq `{error}`, Polinate "
        "`{errorCode, message, requestId, fieldErrors}`, Konvo `{error, message}`.\n"
        "If a field is to blame, its path in the request stands before the sentence. Answers "
        "marked (t) are transient and\nnever stored under an idempotency key.\n\n"
        + table(("reason", "meaning", "Synq", "Polinate", "Konvo"), rows)
    )
