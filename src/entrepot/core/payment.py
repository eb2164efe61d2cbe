"""A payment of an order, and the operations on it: requests to the provider, and its answers.

Operations are only added. The kind, amount and key of an operation never change; its state moves
forward. The sums of its operations say where the money of a payment is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from entrepot.core.money import Amount
from entrepot.core.payment_keys import operation_key

# An authorisation holds money, a capture takes held money, a void lets go of what is held and not
# taken, and a refund gives back what was taken.
KINDS = ("authorise", "capture", "void", "refund")
# Each state of an operation, and the sentence that docs/lifecycle.md says of it.
STATES = {
    "prepared": "The operation is written down. The provider may know of it; no answer is known.",
    "running": "The provider has the request and says its outcome later.",
    "done": "The provider did it.",
    "declined": "The provider refused it for good, or says that it failed after it was done.",
    "given_up": (
        "Nothing is left of it and nothing will come of it: the provider was told to keep no money "
        "under its key."
    ),
}
# The moves of each state. An authorisation that is done is given up when a void takes it back. A
# capture or a refund that was done is declined where the provider says later that it failed, and so
# is the void of the rest that was let go with such a capture.
FORWARD: dict[str, frozenset[str]] = {
    "prepared": frozenset({"running", "done", "declined", "given_up"}),
    "running": frozenset({"done", "declined", "given_up"}),
    "done": frozenset({"given_up", "declined"}),
    "declined": frozenset(),
    "given_up": frozenset(),
}
# States in which the outcome is not known yet.
OPEN = frozenset({"prepared", "running"})
# States of an operation that may move money, or moved it. An order has at most one authorisation
# of such a state.
LIVE = frozenset({"prepared", "running", "done"})
# Operations after which less is held.
_TAKING = ("capture", "void")
# Facets of an order whose provider has money of it, held or taken.
WITH_MONEY = frozenset({"authorized", "paid", "partially_refunded", "disputed"})
# The facet of a payment for which no money is held and none was taken.
_WITHOUT_MONEY = {
    "prepared": "pending",
    "running": "pending",
    "done": "voided",
    "declined": "declined",
    "given_up": "voided",
}


class Payment(NamedTuple):
    """A payment of an order, as it is due.

    A further payment follows where the order comes to cost more. The amounts of an order's payments
    add up to the order's total, always; so the amount changes where the total does. What the
    service was asked to hold are the units of the authorisation: they never change, and are never
    less than the amount.
    """

    org: int
    order_id: bytes
    number: int  # 1, 2, 3 ... within the order
    provider: str
    service: str  # who really answers: the provider, or the sandbox in its place
    reference: str  # the client's own: a token or the id of a means of payment
    currency: str
    amount: Amount
    created_at: int


class Operation(NamedTuple):
    """An operation on a payment. The provider knows the operation by `key`."""

    org: int
    order_id: bytes
    payment: int  # the payment's number
    number: int  # 1, 2, 3 ... within the payment; the first is the authorisation
    kind: str
    units: int  # of the payment's currency, at the scale of the payment's amount
    key: str
    state: str
    provider_reference: str | None
    created_at: int
    updated_at: int

    def moved(self, state: str, now: int, provider_reference: str | None = None) -> Operation:
        """The operation in a later state. A known reference of the provider stays."""
        assert state in FORWARD[self.state], f"{self.kind}: {self.state} does not become {state}"
        reference = provider_reference or self.provider_reference
        at = max(self.updated_at, now)  # a clock may have been set back
        # Every order that is paid has one moved, and `_replace` takes thrice as long.
        return Operation(
            self.org, self.order_id, self.payment, self.number, self.kind, self.units, self.key,
            state, reference, self.created_at, at,
        )  # fmt: skip


class CaptureFound(NamedTuple):
    """A capture that a service tells of: its reference there, and the units at the payment's scale.

    A service that tells captures apart gives back one capture, or a part of one.
    """

    reference: str
    units: int


def is_open(operation: Operation, kind: str) -> bool:
    """Whether this is an operation of the kind that has no outcome yet."""
    return operation.kind == kind and operation.state in OPEN


class Sums(NamedTuple):
    """Sums of the operations done on a payment, in units at the payment's scale."""

    authorised: int = 0
    captured: int = 0
    voided: int = 0
    refunded: int = 0


class FullPayment(NamedTuple):
    """A payment with its operations, oldest first."""

    payment: Payment
    operations: tuple[Operation, ...]

    @property
    def authorisation(self) -> Operation:
        """The operation with which the payment began."""
        return self.operations[0]

    @property
    def open_void(self) -> Operation | None:
        """The void that is written down and has no outcome yet."""
        return self.first_open("void")

    def first_open(self, kind: str) -> Operation | None:
        """The first operation of this kind that is written down and has no outcome yet."""
        if len(self.operations) == 1:
            return None
        return next((one for one in self.operations[1:] if is_open(one, kind)), None)

    @property
    def taken(self) -> int:
        """The units that are captured, or are about to be."""
        return self._live("capture")

    @property
    def held(self) -> int:
        """The units that are held, and that no operation takes or lets go."""
        if self.authorisation.state != "done":
            return 0
        return max(self.authorisation.units - self.taken - self._live("void"), 0)

    @property
    def capturable(self) -> int:
        """The units that are held and due, and that no operation takes or lets go."""
        return max(min(self.held, self.payment.amount.units - self.taken), 0)

    @property
    def is_over(self) -> bool:
        """Whether the payment came to nothing: no money is held, and none will be."""
        return self.authorisation.state in ("declined", "given_up")

    @property
    def is_renewal(self) -> bool:
        """Whether the payment is to take over what is due of holds that end soon: the service was
        asked for it, and nothing is due of it yet.
        """
        asked = self.payment.number > 1 and self.authorisation.state in OPEN
        return asked and not self.payment.amount.units and self.open_void is None

    @property
    def is_idle(self) -> bool:
        """Whether money is held of which nothing is due, and which is not let go yet."""
        return self.held > 0 and self.payment.amount.units <= self.taken

    def due(self, units: int) -> FullPayment:
        """The payment, of which so much is due."""
        amount = self.payment.amount._replace(units=units)
        return FullPayment(self.payment._replace(amount=amount), self.operations)

    @property
    def refundable(self) -> int:
        """The units that are captured, and that no operation gives back."""
        return sums(self.operations).captured - self.given_back

    @property
    def given_back(self) -> int:
        """The units that were given back, or are about to be."""
        return self._live("refund")

    @property
    def slack(self) -> int:
        """The units that are held, and of which nothing is due."""
        return self.held - self.capturable

    def _live(self, kind: str) -> int:
        return sum([one.units for one in self.operations if one.kind == kind and one.state in LIVE])

    def is_last(self, capture: Operation) -> bool:
        """Whether nothing is due any more behind this capture. Captures are sent one after the
        other, so that the outcome of each earlier one is known.
        """
        upto = [one for one in self.operations if one.number <= capture.number]
        gone = sum([one.units for one in upto if one.kind in _TAKING and one.state in LIVE])
        return gone >= self.payment.amount.units

    def let_go_with(self, capture: Operation) -> Operation | None:
        """The void of the rest of the hold, which the service let go of with a capture: the void
        bears the capture's reference. None where there was no rest.
        """
        if capture.kind != "capture" or capture.provider_reference is None:
            return None
        its = ("void", "done", capture.provider_reference)
        found = (
            one for one in self.operations if (one.kind, one.state, one.provider_reference) == its
        )
        return next(found, None)

    @property
    def facet(self) -> str:
        """See `facet`."""
        return facet(self.payment, self.operations)

    def put(self, *operations: Operation) -> FullPayment:
        """The payment with these operations, further ones or known ones that moved on."""
        if len(operations) == len(self.operations) == 1 == operations[0].number:
            return FullPayment(self.payment, operations)  # the usual payment has one operation
        known = {one.number: one for one in (*self.operations, *operations)}
        return FullPayment(self.payment, tuple(known.values()))

    def further(self, kind: str, units: int, now: int) -> Operation:
        """A further operation, prepared: the provider is asked only after it is written."""
        first = self.authorisation
        number = len(self.operations) + 1
        return first._replace(
            number=number, kind=kind, units=units, state="prepared", provider_reference=None,
            key=operation_key(first.key, first.org, first.order_id, kind, number),
            created_at=now, updated_at=now,
        )  # fmt: skip

    def void(self, now: int) -> Operation:
        """The void of what is held, or may be: the one that is under way, or else a further one."""
        done = sums(self.operations)
        return self.open_void or self.further(
            "void", self.authorisation.units - done.captured - done.voided, now
        )


def full_payments(
    payments: Collection[Payment], operations: Collection[Operation]
) -> list[FullPayment]:
    """All of an order's payments, oldest first, each with its operations."""
    if len(payments) == len(operations) == 1:  # as of nearly every order
        [payment], [operation] = payments, operations
        if operation.payment == payment.number:
            return [FullPayment(payment, (operation,))]
    in_order = payments if len(payments) == 1 else sorted(payments, key=attrgetter("number"))
    told = [_full(one, operations) for one in in_order]
    return [one for one in told if one is not None]


def _full(payment: Payment, operations: Iterable[Operation]) -> FullPayment | None:
    """The payment with its own ones of these operations; None where not even one is there."""
    its = [one for one in operations if one.payment == payment.number]
    if len(its) > 1:
        its.sort(key=attrgetter("number"))
    return FullPayment(payment, tuple(its)) if its else None


def sums(operations: Iterable[Operation]) -> Sums:
    """How much was done by the operations of each kind."""
    authorised = captured = voided = refunded = 0
    for operation in operations:
        if operation.state != "done":
            continue
        if operation.kind == "authorise":
            authorised += operation.units
        elif operation.kind == "capture":
            captured += operation.units
        elif operation.kind == "void":
            voided += operation.units
        else:
            refunded += operation.units
    return Sums(authorised, captured, voided, refunded)


def facet(payment: Payment | None, operations: Sequence[Operation] = ()) -> str:
    """The payment facet of an order whose last payment is this one, with its operations.

    - `authorized` while money is held that was not taken;
    - else, once money was taken, `paid`, `partially_refunded` or `refunded`;
    - else what came of the authorisation: `pending`, `declined`, or `voided` where it is given up.
    """
    if payment is None:
        return "none"
    if len(operations) == 1:  # as of nearly every order before its money is taken
        [first] = operations
        if first.state != "done":
            return _WITHOUT_MONEY[first.state]
        if first.units:
            return "authorized"
    authorised, captured, voided, refunded = sums(operations)
    if authorised > captured + voided:
        return "authorized"
    return _without_hold(captured, refunded, operations[0]) if operations else "pending"


def facet_of(done: Collection[Sums], first: Operation) -> str:
    """The payment facet of an order by the sums of each of its payments, and its first
    authorisation. What was let go of one payment is no part of what another one holds.
    """
    if any(one.authorised > one.captured + one.voided for one in done):
        return "authorized"
    captured, refunded = sum([one.captured for one in done]), sum([one.refunded for one in done])
    return _without_hold(captured, refunded, first)


def _without_hold(captured: int, refunded: int, first: Operation) -> str:
    if not captured:
        return _WITHOUT_MONEY[first.state]
    if not refunded:
        return "paid"
    return "refunded" if refunded >= captured else "partially_refunded"


assert FORWARD.keys() == STATES.keys() == _WITHOUT_MONEY.keys(), "every state has a row"
