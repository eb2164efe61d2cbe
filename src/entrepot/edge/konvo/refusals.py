"""Every refusal in Konvo's words: a status, and `{"error": <status>, "message": "<text>"}`."""

from __future__ import annotations

import msgspec

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.konvo.wire import Error
from entrepot.edge.refusals import statuses
from entrepot.writer.envelope import Answer

STATUS = statuses()


def refusal_answer(refusal: Refusal, request_id: str) -> Answer:
    """The status and the body; an unforeseen error says only where to look for it."""
    status, text = STATUS[refusal.reason], refusal.sentence
    if refusal.reason is Reason.INTERNAL:
        text = f"{Reason.INTERNAL.sentence} Request id: {request_id}"
    return Answer(status, msgspec.json.encode(Error(status, text)))
