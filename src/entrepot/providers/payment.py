"""The contract between the pipeline and every payment service.

The contract does not say when to ask, how often to ask again, or what an answer means for an order.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

from entrepot.core.notice import Topics
from entrepot.core.payment import CaptureFound
from entrepot.core.refunds import RefundFound


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """A payment as it was committed before the first byte left; a resend carries the same values.

    The amount is ``units / 10 ** scale`` of ``currency``: 12.50 EUR is units 1250, scale 2.
    """

    key: str
    """The derived idempotency key: 36 characters in the shape of a UUID."""
    order: str
    """The order's id, as UUID text. A service writes the id into its object, where it can."""
    reference: str
    """The client's own payment reference: a token or method id, opaque to us."""
    units: int
    scale: int
    currency: str
    """ISO 4217 alphabetic code."""
    payment: int = 1
    """Which payment of the order it is: a further one follows where the order costs more."""
    made_at: int | None = None
    """When the payment was written down, in microseconds UTC, where it is known."""

    @property
    def label(self) -> str:
        """What a service that knows payments by a text of ours knows this one by."""
        return self.order if self.payment == 1 else f"{self.order}/{self.payment}"


def order_of(label: str | None) -> str | None:
    """The order's id, as UUID text, in the label of one of its payments."""
    return label.partition("/")[0] if label else None


OperationKind: TypeAlias = Literal["capture", "void", "refund"]


@dataclass(frozen=True, slots=True)
class OperationRequest:
    """A capture, a void or a refund, as it was committed before the first byte left."""

    key: str
    """The operation's own derived idempotency key."""
    payment: PaymentRequest
    """The payment that is operated on, as it was authorised."""
    of: str | None
    """The service's reference of the object that is operated on; None where none is known.

    A capture and a void are of the authorisation. A refund is of the capture.
    """
    units: int
    """The amount, at the payment's scale. A void is of all that is held and was not taken."""
    final: bool = True
    """The service lets go of the rest of the hold with this capture."""
    kind: OperationKind = field(kw_only=True)
    forgotten: bool = field(default=False, kw_only=True)
    """The service may have forgotten the key of the payment, which would make another payment."""
    late: bool = field(default=False, kw_only=True)
    """A void: no call that asks for the payment can be on its way any more."""


@dataclass(frozen=True, slots=True)
class Authorised:
    """The money is held for us under this key: exactly one hold, however often it was asked for.

    ``captures``: what was taken of the hold already, where the service tells of it.
    ``disputes_told``: the service would have said that the customer disputes that. ``refunds``:
    what was given back, by whomever, where a look-up tells of it.
    """

    provider_reference: str
    captures: tuple[CaptureFound, ...] = ()
    disputes_told: bool = True
    refunds: tuple[RefundFound, ...] = ()


@dataclass(frozen=True, slots=True)
class Captured:
    """The money is taken.

    An authorisation is answered so where the client's reference is of money that was taken already.
    ``captures``: those that took it, the oldest first, where the service tells captures apart.
    ``disputes_told``: the service would have said that the customer disputes it. ``refunds``: what
    was given back, by whomever, where a look-up tells of it.
    """

    provider_reference: str
    captures: tuple[CaptureFound, ...] = ()
    disputes_told: bool = True
    refunds: tuple[RefundFound, ...] = ()


@dataclass(frozen=True, slots=True)
class Refunded:
    """The money of the refund is given back, or is on its way for good."""

    provider_reference: str


@dataclass(frozen=True, slots=True)
class Voided:
    """No money is held under this key and none ever will be.

    ``provider_reference`` names the hold that was given back; None when there never was one.
    ``captures``: what was taken of the hold before, where the service tells captures apart.
    ``refunds``: what was given back of that, by whomever, where a look-up tells of it.
    ``unless_on_its_way``: the service has nothing of the payment and cannot forbid it beforehand,
    so that a call of ours which is still on its way would hold money.
    """

    provider_reference: str | None
    captures: tuple[CaptureFound, ...] = ()
    unless_on_its_way: bool = False
    refunds: tuple[RefundFound, ...] = ()


@dataclass(frozen=True, slots=True)
class Declined:
    """A definite negative: this key moves no money and never will.

    ``code`` is the service's own code of the reason, if it gave one. ``provider_reference`` is of
    what the service declined, where the service keeps that.
    """

    reason: str
    code: str | None = None
    provider_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """The customer must act before the service goes on; until then the payment can be voided.

    ``provider_reference`` is what the notification will name, if the service has said so.
    """

    detail: str
    provider_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """The service has the request and says its outcome later. Nobody has to act."""

    detail: str
    provider_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Differs:
    """The service's object is of another amount or currency than the payment.

    Nothing was moved by this call. The object's amount is ``units / 10 ** scale`` of ``currency``.
    """

    units: int
    scale: int
    currency: str
    provider_reference: str


@dataclass(frozen=True, slots=True)
class Disputed:
    """The customer disputes money that was taken. Said by a look-up of a payment only.

    ``captures`` and ``refunds``: see `Captured`. ``held``: the rest is held, under the reference.
    """

    detail: str
    provider_reference: str
    captures: tuple[CaptureFound, ...] = ()
    held: bool = False
    refunds: tuple[RefundFound, ...] = ()

    @property
    def otherwise(self) -> Authorised | Captured:
        """What the service would say if nobody disputed the money."""
        said = Authorised if self.held else Captured
        return said(self.provider_reference, self.captures, refunds=self.refunds)


@dataclass(frozen=True, slots=True)
class Absent:
    """The service answered, and nothing was ever executed under this key."""


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

    Only a resend with the same key or a look-up may follow, never a new key. ``unseen``: the
    service was asked, and shows nothing of the request by now. ``saved``: the service answers this
    failure to each repeat of the key.
    """

    detail: str
    unseen: bool = False
    saved: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """The request can never succeed as it stands: our credentials, or a key with other content.

    Nothing was executed by this call; asking again without a person's help is pointless.
    """

    detail: str


# A call that brought no word of the service about the money.
NoWord: TypeAlias = NotSent | Unknown | Misconfigured

AuthoriseAnswer: TypeAlias = Authorised | Captured | Declined | Pending | Running | Differs | NoWord
CaptureAnswer: TypeAlias = Captured | Declined | Running | NoWord
VoidAnswer: TypeAlias = Voided | Declined | Running | NoWord
RefundAnswer: TypeAlias = Refunded | Declined | Running | NoWord
PaymentFound: TypeAlias = (
    Authorised | Captured | Voided | Declined | Pending | Running | Differs | Disputed | Absent
)
OperationFound: TypeAlias = Captured | Voided | Refunded | Declined | Running | Absent
LookUpAnswer: TypeAlias = PaymentFound | OperationFound | NoWord


@dataclass(frozen=True, slots=True)
class ServiceTerms:
    """What a service promises about its keys and its holds."""

    resend_seconds: float
    """A request may be sent again blindly for so long; afterwards the service is asked first."""
    hold_seconds: float | None
    """How long the service holds authorised money; None where the hold does not lapse."""
    several_captures: bool
    """Whether more than one capture can be made of one authorisation."""


class Notification(NamedTuple):
    """What is taken of a genuine notification: it only says which payments to ask about."""

    id: str
    """The service's own id of the notification, the same for every repeat."""
    references: tuple[str, ...]
    """What the notification names: the service's references, and the order's id where told."""
    topics: Topics = Topics()


FoundState: TypeAlias = Literal[
    "authorised", "captured", "voided", "declined", "pending", "running", "disputed"
]


class Found(NamedTuple):
    """A payment as the service's own list has it. Amounts are at the scale; times microseconds."""

    provider_reference: str
    order: str | None
    """The order's id, as UUID text, where the service was told one."""
    key: str | None
    """The idempotency key, where the service tells it."""
    units: int
    scale: int
    currency: str
    state: FoundState
    captured: int
    refunded: int
    created_at: int
    lapses_at: int | None
    """When the hold ends by itself; None where nothing is held, or the hold does not lapse."""
    also: tuple[str, ...] = ()
    """Other references of the service for the same payment."""
    label: str | None = None
    """Our name of the payment there, where the service tells it: see `PaymentRequest.label`."""


@runtime_checkable
class PaymentProvider(Protocol):
    """A payment service. Every failure of the service is an answer, never an exception.

    Any call may be repeated with the same values, from any process, at any time, and has its
    effect once. A call that is cancelled while it waits may or may not have had its effect.
    """

    name: str
    """The name that orders and settings know the service by."""

    @property
    def terms(self) -> ServiceTerms:
        """What the service promises about its keys and its holds."""
        ...

    async def authorise(self, request: PaymentRequest, known: str | None = None) -> AuthoriseAnswer:
        """Ask for the money to be held, or take over what the client's reference already is.

        At most one hold exists for a key; an `Authorised` answer is durable at the service and is
        given again, with the same reference, to every repeat until the hold is voided or captured.
        A voided key is `Declined`; a known key with other content is `Misconfigured`. ``known`` is
        the service's reference of this payment, where one is written down.
        """
        ...

    async def capture(self, request: OperationRequest) -> CaptureAnswer:
        """Take held money. More than is held is `Declined`, and so is a hold that has ended."""
        ...

    async def void(self, request: OperationRequest) -> VoidAnswer:
        """Give the hold back, or forbid it beforehand.

        An authorised, pending or unknown payment is voided for good: a later authorisation of its
        key is impossible, but for what `Voided.unless_on_its_way` says. What was captured stays
        captured. A repeat answers the same `Voided`; a
        declined payment has nothing to give back and answers `Voided` without a reference.
        `Declined`: all of the money was taken already.
        """
        ...

    async def refund(self, request: OperationRequest) -> RefundAnswer:
        """Give taken money back. More than was taken and not given back yet is `Declined`."""
        ...

    async def look_up(
        self, request: PaymentRequest | OperationRequest, known: str | None = None
    ) -> LookUpAnswer:
        """Say what became of a request; changes nothing. ``known``: the service's reference of it.

        A payment of which all was captured is `Captured`. A payment is `Disputed` while the
        customer disputes money that was captured, perhaps a part. `Running` says nothing of a
        dispute. `Absent` is definite only when no call with this key is still on its way.
        `NotSent`, `Unknown` and `Misconfigured` speak of the look-up itself: nothing was learned.
        """
        ...

    def read_notification(self, headers: Mapping[str, str], body: bytes) -> Notification | None:
        """Read a notification; None where it is forged. Asks nobody. Header names are small."""
        ...

    def found_since(self, since: int) -> AsyncIterator[Found | NotSent | Misconfigured]:
        """The service's payments made since a time (microseconds UTC).

        Where the service cannot say more, the last item says why: `Misconfigured` where the list is
        not all that there is, because the service has no list, or one that is behind.
        """
        ...

    async def check(self) -> str | None:
        """Ask the service whether the account works; a sentence about what is wrong, or None."""
        ...

    async def close(self) -> None:
        """Let go of connections and files. Calling it twice is fine; no call may follow."""
        ...
