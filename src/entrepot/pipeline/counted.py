"""A payment service as the pipeline asks it: every call is timed, and counted by its outcome."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Any, TypeVar

from entrepot.providers import payment
from entrepot.providers.payment import (
    AuthoriseAnswer,
    LookUpAnswer,
    PaymentProvider,
    PaymentRequest,
    VoidAnswer,
)
from entrepot.telemetry import metrics

A = TypeVar("A")

OUTCOMES: dict[type, str] = {
    payment.Authorised: "authorised",
    payment.Declined: "declined",
    payment.Pending: "pending",
    payment.Voided: "voided",
    payment.Absent: "absent",
    payment.NotSent: "not_sent",
    payment.Unknown: "unknown",
    payment.Misconfigured: "misconfigured",
}
NO_ANSWER = "no_answer"  # the call was broken off, or the provider's module failed


class Counted:
    """`PaymentProvider` of another one's answers."""

    def __init__(self, provider: PaymentProvider, service: str) -> None:
        self.name = provider.name
        self._provider = provider
        self._service = service
        self._series: dict[tuple[str, str], Any] = {}
        self._seconds: dict[str, Any] = {}

    async def authorise(self, request: PaymentRequest) -> AuthoriseAnswer:
        """See `PaymentProvider.authorise`."""
        return await self._told("authorise", self._provider.authorise(request))

    async def look_up(self, key: str) -> LookUpAnswer:
        """See `PaymentProvider.look_up`."""
        return await self._told("look_up", self._provider.look_up(key))

    async def void(self, request: PaymentRequest) -> VoidAnswer:
        """See `PaymentProvider.void`."""
        return await self._told("void", self._provider.void(request))

    async def close(self) -> None:
        """See `PaymentProvider.close`."""
        await self._provider.close()

    async def _told(self, operation: str, call: Awaitable[A]) -> A:
        outcome, started = NO_ANSWER, time.perf_counter()
        try:
            answer = await call
            outcome = OUTCOMES.get(type(answer), NO_ANSWER)
            return answer
        finally:
            self._count(operation, outcome, time.perf_counter() - started)

    def _count(self, operation: str, outcome: str, seconds: float) -> None:
        # Looking a series up by its labels costs more than counting.
        timed = self._seconds.get(operation)
        if timed is None:
            timed = metrics.provider_seconds.labels(self._service, operation)
            self._seconds[operation] = timed
        timed.observe(seconds)
        counted = self._series.get((operation, outcome))
        if counted is None:
            counted = metrics.provider_calls.labels(self._service, operation, outcome)
            self._series[operation, outcome] = counted
        counted.inc()
