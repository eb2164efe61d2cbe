"""A payment service that moves no money: it does what the payment reference tells it to.

It keeps its own ledger in its own SQLite file, apart from the order book, so that outside checks
can compare the two. It speaks to no network and knows nothing of what an order is.

| reference starts with | an authorisation                                                        |
|-----------------------|-------------------------------------------------------------------------|
| ``declined``          | is declined                                                             |
| ``flaky-N``           | is not executed N times (`NotSent`), then authorised                    |
| ``unknown-N``         | is authorised at once, but the first N answers are lost (`Unknown`)     |
| ``slow-MS``           | is authorised at once and answered MS milliseconds later (at most 60 s) |
| ``pending``           | waits for the customer, until `SandboxProvider.notify`                  |
| ``running``           | has its outcome later, from `SandboxProvider.notify`                    |
| ``captured``          | finds that the money is taken already                                   |
| ``disputed``          | is authorised; what is captured of it is disputed                       |
| ``differs-UNITS``     | finds an object of another amount                                       |
| anything else         | is authorised                                                           |

| reference contains    | captures (with ``void-`` voids, with ``refund-`` refunds)               |
|-----------------------|-------------------------------------------------------------------------|
| ``capture-declined``  | are declined                                                            |
| ``capture-flaky-N``   | are not executed N times, then done                                     |
| ``capture-unknown-N`` | are done at once, but the first N answers are lost                      |
| ``capture-slow-MS``   | are done at once and answered MS milliseconds later (at most 60 s)      |
| ``capture-running``   | have their outcome later, from `SandboxProvider.notify`                 |
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pysqlite3 import dbapi2 as sqlite3

from entrepot.providers import payment
from entrepot.providers.payment import (
    AuthoriseAnswer,
    CaptureAnswer,
    Found,
    LookUpAnswer,
    Misconfigured,
    Notification,
    NotSent,
    OperationRequest,
    PaymentRequest,
    RefundAnswer,
    ServiceTerms,
    VoidAnswer,
)
from entrepot.providers.sandbox_batch import Batch, Request
from entrepot.providers.sandbox_ledger import Ledger, Outcome
from entrepot.providers.sandbox_script import (
    found,
    found_in_list,
    found_operation,
    script,
    script_of,
)

BATCH_MAX = 512
PAGE = 500
DELAY_SECONDS_MAX = 60.0
LOCK_POLL_SECONDS = 0.002
KEY_LENGTH_MAX = 64
INTEGER_MAX = 2**63 - 1
# The ledger forgets no key, and its holds do not lapse.
TERMS = ServiceTerms(resend_seconds=math.inf, hold_seconds=None, several_captures=True)

# Characters that a ledger cannot keep: SQLite ends a text at a NUL, and UTF-8 has no lone
# surrogates.
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_BUSY, _LOCKED = 5, 6  # SQLite's primary result codes


def _fault(request: PaymentRequest) -> str | None:
    """Why the ledger could not keep the request: one such row must not fail a whole batch."""
    if not 0 < len(request.key) <= KEY_LENGTH_MAX:
        return f"a key has 1 to {KEY_LENGTH_MAX} characters"
    if not (0 <= request.units <= INTEGER_MAX and 0 <= request.scale <= INTEGER_MAX):
        return "units and scale are integers from 0 to 2^63 - 1"
    texts = request.key + request.order + request.reference + request.currency
    return None if _storable(texts) else "a text is not valid Unicode"


def _fault_of(request: Request) -> str | None:
    if isinstance(request, PaymentRequest):
        return _fault(request)
    if not 0 < len(request.key) <= KEY_LENGTH_MAX:
        return f"a key has 1 to {KEY_LENGTH_MAX} characters"
    if not 0 <= request.units <= INTEGER_MAX:
        return "units are an integer from 0 to 2^63 - 1"
    if not (_storable(request.key) and _storable(request.of or "")):
        return "a text is not valid Unicode"
    return _fault(request.payment)


async def _slowly(behaviour: str, number: int) -> None:
    if behaviour == "slow":
        await asyncio.sleep(min(number / 1000, DELAY_SECONDS_MAX))


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
    request: Request
    answer: asyncio.Future[Any]


class SandboxProvider:
    """`PaymentProvider` by script; belongs to one event loop.

    Calls that arrive while a transaction runs are taken together by the next one, and are
    answered only after its commit. A cancelled ``slow-MS`` call has moved its money already.
    """

    def __init__(
        self,
        ledger_path: str | Path,
        name: str = "sandbox",
        *,
        lock_wait_seconds: float = 5.0,
        terms: ServiceTerms = TERMS,
    ) -> None:
        """Take the ledger's path; how long another process may hold it before `NotSent`."""
        self.name = name
        self.terms = terms
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

    async def authorise(
        self,
        request: PaymentRequest,
        known: str | None = None,  # noqa: ARG002 - the ledger knows every payment by its key
    ) -> AuthoriseAnswer:
        """See `PaymentProvider.authorise`; the reference decides, as the module's table says."""
        answer: AuthoriseAnswer = await self._submit(request)
        await _slowly(*script(request.reference))
        return answer

    async def capture(self, request: OperationRequest) -> CaptureAnswer:
        """See `PaymentProvider.capture`."""
        answer: CaptureAnswer = await self._operate(request)
        return answer

    async def void(self, request: OperationRequest) -> VoidAnswer:
        """See `PaymentProvider.void`."""
        answer: VoidAnswer = await self._operate(request)
        return answer

    async def refund(self, request: OperationRequest) -> RefundAnswer:
        """See `PaymentProvider.refund`."""
        answer: RefundAnswer = await self._operate(request)
        return answer

    async def look_up(
        self,
        request: PaymentRequest | OperationRequest,
        known: str | None = None,  # noqa: ARG002 - the ledger knows every request by its key
    ) -> LookUpAnswer:
        """See `PaymentProvider.look_up`; reads what is committed."""
        if self._closed:
            return payment.NotSent("the sandbox is closed")
        its = request if isinstance(request, PaymentRequest) else request.payment
        try:
            entry = self._ledger.load([its.key]).get(its.key)
            if isinstance(request, PaymentRequest):
                return found(entry)
            asked = {one.key: one for one in self._ledger.load_requests([its.key])}
            return found_operation(asked.get(request.key))
        except (sqlite3.Error, OSError) as error:
            return payment.NotSent(_told(error))

    def read_notification(
        self,
        headers: Mapping[str, str],  # noqa: ARG002
        body: bytes,  # noqa: ARG002
    ) -> Notification | None:
        """See `PaymentProvider.read_notification`; nobody can sign for the sandbox."""
        return None

    async def found_since(self, since: int) -> AsyncIterator[Found | NotSent | Misconfigured]:
        """See `PaymentProvider.found_since`."""
        at, after = since, ""
        while True:
            try:
                page = self._ledger.since(at, after, PAGE)
            except (sqlite3.Error, OSError) as error:
                yield payment.NotSent(_told(error))
                return
            for entry, made_at in page:
                yield found_in_list(entry, made_at, self.terms)
            if len(page) < PAGE:
                return
            after, at = page[-1][0].key, page[-1][1]

    async def check(self) -> str | None:
        """See `PaymentProvider.check`."""
        return self.open()

    def notify(self, reference: str, outcome: Outcome) -> int:
        """Settle every payment of a reference that is pending, and every operation that runs.

        An operation is then done, or declined. Returns how many were settled. Blocks for the
        ledger's lock; raises the driver's error when the lock cannot be had.
        """
        if outcome not in ("authorised", "declined"):
            raise ValueError(f"outcome must be authorised or declined, not {outcome!r}")
        if not _storable(reference):
            return 0
        try:
            self._ledger.begin(self._lock_wait_seconds)
            settled = self._ledger.settle(reference, outcome)
            running = self._ledger.running(reference)
            if running:
                batch = Batch(self._ledger, {one.payment for one in running}, operations=False)
                for asked in running:
                    batch.settle(asked, outcome)
                batch.write()
            self._ledger.commit()
        except sqlite3.Error:
            self._ledger.close()
            raise
        return len(settled) + len(running)

    def live_authorisations(self) -> list[tuple[str, int]]:
        """Each order that has money held for it, with the number of holds, sorted by order."""
        return self._ledger.live(self._lock_wait_seconds)

    async def close(self) -> None:
        """Answer what is waiting, then let go of the ledger. Repeatable."""
        self._closed = True
        if self._drainer is not None:
            await self._drainer
        self._ledger.close()

    async def _operate(self, request: OperationRequest) -> Any:
        answer = await self._submit(request)
        await _slowly(*script_of(request.payment.reference, request.kind))
        return answer

    async def _submit(self, request: Request) -> Any:
        if self._closed:
            return payment.NotSent("the sandbox is closed")
        fault = _fault_of(request)
        if fault is not None:
            return payment.Misconfigured(fault)
        loop = asyncio.get_running_loop()
        call = _Call(request, loop.create_future())
        self._waiting.append(call)
        if self._drainer is None or self._drainer.done():
            self._drainer = loop.create_task(self._drain())
        return await call.answer

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

    def _decide(self, calls: list[_Call]) -> list[Any]:
        requests = [call.request for call in calls]
        operations = [one for one in requests if isinstance(one, OperationRequest)]
        keys = {one.key for one in requests if isinstance(one, PaymentRequest)}
        keys.update(one.payment.key for one in operations)
        batch = Batch(self._ledger, keys, operations=bool(operations))
        answers = [batch.decide(request) for request in requests]
        batch.write()
        return answers
