"""A payment service as the pipeline asks it: every call is timed, and counted by its outcome."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from entrepot import failpoints
from entrepot.pipeline.breaker import Breaker
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
    PaymentProvider,
    PaymentRequest,
    RefundAnswer,
    ServiceTerms,
    VoidAnswer,
)
from entrepot.telemetry import counting, metrics, observing

_Adds = Callable[[float], None]
A = TypeVar("A")

OUTCOMES: dict[type, str] = {
    payment.Authorised: "authorised",
    payment.Captured: "captured",
    payment.Refunded: "refunded",
    payment.Voided: "voided",
    payment.Declined: "declined",
    payment.Pending: "pending",
    payment.Running: "running",
    payment.Differs: "differs",
    payment.Disputed: "disputed",
    payment.Absent: "absent",
    payment.NotSent: "not_sent",
    payment.Unknown: "unknown",
    payment.Misconfigured: "misconfigured",
}
NO_ANSWER = "no_answer"  # the call was broken off, or the provider's module failed


class Counted:
    """`PaymentProvider` of another one's answers."""

    def __init__(
        self, provider: PaymentProvider, service: str, breaker: Breaker | None = None
    ) -> None:
        self.name = provider.name
        self.breaker = breaker
        self._provider = provider
        self._service = service
        self._series: dict[tuple[str, str], tuple[_Adds, _Adds]] = {}

    @property
    def terms(self) -> ServiceTerms:
        """See `PaymentProvider.terms`."""
        return self._provider.terms

    def authorise(
        self, request: PaymentRequest, known: str | None = None
    ) -> Coroutine[Any, Any, AuthoriseAnswer]:
        """See `PaymentProvider.authorise`."""
        return self._told("authorise", self._provider.authorise(request, known))

    def capture(self, request: OperationRequest) -> Coroutine[Any, Any, CaptureAnswer]:
        """See `PaymentProvider.capture`."""
        return self._told("capture", self._provider.capture(request))

    def void(self, request: OperationRequest) -> Coroutine[Any, Any, VoidAnswer]:
        """See `PaymentProvider.void`."""
        return self._told("void", self._provider.void(request))

    def refund(self, request: OperationRequest) -> Coroutine[Any, Any, RefundAnswer]:
        """See `PaymentProvider.refund`."""
        return self._told("refund", self._provider.refund(request))

    def look_up(
        self, request: PaymentRequest | OperationRequest, known: str | None = None
    ) -> Coroutine[Any, Any, LookUpAnswer]:
        """See `PaymentProvider.look_up`."""
        return self._told("look_up", self._provider.look_up(request, known))

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Notification | None:
        """See `PaymentProvider.read_notification`."""
        return self._provider.read_notification(headers, body)

    def found_since(self, since: int) -> AsyncIterator[Found | NotSent | Misconfigured]:
        """See `PaymentProvider.found_since`."""
        return self._provider.found_since(since)

    async def check(self) -> str | None:
        """See `PaymentProvider.check`."""
        return await self._provider.check()

    async def close(self) -> None:
        """See `PaymentProvider.close`."""
        await self._provider.close()

    async def _told(self, operation: str, call: Awaitable[A]) -> A:
        outcome, started, answer = NO_ANSWER, time.perf_counter(), None
        if failpoints.ARMED:
            failpoints.reached(f"send.{operation}")
        try:
            answer = await call
            if failpoints.ARMED:
                failpoints.reached(f"answered.{operation}")
            outcome = OUTCOMES.get(type(answer), NO_ANSWER)
            return answer
        finally:
            if self.breaker is not None:
                self.breaker.told(answer)
            self._count(operation, outcome, time.perf_counter() - started)

    def _count(self, operation: str, outcome: str, seconds: float) -> None:
        # Looking a series up by its labels costs more than counting.
        key = (operation, outcome)
        if key not in self._series:
            timed = metrics.provider_seconds.labels(self._service, operation)
            counted = metrics.provider_calls.labels(self._service, operation, outcome)
            self._series[key] = observing(timed), counting(counted)
        time_by, count = self._series[key]
        time_by(seconds)
        count(1)
