"""Every refusal in Konvo's words: a status, and `{"error": <status>, "message": "<text>"}`."""

from __future__ import annotations

import msgspec

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.konvo import wire
from entrepot.writer.envelope import Answer

STATUS: dict[Reason, int] = {
    Reason.NO_SUCH_ROUTE: 404,
    Reason.METHOD_NOT_ALLOWED: 405,
    Reason.UNAUTHENTICATED: 401,
    Reason.FORBIDDEN: 403,
    Reason.RATE_LIMITED: 429,
    Reason.BODY_TOO_LARGE: 413,
    Reason.UNSUPPORTED_MEDIA: 400,
    Reason.INVALID: 400,
    Reason.KEY_MALFORMED: 400,
    Reason.KEY_REUSED: 409,
    Reason.UNKNOWN_ORDER: 404,
    Reason.UNKNOWN_VARIANT: 400,
    Reason.UNKNOWN_LOCATION: 400,
    Reason.UNKNOWN_CUSTOMER: 400,
    Reason.NO_ACCOUNT: 400,
    Reason.UNKNOWN_LINE: 400,
    Reason.CHANGED_MEANWHILE: 412,
    Reason.DUPLICATE_ENTRY: 409,
    Reason.ILLEGAL_MOVE: 409,
    Reason.AMOUNT_FIXED: 409,
    Reason.OUT_OF_STOCK: 409,
    Reason.STALE_LEASE: 500,
    Reason.OVERLOADED: 503,
    Reason.UNAVAILABLE: 503,
    Reason.INTERNAL: 500,
}


def refusal_answer(refusal: Refusal, request_id: str) -> Answer:
    """The status and the body; an unforeseen error says only where to look for it."""
    status, text = STATUS[refusal.reason], refusal.sentence
    if refusal.reason is Reason.INTERNAL:
        text = f"{Reason.INTERNAL.sentence} Request id: {request_id}"
    return Answer(status, msgspec.json.encode(wire.Error(status, text)))
