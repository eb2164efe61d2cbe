"""The contract between the pipeline and every payment service.

The contract does not say when to ask, how often to ask again, or what an answer means for an order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """A payment as it was committed before the first byte left; a resend carries the same values.

    The amount is ``units / 10 ** scale`` of ``currency``: 12.50 EUR is units 1250, scale 2.
    """

    key: str
    """The derived idempotency key: 36 characters in the shape of a UUID."""
    order: str
    """The order's id, as UUID text."""
    reference: str
    """The client's own payment reference: a token or method id, opaque to us."""
    units: int
    scale: int
    currency: str
    """ISO 4217 alphabetic code."""


@dataclass(frozen=True, slots=True)
class Authorised:
    """The money is held for us under this key: exactly one hold, however often it was asked for."""

    provider_reference: str


@dataclass(frozen=True, slots=True)
class Declined:
    """A definite negative: no money is held under this key and none ever will be."""

    reason: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The service took the request and will notify its outcome; until then it can be voided.

    ``provider_reference`` is what the notification will name, if the service has said so.
    """

    detail: str
    provider_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Voided:
    """No money is held under this key and none ever will be.

    ``provider_reference`` names the hold that was given back; None when there never was one.
    """

    provider_reference: str | None


@dataclass(frozen=True, slots=True)
class Absent:
    """The service answered, and no payment was ever executed under this key."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Definitely not executed, for a passing reason: the same key may be sent again.

    ``retry_after`` is the wait in seconds that the service asked for, if it asked.
    """

    detail: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request was sent and the answer is lost: the effect may exist.

    Only a resend with the same key or a look-up may follow, never a new key.
    """

    detail: str


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """The request can never succeed as it stands: our credentials, or a key with other content.

    Nothing was executed by this call; asking again without a person's help is pointless.
    """

    detail: str


AuthoriseAnswer: TypeAlias = Authorised | Declined | Pending | NotSent | Unknown | Misconfigured
LookUpAnswer: TypeAlias = Authorised | Declined | Pending | Voided | Absent | NotSent | Unknown
VoidAnswer: TypeAlias = Voided | NotSent | Unknown | Misconfigured


@runtime_checkable
class PaymentProvider(Protocol):
    """A payment service. Every failure of the service is an answer, never an exception.

    Any call may be repeated with the same values, from any process, at any time, and has its
    effect once. A call that is cancelled while it waits may or may not have had its effect.
    """

    name: str
    """The name that orders and settings know the service by."""

    async def authorise(self, request: PaymentRequest) -> AuthoriseAnswer:
        """Ask for the money to be held.

        At most one hold exists for a key; an `Authorised` answer is durable at the service and is
        given again, with the same reference, to every repeat until the hold is voided. A voided
        key is `Declined`; a known key with other content is `Misconfigured`.
        """
        ...

    async def look_up(self, key: str) -> LookUpAnswer:
        """Say what the service holds under a key; changes nothing.

        `Absent` is definite only when no call with this key is still on its way. `NotSent` and
        `Unknown` speak of the look-up itself: nothing was learned.
        """
        ...

    async def void(self, request: PaymentRequest) -> VoidAnswer:
        """Give the hold back, or forbid it beforehand.

        An authorised, pending or unknown key is voided for good: a later authorisation of it is
        impossible. A repeat answers the same `Voided`; a declined key has nothing to give back
        and answers `Voided` without a reference.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and files. Calling it twice is fine; no call may follow."""
        ...
