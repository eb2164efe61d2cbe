"""Every refusal of the native API: a status, and a problem document (RFC 9457)."""

from __future__ import annotations

import json
import re

import msgspec
from msgspec import UNSET

from entrepot.core.refusal import Reason, Refusal
from entrepot.edge.native.wire import Fault, Problem
from entrepot.edge.refusals import statuses
from entrepot.writer.envelope import Answer

STATUS = statuses({Reason.UNSUPPORTED_MEDIA: 415})
TYPE = "urn:entrepot:problem:"
# Parts of a path, as faults are placed: a name, a position in an array, a name in quotation marks.
_PART = re.compile(r'\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\.?([^.\[]+)')


def refusal_answer(refusal: Refusal, request_id: str) -> Answer:
    """The status and the problem. An unforeseen error says only where to look for it."""
    reason = refusal.reason
    detail = refusal.sentence
    if reason is Reason.INTERNAL:
        detail = reason.sentence
    faults = [
        Fault(pointer(one.field), one.detail or one.reason.sentence)
        for one in (refusal, *refusal.others)
        if one.field
    ]
    problem = Problem(
        TYPE + reason.code.replace("_", "-"), reason.sentence, STATUS[reason], detail, request_id,
        faults if faults and STATUS[reason] < 500 else UNSET,
        UNSET if refusal.version is None else f'"{refusal.version}"',
        list(refusal.candidates) or UNSET,
    )  # fmt: skip
    return Answer(STATUS[reason], msgspec.json.encode(problem))


def _whole(text: str) -> str:
    """The name of a member, in which half of a character is shown as a replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def pointer(path: str) -> str:
    """The JSON pointer (RFC 6901) of a path: `lines[0].quantity` is `/lines/0/quantity`."""
    parts = []
    for match in _PART.finditer(path):
        position, quoted, name = match.groups()
        text = position or name
        if text is None:
            text = _whole(json.loads(f'"{quoted}"'))
        parts.append("/" + text.replace("~", "~0").replace("/", "~1"))
    return "".join(parts)
