"""Every refusal in Polinate's words: a status, and a StandardError."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.polinate.wire import StandardError
from entrepot.edge.refusals import statuses
from entrepot.writer.envelope import Answer

STATUS = statuses()
# Only UNAUTHORIZED and RATE_LIMITED are documented codes.
_CODE_OF_STATUS = {
    400: "VALIDATION_ERROR",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    409: "CONFLICT",
    412: "PRECONDITION_FAILED",
    413: "PAYLOAD_TOO_LARGE",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
    502: "BAD_GATEWAY",
    503: "UNAVAILABLE",
}
_OWN_CODE = {Reason.KEY_REUSED: "IDEMPOTENCY_KEY_REUSED"}
CODE = {reason: _OWN_CODE.get(reason, _CODE_OF_STATUS[STATUS[reason]]) for reason in Reason}


def refusal_answer(refusal: Refusal, request_id: str) -> Answer:
    """The status and the body. A failure of ours, or of credentials, says nothing more."""
    status, code = STATUS[refusal.reason], CODE[refusal.reason]
    faults, message = refusal.faults(), refusal.sentence
    if status in (401, 500):
        faults, message = {}, refusal.reason.sentence
    body = StandardError(
        error_code=code, message=message, request_id=request_id, field_errors=faults or UNSET
    )
    return Answer(status, msgspec.json.encode(body))
