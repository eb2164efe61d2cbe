"""All payments of an order together: one usually, and a further one for each time that the order
came to cost more.

The amounts of all payments add up to the order's total. All are at one scale, in one currency and
at one service.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from entrepot.core.money import Amount
from entrepot.core.payment import (
    OPEN,
    FullPayment,
    Operation,
    Payment,
    facet,
    full_payments,
)

# The units of money that some payments move: of which payment, and how much.
Share = tuple[FullPayment, int]


class Funds(NamedTuple):
    """The payments of one order, oldest first; there is at least one."""

    payments: tuple[FullPayment, ...]

    @property
    def first(self) -> FullPayment:
        """The payment with which the order came."""
        return self.payments[0]

    @property
    def service(self) -> str:
        """The service that all payments are at."""
        return self.payments[0].payment.service

    @property
    def currency(self) -> str:
        """The currency of all payments."""
        return self.payments[0].payment.currency

    @property
    def scale(self) -> int:
        """The scale at which the units of all payments and their operations are told."""
        return self.payments[0].payment.amount.scale

    @property
    def due(self) -> int:
        """The units of all payments: what the order costs."""
        return sum([one.payment.amount.units for one in self.payments])

    @property
    def taken(self) -> int:
        """See `FullPayment.taken`."""
        return sum([one.taken for one in self.payments])

    @property
    def capturable(self) -> int:
        """See `FullPayment.capturable`."""
        return sum([one.capturable for one in self.payments])

    @property
    def refundable(self) -> int:
        """See `FullPayment.refundable`."""
        return sum([one.refundable for one in self.payments])

    @property
    def kept(self) -> int:
        """The units that are captured, or are about to be, and that no operation gives back."""
        return self.taken - sum([one.given_back for one in self.payments])

    @property
    def missing(self) -> int:
        """The units of further payments that came to nothing: the order costs so much more than its
        service has of it.
        """
        return sum([one.payment.amount.units for one in self.payments[1:] if one.is_over])

    @property
    def asked(self) -> FullPayment | None:
        """The further payment that the service was asked for, and of which no outcome is known."""
        for one in self.payments[:0:-1]:
            if one.authorisation.state in OPEN:
                return one
        return None

    @property
    def facet(self) -> str:
        """The payment facet of the order. See `core.payment.facet`: the sums are those of all
        payments. Where they are nothing, it is what came of the first payment.
        """
        if len(self.payments) == 1:
            return self.payments[0].facet
        every = [one for full in self.payments for one in full.operations]
        return facet(self.first.payment, sorted(every, key=_first_ones_first))

    def of(self, number: int) -> FullPayment | None:
        """The payment of this number."""
        known = 0 < number <= len(self.payments)
        return self.payments[number - 1] if known else None

    def with_open(self, kind: str) -> FullPayment | None:
        """The first payment that has an operation of this kind without an outcome."""
        return next((one for one in self.payments if one.first_open(kind) is not None), None)

    def for_step(self, kind: str) -> FullPayment | None:
        """The payment that a step of this kind is about; None where there is none.

        An authorisation is of the first payment, and an increase of the one that was asked for. Any
        other step goes on with the first payment that waits for it.
        """
        if len(self.payments) == 1 and kind != "increase":
            return self.payments[0]
        if kind == "increase":
            return self.asked
        if kind in ("authorise", "look"):
            return self.first
        return self.with_open(kind) or self.payments[-1]

    def put(self, full: FullPayment) -> Funds:
        """With a payment that moved on, or a further one."""
        number = full.payment.number
        return Funds((*self.payments[: number - 1], full, *self.payments[number:]))

    def captures_of(self, units: int) -> list[Share]:
        """How a capture is divided: the oldest money is taken first, for its hold ends first."""
        return _divided(units, self.payments, lambda one: one.capturable)

    def refunds_of(self, units: int) -> list[Share]:
        """How a refund is divided: the newest money is given back first."""
        return _divided(units, self.payments[::-1], lambda one: one.refundable)

    def amount(self, units: int) -> Amount:
        """Units of the payments as an amount."""
        return Amount(units, self.scale)

    def text(self, units: int) -> str:
        """Units of the payments as a sentence tells them: `12.50 EUR`."""
        return f"{self.amount(units).text()} {self.currency}"


def _first_ones_first(operation: Operation) -> tuple[int, int]:
    return operation.payment, operation.number


def _divided(
    units: int, payments: Iterable[FullPayment], most: Callable[[FullPayment], int]
) -> list[Share]:
    shares: list[Share] = []
    for one in payments:
        part = min(most(one), units)
        units -= part
        if part:
            shares.append((one, part))
    return shares


def funds_of(payments: Collection[Payment], operations: Collection[Operation]) -> Funds | None:
    """The payments of an order with their operations; None where it has no payment."""
    if not payments:
        return None
    full = full_payments(payments, operations)
    return Funds(tuple(full)) if full else None
