"""A payment service whose account cannot be used here: every call is answered with the reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from entrepot.providers.payment import (
    Misconfigured,
    Notification,
    OperationRequest,
    PaymentRequest,
    ServiceTerms,
)


class Unusable:
    """`PaymentProvider` that asks nobody."""

    terms = ServiceTerms(0.0, None, several_captures=False)

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self._answer = Misconfigured(why)

    async def authorise(self, _request: PaymentRequest, _known: str | None = None) -> Misconfigured:
        """See `PaymentProvider.authorise`."""
        return self._answer

    async def capture(self, _request: OperationRequest) -> Misconfigured:
        """See `PaymentProvider.capture`."""
        return self._answer

    async def void(self, _request: OperationRequest) -> Misconfigured:
        """See `PaymentProvider.void`."""
        return self._answer

    async def refund(self, _request: OperationRequest) -> Misconfigured:
        """See `PaymentProvider.refund`."""
        return self._answer

    async def look_up(
        self, _request: PaymentRequest | OperationRequest, _known: str | None = None
    ) -> Misconfigured:
        """See `PaymentProvider.look_up`."""
        return self._answer

    def read_notification(self, _headers: Mapping[str, str], _body: bytes) -> Notification | None:
        """See `PaymentProvider.read_notification`: without the account none can be checked."""
        return None

    async def found_since(self, _since: int) -> AsyncIterator[Misconfigured]:
        """See `PaymentProvider.found_since`."""
        yield self._answer

    async def check(self) -> str | None:
        """See `PaymentProvider.check`."""
        return self._answer.detail

    async def close(self) -> None:
        """See `PaymentProvider.close`."""
