"""A payment service that moves no money: it does what the payment reference tells it to.

It keeps its own ledger in its own SQLite file, apart from the order book, so that outside checks
can compare the two. It speaks to no network and knows nothing of what an order is.

| reference starts with | an authorisation                                                      |
|-----------------------|-----------------------------------------------------------------------|
| ``declined``          | is declined                                                           |
| ``flaky-N``           | is not executed N times (`NotSent`), then authorised                  |
| ``unknown-N``         | is authorised at once, but the first N answers are lost (`Unknown`)   |
| ``slow-MS``           | is authorised at once and answered MS milliseconds later (at most 60 s) |
| ``pending``           | waits for `SandboxProvider.notify`                                    |
| anything else         | is authorised                                                         |
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

from pysqlite3 import dbapi2 as sqlite3

from entrepot.providers import payment
from entrepot.providers.payment import AuthoriseAnswer, LookUpAnswer, PaymentRequest, VoidAnswer
from entrepot.providers.sandbox_ledger import EFFECTS, Entry, Ledger, Outcome

BATCH_MAX = 512
DELAY_SECONDS_MAX = 60.0
LOCK_POLL_SECONDS = 0.002
KEY_LENGTH_MAX = 64
INTEGER_MAX = 2**63 - 1
CONTENT = 6  # the first columns of an entry: what a repeat must say again

A = TypeVar("A", AuthoriseAnswer, VoidAnswer)
Decision: TypeAlias = Callable[[Entry], tuple[Entry, A]]

# Characters that a ledger cannot keep: SQLite ends a text at a NUL, and UTF-8 has no lone
# surrogates.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_SCRIPT = re.compile(r"(declined|pending)|(flaky|unknown|slow)-([0-9]{1,9})")
_BUSY, _LOCKED = 5, 6  # SQLite's primary result codes


def decide_authorise(entry: Entry) -> tuple[Entry, AuthoriseAnswer]:
    """The entry after one more authorisation call, and the answer to the call."""
    behaviour, number = _script(entry.reference)
    calls = entry.calls + 1
    held = f"sandbox-{entry.key}"
    if entry.state != "failing" or (behaviour == "flaky" and calls <= number):
        entry = entry._replace(calls=calls)
    elif behaviour in ("declined", "pending"):
        entry = entry._replace(calls=calls, state=behaviour)
    else:
        entry = entry._replace(calls=calls, state="authorised", provider_reference=held)
    if entry.state == "failing":
        return entry, payment.NotSent(f"scripted: call {calls} of {number} that fail")
    if entry.state == "authorised" and behaviour == "unknown" and calls <= number:
        return entry, payment.Unknown(f"scripted: answer {calls} of {number} that are lost")
    if entry.state == "voided":
        return entry, payment.Declined("the key was voided")
    return entry, _standing(entry)


def decide_void(entry: Entry) -> tuple[Entry, VoidAnswer]:
    """The entry after a void, and the answer to the void."""
    if entry.state not in ("declined", "voided"):
        entry = entry._replace(state="voided")
    return entry, payment.Voided(entry.provider_reference)


def _standing(entry: Entry) -> payment.Authorised | payment.Declined | payment.Pending:
    if entry.state == "authorised":
        assert entry.provider_reference is not None, "an authorised entry has its reference"
        return payment.Authorised(entry.provider_reference)
    if entry.state == "pending":
        return payment.Pending("scripted: waits for a notification", f"sandbox-{entry.key}")
    assert entry.state == "declined", entry.state
    scripted = entry.reference.startswith("declined")
    return payment.Declined("by the payment reference" if scripted else "by notification")


def _first_seen(r: PaymentRequest) -> Entry:
    content = (r.key, r.order, r.reference, r.units, r.scale, r.currency)
    return Entry(*content, state="failing", calls=0, provider_reference=None)


def _script(reference: str) -> tuple[str, int]:
    match = _SCRIPT.match(reference)
    return (match[1] or match[2], int(match[3] or 0)) if match else ("", 0)


def _fault(request: PaymentRequest) -> str | None:
    """Why the ledger could not keep the request: one such row must not fail a whole batch."""
    if not 0 < len(request.key) <= KEY_LENGTH_MAX:
        return f"a key has 1 to {KEY_LENGTH_MAX} characters"
    if not (0 <= request.units <= INTEGER_MAX and 0 <= request.scale <= INTEGER_MAX):
        return "units and scale are integers from 0 to 2^63 - 1"
    texts = (request.key, request.order, request.reference, request.currency)
    return None if all(map(_storable, texts)) else "a text is not valid Unicode"


def _storable(text: str) -> bool:
    return _UNSTORABLE.search(text) is None


def _is_busy(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (_BUSY, _LOCKED)


def _told(error: Exception) -> str:
    """The fault in the words of SQLite or of the system; a fault of the program by its type."""
    if isinstance(error, OSError):
        return f"sandbox ledger: {error.strerror or type(error).__name__}"
    why = str(error) if isinstance(error, sqlite3.Error) else ""
    return f"sandbox ledger: {why or type(error).__name__}"


class _Call(NamedTuple):
    decide: Decision[Any]
    request: PaymentRequest
    answer: asyncio.Future[Any]


class SandboxProvider:
    """`PaymentProvider` by script; belongs to one event loop.

    Calls that arrive while a transaction runs are taken together by the next one, and are
    answered only after its commit. A cancelled ``slow-MS`` call has moved its money already.
    """

    def __init__(
        self, ledger_path: str | Path, name: str = "sandbox", *, lock_wait_seconds: float = 5.0
    ) -> None:
        """Take the ledger's path; how long another process may hold it before `NotSent`."""
        self.name = name
        self._ledger = Ledger(ledger_path)
        self._lock_wait_seconds = lock_wait_seconds
        self._waiting: list[_Call] = []
        self._drainer: asyncio.Task[None] | None = None
        self._closed = False

    def open(self) -> str | None:
        """Open the ledger, making it at need; why that cannot be done, in words, or None.

        Every call tries again: a ledger that cannot be opened now is no reason to give up.
        """
        try:
            self._ledger.connected(self._lock_wait_seconds)
        except (sqlite3.Error, OSError) as error:
            return _told(error)
        return None

    async def authorise(self, request: PaymentRequest) -> AuthoriseAnswer:
        """See `PaymentProvider.authorise`; the reference decides, as the module's table says."""
        answer: AuthoriseAnswer = await self._submit(decide_authorise, request)
        behaviour, number = _script(request.reference)
        if behaviour == "slow":
            await asyncio.sleep(min(number / 1000, DELAY_SECONDS_MAX))
        return answer

    async def look_up(self, key: str) -> LookUpAnswer:
        """See `PaymentProvider.look_up`; reads what is committed."""
        if self._closed:
            return payment.NotSent("the sandbox is closed")
        try:
            entry = self._ledger.load([key]).get(key)
        except (sqlite3.Error, OSError) as error:
            return payment.NotSent(_told(error))
        if entry is None or entry.state == "failing":
            return payment.Absent()
        if entry.state == "voided":
            return payment.Voided(entry.provider_reference)
        return _standing(entry)

    async def void(self, request: PaymentRequest) -> VoidAnswer:
        """See `PaymentProvider.void`; no reference changes how it goes."""
        return await self._submit(decide_void, request)

    def notify(self, reference: str, outcome: Outcome) -> int:
        """Settle every pending payment of a reference; how many there were.

        Blocks for the ledger's lock; raises the driver's error when it cannot be had.
        """
        if outcome not in ("authorised", "declined"):
            raise ValueError(f"outcome must be authorised or declined, not {outcome!r}")
        if not _storable(reference):
            return 0
        try:
            self._ledger.begin(self._lock_wait_seconds)
            settled = self._ledger.settle(reference, outcome)
            self._ledger.commit()
        except sqlite3.Error:
            self._ledger.close()
            raise
        return settled

    def live_authorisations(self) -> list[tuple[str, int]]:
        """Each order that has money held for it, with the number of holds, sorted by order."""
        return self._ledger.live(self._lock_wait_seconds)

    async def close(self) -> None:
        """Answer what is waiting, then let go of the ledger. Repeatable."""
        self._closed = True
        if self._drainer is not None:
            await self._drainer
        self._ledger.close()

    async def _submit(self, decide: Decision[A], request: PaymentRequest) -> A:
        if self._closed:
            return payment.NotSent("the sandbox is closed")
        fault = _fault(request)
        if fault is not None:
            return payment.Misconfigured(fault)
        loop = asyncio.get_running_loop()
        call = _Call(decide, request, loop.create_future())
        self._waiting.append(call)
        if self._drainer is None or self._drainer.done():
            self._drainer = loop.create_task(self._drain())
        answer: A = await call.answer
        return answer

    async def _drain(self) -> None:
        now = asyncio.get_running_loop().time
        patience_ends = now() + self._lock_wait_seconds
        while self._waiting:
            batch = [call for call in self._waiting[:BATCH_MAX] if not call.answer.done()]
            self._waiting[:BATCH_MAX] = batch
            answers = self._execute(batch, patient=now() < patience_ends)
            if answers is None:
                # SQLite's own wait would stop the whole event loop.
                await asyncio.sleep(LOCK_POLL_SECONDS)
                continue
            del self._waiting[: len(batch)]
            for call, answer in zip(batch, answers, strict=True):
                call.answer.set_result(answer)
            await asyncio.sleep(0)
            patience_ends = now() + self._lock_wait_seconds

    def _execute(self, batch: list[_Call], *, patient: bool) -> list[Any] | None:
        """Run a batch in one transaction; its answers, or None to try later: another writes."""
        failure: Callable[[str], Any] = payment.NotSent
        begun = False
        try:
            self._ledger.begin()
            begun = True
            answers = self._decide(batch)
            failure = payment.Unknown
            self._ledger.commit()
        except Exception as error:
            if patient and not begun and _is_busy(error):
                return None
            self._ledger.close()
            answers = [failure(_told(error))] * len(batch)
        return answers

    def _decide(self, batch: list[_Call]) -> list[Any]:
        entries = self._ledger.load({call.request.key for call in batch})
        changed: dict[str, Entry] = {}
        operations: list[tuple[str, str]] = []
        answers: list[Any] = []
        for call in batch:
            blank = _first_seen(call.request)
            before = entries.get(blank.key, blank)
            if before[:CONTENT] != blank[:CONTENT]:
                answers.append(payment.Misconfigured("the key was used with other content"))
                continue
            after, answer = call.decide(before)
            answers.append(answer)
            if after is not before:
                entries[after.key] = changed[after.key] = after
            if after.state != before.state and after.state in EFFECTS:
                operations.append((EFFECTS[after.state], after.key))
        self._ledger.save(changed.values(), operations)
        return answers
