"""Every refusal in Polinate's words: a status, and a StandardError."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.polinate import wire
from entrepot.writer.envelope import Answer

# Only UNAUTHORIZED and RATE_LIMITED are documented codes.
TABLE: dict[Reason, tuple[int, str]] = {
    Reason.NO_SUCH_ROUTE: (404, "NOT_FOUND"),
    Reason.METHOD_NOT_ALLOWED: (405, "METHOD_NOT_ALLOWED"),
    Reason.UNAUTHENTICATED: (401, "UNAUTHORIZED"),
    Reason.FORBIDDEN: (403, "FORBIDDEN"),
    Reason.RATE_LIMITED: (429, "RATE_LIMITED"),
    Reason.BODY_TOO_LARGE: (413, "PAYLOAD_TOO_LARGE"),
    Reason.UNSUPPORTED_MEDIA: (400, "VALIDATION_ERROR"),
    Reason.INVALID: (400, "VALIDATION_ERROR"),
    Reason.KEY_MALFORMED: (400, "VALIDATION_ERROR"),
    Reason.KEY_REUSED: (409, "IDEMPOTENCY_KEY_REUSED"),
    Reason.UNKNOWN_ORDER: (404, "NOT_FOUND"),
    Reason.UNKNOWN_VARIANT: (400, "VALIDATION_ERROR"),
    Reason.UNKNOWN_LOCATION: (400, "VALIDATION_ERROR"),
    Reason.UNKNOWN_CUSTOMER: (400, "VALIDATION_ERROR"),
    Reason.NO_ACCOUNT: (400, "VALIDATION_ERROR"),
    Reason.UNKNOWN_LINE: (400, "VALIDATION_ERROR"),
    Reason.CHANGED_MEANWHILE: (412, "PRECONDITION_FAILED"),
    Reason.DUPLICATE_ENTRY: (409, "CONFLICT"),
    Reason.ILLEGAL_MOVE: (409, "CONFLICT"),
    Reason.AMOUNT_FIXED: (409, "CONFLICT"),
    Reason.OUT_OF_STOCK: (409, "CONFLICT"),
    Reason.STALE_LEASE: (500, "INTERNAL_ERROR"),
    Reason.OVERLOADED: (503, "UNAVAILABLE"),
    Reason.UNAVAILABLE: (503, "UNAVAILABLE"),
    Reason.INTERNAL: (500, "INTERNAL_ERROR"),
}


def refusal_answer(refusal: Refusal, request_id: str) -> Answer:
    """The status and the body. A failure of ours, or of credentials, says nothing more."""
    status, code = TABLE[refusal.reason]
    faults, message = refusal.faults(), refusal.sentence
    if status in (401, 500):
        faults, message = {}, refusal.reason.sentence
    body = wire.StandardError(
        error_code=code, message=message, request_id=request_id, field_errors=faults or UNSET
    )
    return Answer(status, msgspec.json.encode(body))
