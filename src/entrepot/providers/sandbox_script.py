"""What the sandbox does with each request, as the payment reference tells it to. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from entrepot.providers import payment
from entrepot.providers.payment import (
    Found,
    FoundState,
    LookUpAnswer,
    OperationFound,
    OperationRequest,
    PaymentRequest,
    ServiceTerms,
)
from entrepot.providers.sandbox_ledger import Asked, Entry

# What a call that asks for an operation is told, and what any call is told.
OperationAnswer: TypeAlias = OperationFound | payment.NotSent | payment.Unknown
Answer: TypeAlias = payment.AuthoriseAnswer | OperationAnswer

_SCRIPT = re.compile(
    r"(declined|pending|running|captured|disputed)|(flaky|unknown|slow|differs)-([0-9]{1,9})"
)
_OPERATION = r"(?<![a-z])%s-(?:(declined|running)(?![a-z])|(flaky|unknown|slow)-([0-9]{1,9}))"
_OPERATIONS = {kind: re.compile(_OPERATION % kind) for kind in ("capture", "void", "refund")}


def script(reference: str) -> tuple[str, int]:
    """What the reference says of the authorisation, with its number."""
    match = _SCRIPT.match(reference)
    return (match[1] or match[2], int(match[3] or 0)) if match else ("", 0)


def script_of(reference: str, kind: str) -> tuple[str, int]:
    """What the reference says of operations of this kind, with its number."""
    match = _OPERATIONS[kind].search(reference)
    return (match[1] or match[2], int(match[3] or 0)) if match else ("", 0)


def first_seen(request: PaymentRequest) -> Entry:
    """The entry of a payment that nothing was done with yet."""
    content = (request.key, request.order, request.reference)
    amount = (request.units, request.scale, request.currency)
    return Entry(*content, *amount, state="failing", calls=0, provider_reference=None)


def first_asked(request: OperationRequest) -> Asked:
    """The entry of an operation that nothing was done for yet."""
    # A void is repeated with the reference of an authorisation that was not known at first.
    of = None if request.kind == "void" else request.of
    return Asked(
        request.key, request.payment.key, request.kind, of, request.units,
        int(request.final), state="failing", calls=0, provider_reference=None,
    )  # fmt: skip


def decide_authorise(entry: Entry) -> tuple[Entry, payment.AuthoriseAnswer]:
    """The entry after one more authorisation call, and the answer to the call."""
    behaviour, number = script(entry.reference)
    calls = entry.calls + 1
    held = f"sandbox-{entry.key}"
    if behaviour == "differs" and entry.state == "failing":
        entry = entry._replace(calls=calls)
        return entry, payment.Differs(number, entry.scale, entry.currency, held)
    if entry.state != "failing" or (behaviour == "flaky" and calls <= number):
        entry = entry._replace(calls=calls)
    elif behaviour in ("declined", "pending", "running"):
        state = "declined" if behaviour == "declined" else "pending"
        entry = entry._replace(calls=calls, state=state)
    else:
        entry = entry._replace(calls=calls, state="authorised", provider_reference=held)
        if behaviour == "captured":
            entry = entry._replace(captured=entry.units, let_go=1)
    if entry.state == "failing":
        return entry, payment.NotSent(f"scripted: call {calls} of {number} that fail")
    if entry.state == "authorised" and behaviour == "unknown" and calls <= number:
        return entry, payment.Unknown(f"scripted: answer {calls} of {number} that are lost")
    if entry.state == "voided":
        return entry, payment.Declined("the key was voided")
    return entry, _standing(entry)


def found(entry: Entry | None) -> LookUpAnswer:
    """What a look-up says of a payment."""
    if entry is None:
        return payment.Absent()
    behaviour, number = script(entry.reference)
    held = f"sandbox-{entry.key}"
    if entry.state == "failing":
        if behaviour == "differs":
            return payment.Differs(number, entry.scale, entry.currency, held)
        return payment.Absent()
    if entry.state == "voided":
        return payment.Voided(entry.provider_reference)
    if entry.captured and behaviour == "disputed":
        rest = not entry.let_go
        return payment.Disputed("scripted: the customer disputes the payment", held, held=rest)
    return _standing(entry)


def found_operation(asked: Asked | None) -> OperationFound:
    """What a look-up says of a capture, a void or a refund."""
    if asked is None or asked.state == "failing":
        return payment.Absent()
    return _outcome(asked)


def found_in_list(entry: Entry, made_at: int, terms: ServiceTerms) -> Found:
    """The payment as the sandbox's own list has it."""
    state: FoundState = "authorised"
    if entry.state == "authorised" and entry.captured:
        disputed = script(entry.reference)[0] == "disputed"
        if entry.let_go:
            state = "disputed" if disputed else "captured"
    elif entry.state == "voided":
        state = "voided"
    elif entry.state == "declined":
        state = "declined"
    elif entry.state == "pending":
        state = "running" if script(entry.reference)[0] == "running" else "pending"
    lapses_at = None
    if state == "authorised" and terms.hold_seconds is not None:
        lapses_at = made_at + int(terms.hold_seconds * 1_000_000)
    return Found(
        f"sandbox-{entry.key}", entry.order_ref, entry.key, entry.units, entry.scale,
        entry.currency, state, entry.captured, entry.refunded, made_at, lapses_at,
    )  # fmt: skip


def decide_operation(
    entry: Entry, asked: Asked, others: Sequence[Asked]
) -> tuple[Entry, Asked, OperationAnswer]:
    """The payment and an operation on it after one more call, and the answer to the call.

    `others` are the payment's other operations.
    """
    behaviour, number = script_of(entry.reference, asked.kind)
    calls = asked.calls + 1
    asked = asked._replace(calls=calls)
    if asked.state == "failing":
        if behaviour == "flaky" and calls <= number:
            return entry, asked, payment.NotSent(f"scripted: call {calls} of {number} that fail")
        code = (
            "scripted" if behaviour == "declined" else _REFUSALS[asked.kind](entry, asked, others)
        )
        if code is not None:
            asked = asked._replace(state="declined", code=code)
        elif behaviour == "running":
            asked = asked._replace(state="running")
        else:
            entry, asked = done(entry, asked)
    if asked.state == "done" and behaviour == "unknown" and calls <= number:
        lost = payment.Unknown(f"scripted: answer {calls} of {number} that are lost")
        return entry, asked, lost
    return entry, asked, _outcome(asked)


def done(entry: Entry, asked: Asked) -> tuple[Entry, Asked]:
    """The payment and the operation once its money has moved."""
    if asked.kind == "capture":
        captured = entry.captured + asked.units
        let_go = int(bool(asked.final) or captured == entry.units)
        entry = entry._replace(captured=captured, let_go=let_go)
        return entry, asked._replace(state="done", provider_reference=f"capture-{asked.key}")
    if asked.kind == "refund":
        entry = entry._replace(refunded=entry.refunded + asked.units)
        return entry, asked._replace(state="done", provider_reference=f"refund-{asked.key}")
    if entry.captured:
        entry = entry._replace(let_go=1)
    elif entry.state != "declined":
        entry = entry._replace(state="voided")
    return entry, asked._replace(state="done", provider_reference=entry.provider_reference)


# Why an operation is declined, by its code.
_REASONS = {
    "scripted": "by the payment reference",
    "notified": "by notification",
    "not_held": "nothing is held",
    "wrong_reference": "the reference is of something else",
    "too_large": "the amount is more than there is",
    "captured": "all of the money was taken",
}


def _why_no_capture(entry: Entry, asked: Asked, others: Sequence[Asked]) -> str | None:
    if entry.state != "authorised" or entry.let_go:
        return "not_held"
    if asked.of not in (None, entry.provider_reference):
        return "wrong_reference"
    under_way = sum(one.units for one in others if (one.kind, one.state) == ("capture", "running"))
    left = entry.units - entry.captured - under_way
    return None if 0 < asked.units <= left else "too_large"


def _why_no_refund(entry: Entry, asked: Asked, others: Sequence[Asked]) -> str | None:
    captures = {
        one.provider_reference: one
        for one in others
        if (one.kind, one.state) == ("capture", "done")
    }
    refunds = [one for one in others if one.kind == "refund" and one.state in ("done", "running")]
    taken = entry.captured
    if (capture := captures.get(asked.of)) is not None:
        taken = capture.units
        refunds = [one for one in refunds if one.of == asked.of]
    elif asked.of not in (None, entry.provider_reference):
        return "wrong_reference"
    left = taken - sum(one.units for one in refunds)
    return None if 0 < asked.units <= left else "too_large"


def _why_no_void(entry: Entry, _asked: Asked, _others: Sequence[Asked]) -> str | None:
    return "captured" if entry.captured and entry.let_go else None


_REFUSALS: dict[str, Callable[[Entry, Asked, Sequence[Asked]], str | None]] = {
    "capture": _why_no_capture,
    "void": _why_no_void,
    "refund": _why_no_refund,
}


def _outcome(asked: Asked) -> OperationFound:
    if asked.state == "running":
        return payment.Running("scripted: waits for a notification", f"{asked.kind}-{asked.key}")
    if asked.state == "declined":
        code = asked.code or "notified"
        return payment.Declined(_REASONS[code], code)
    if asked.kind == "void":
        return payment.Voided(asked.provider_reference)
    assert asked.provider_reference is not None, "a capture or refund that is done has a reference"
    if asked.kind == "capture":
        return payment.Captured(asked.provider_reference)
    return payment.Refunded(asked.provider_reference)


def _standing(entry: Entry) -> payment.AuthoriseAnswer:
    held = f"sandbox-{entry.key}"
    if entry.state == "authorised":
        return (
            payment.Captured(held) if entry.captured and entry.let_go else payment.Authorised(held)
        )
    if entry.state == "pending":
        if script(entry.reference)[0] == "running":
            return payment.Running("scripted: says the outcome later", held)
        return payment.Pending("scripted: waits for a notification", held)
    assert entry.state == "declined", entry.state
    scripted = entry.reference.startswith("declined")
    return payment.Declined("by the payment reference" if scripted else "by notification")
