"""Every refusal in Synq's words: a status, and `{"error": "<readable text>"}`."""

from __future__ import annotations

import msgspec

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.refusals import statuses
from entrepot.edge.synq.wire import Error
from entrepot.writer.envelope import Answer

STATUS = statuses()
# The documented texts of 401 and 403 start with these words.
_PREFIX = {Reason.UNAUTHENTICATED: "Unauthorized: ", Reason.FORBIDDEN: "Forbidden: "}


def refusal_answer(refusal: Refusal, request_id: str) -> Answer:
    """The status and the body; an unforeseen error says only where to look for it."""
    text = _PREFIX.get(refusal.reason, "") + refusal.sentence
    if refusal.reason is Reason.INTERNAL:
        text = f"{Reason.INTERNAL.sentence} Request id: {request_id}"
    return Answer(STATUS[refusal.reason], msgspec.json.encode(Error(text)))
