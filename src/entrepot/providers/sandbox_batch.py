"""A batch of calls of the sandbox, decided over what the ledger has, and written at once."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

from entrepot.providers import payment
from entrepot.providers.payment import OperationRequest, PaymentRequest
from entrepot.providers.sandbox_ledger import EFFECTS, Asked, Effect, Entry, Ledger, Outcome
from entrepot.providers.sandbox_script import (
    Answer,
    decide_authorise,
    decide_operation,
    done,
    first_asked,
    first_seen,
)

Request: TypeAlias = PaymentRequest | OperationRequest

CONTENT = 6  # the first columns of a payment or an operation: what a repeat must say again
_OTHER_CONTENT = payment.Misconfigured("the key was used with other content")


class Batch:
    """What the ledger has of the payments of some calls, and what the calls change of it."""

    def __init__(self, ledger: Ledger, payments: Collection[str], *, operations: bool) -> None:
        """Read the payments with these keys, and their operations where a call needs them."""
        self._ledger = ledger
        self._entries = ledger.load(payments)
        asked = ledger.load_requests(payments) if operations else []
        self._asked = {one.key: one for one in asked}
        self._changed: dict[str, Entry] = {}
        self._changed_asked: dict[str, Asked] = {}
        self._effects: list[Effect] = []

    def decide(self, request: Request) -> Answer:
        """The answer to one call."""
        if isinstance(request, PaymentRequest):
            return self._authorise(request)
        return self._operate(request)

    def settle(self, asked: Asked, outcome: Outcome) -> None:
        """The word of a notification on an operation that waits for one."""
        before = self._entries[asked.payment]
        if outcome == "declined":
            self._changed_asked[asked.key] = asked._replace(state="declined")
            return
        entry, asked = done(before, asked)
        self._changed_asked[asked.key] = asked
        self._moved(before, entry, asked)

    def write(self) -> None:
        """Write what the calls changed."""
        self._ledger.save(self._changed.values(), self._changed_asked.values(), self._effects)

    def _authorise(self, request: PaymentRequest) -> Answer:
        blank = first_seen(request)
        before = self._entries.get(blank.key, blank)
        if before[:CONTENT] != blank[:CONTENT]:
            return _OTHER_CONTENT
        after, answer = decide_authorise(before)
        self._put(after)
        if after.state != before.state and after.state in EFFECTS:
            self._record(EFFECTS[after.state], after.units, after)
        if after.captured != before.captured:
            self._record("capture", after.captured, after)
        return answer

    def _operate(self, request: OperationRequest) -> Answer:
        blank, blank_asked = first_seen(request.payment), first_asked(request)
        before = self._entries.get(blank.key, blank)
        asked = self._asked.get(blank_asked.key, blank_asked)
        if before[:CONTENT] != blank[:CONTENT] or asked[:CONTENT] != blank_asked[:CONTENT]:
            return _OTHER_CONTENT
        others = [
            one
            for one in self._asked.values()
            if one.payment == before.key and one.key != asked.key
        ]
        entry, now, answer = decide_operation(before, asked, others)
        self._asked[now.key] = self._changed_asked[now.key] = now
        if (now.state, asked.state) == ("done", "failing"):
            self._moved(before, entry, now)
        else:
            self._put(entry)
        return answer

    def _moved(self, before: Entry, entry: Entry, asked: Asked) -> None:
        self._put(entry)
        if entry[CONTENT:] != before[CONTENT:]:
            units = asked.units if asked.kind != "void" else before.units - before.captured
            self._record(asked.kind, units, entry)

    def _record(self, effect: str, units: int, entry: Entry) -> None:
        self._effects.append(
            (effect, units, entry.key, entry.order_ref, entry.scale, entry.currency)
        )

    def _put(self, entry: Entry) -> None:
        self._entries[entry.key] = self._changed[entry.key] = entry
