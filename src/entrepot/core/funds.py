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
    facet_of,
    full_payments,
    is_open,
    sums,
)
from entrepot.core.payment_keys import operation_key

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
    def captured(self) -> Amount:
        """The captured amount. Refunds do not lower the amount."""
        done = sum([sums(one.operations).captured for one in self.payments])
        return Amount(done, self.scale)

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
    def renewing(self) -> FullPayment | None:
        """The further payment that the service was asked for in place of holds that end soon."""
        asked = self.asked
        return asked if asked is not None and asked.is_renewal else None

    @property
    def facet(self) -> str:
        """The payment facet of the order. See `core.payment.facet`: the sums are those of all
        payments. Where they are nothing, it is what came of the first payment.
        """
        if len(self.payments) == 1:
            return self.payments[0].facet
        return facet_of([sums(one.operations) for one in self.payments], self.first.authorisation)

    @property
    def is_disputable(self) -> bool:
        """See `is_disputable`."""
        return any(map(is_disputable, self.payments))

    def facet_after(self, before: str) -> str:
        """The payment facet of an order that stood so before. A dispute goes on until its service
        says otherwise, whatever else is held, taken or given back meanwhile.
        """
        return "disputed" if before == "disputed" and self.is_disputable else self.facet

    def of(self, number: int) -> FullPayment | None:
        """The payment of this number."""
        known = 0 < number <= len(self.payments)
        return self.payments[number - 1] if known else None

    def with_open(self, kind: str) -> FullPayment | None:
        """The first payment that has an operation of this kind without an outcome. Left out is a
        further payment that the service was asked for, and that nobody needs any more: the step
        that asked lets it go.
        """
        opens = (one for one in self.payments if one.first_open(kind) is not None)
        return next((one for one in opens if one is not self.asked), None)

    @property
    def unsent_captures(self) -> list[Operation]:
        """The captures that no step can have sent. Captures are sent one after the other, those of
        older payments first. Before each of these stood another one without an outcome when it was
        written down.
        """
        waiting = [
            one for full in self.payments for one in full.operations if is_open(one, "capture")
        ]
        return [
            one for place, one in enumerate(waiting)
            if one.state == "prepared" and any(
                other.payment == one.payment or other.created_at <= one.created_at
                for other in waiting[:place]
            )
        ]  # fmt: skip

    def for_step(self, kind: str) -> FullPayment | None:
        """The payment that a step of this kind is about; None where there is none.

        An authorisation is of the first payment, and an increase of the one that was asked for. Any
        other step goes on with the first payment that waits for it.
        """
        if len(self.payments) == 1 and kind != "increase":
            return self.payments[0]
        if kind == "increase":
            return self.asked
        if kind in ("authorise", "look", "hear"):
            return self.first
        return self.with_open(kind) or self.payments[-1]

    def put(self, full: FullPayment) -> Funds:
        """With a payment that moved on, or a further one."""
        number = full.payment.number
        if len(self.payments) == number == 1:  # as of nearly every order
            return Funds((full,))
        return Funds((*self.payments[: number - 1], full, *self.payments[number:]))

    def captures_of(self, units: int) -> list[Share]:
        """How a capture is divided: the oldest money is taken first, for its hold ends first."""
        return _divided(units, self.payments, lambda one: one.capturable)

    def refunds_of(self, units: int) -> list[Share]:
        """How a refund is divided: the newest money is given back first."""
        return _divided(units, self.payments[::-1], lambda one: one.refundable)

    def further(self, units: int, due: int, reference: str, now: int) -> FullPayment:
        """A further payment: the service is asked to hold `units` after it is written.

        Its key follows from the key of the first authorisation, so that a decision on it needs no
        secret.
        """
        first, number = self.first.authorisation, len(self.payments) + 1
        payment = Payment(
            first.org, first.order_id, number, self.first.payment.provider, self.service,
            reference, self.currency, self.amount(due), now,
        )  # fmt: skip
        key = operation_key(first.key, first.org, first.order_id, "authorise", number)
        asked = Operation(
            first.org, first.order_id, number, 1, "authorise", units, key, "prepared", None, now,
            now,
        )  # fmt: skip
        return FullPayment(payment, (asked,))

    def taken_over(self, by: FullPayment) -> tuple[Funds, list[FullPayment]]:
        """With what is due of holds made due of `by` instead, the oldest first; and the payments of
        those holds. A hold is taken over as a whole, so that the service never holds a part twice.
        """
        funds, left, over = self, by.authorisation.units, []
        for one in self.payments:
            due = 0 if one.payment.number == by.payment.number else one.capturable
            if 0 < due <= left:
                left -= due
                over.append(one)
                funds = funds.put(one.due(one.taken))
        return funds.put(by.due(by.authorisation.units - left)), over

    def counted_in(self, full: FullPayment) -> tuple[Funds, list[int]]:
        """With what was taken of a payment beyond what was due of it made due of it, in place of
        what other payments hold, the newest first; and the numbers of the payments that are of
        another amount now.

        A payment of which money is being taken stays, for a capture that is sent again has to be
        the same.
        """
        funds, over, moved = self, full.taken - full.payment.amount.units, []
        for one in self.payments[::-1]:
            other = one.payment.number != full.payment.number
            part = min(one.capturable, over) if other and one.first_open("capture") is None else 0
            if part > 0:
                over -= part
                funds = funds.put(one.due(one.payment.amount.units - part))
                full = full.due(full.payment.amount.units + part)
                moved.append(one.payment.number)
        return (funds.put(full), [*moved, full.payment.number]) if moved else (self, [])

    def amount(self, units: int) -> Amount:
        """Units of the payments as an amount."""
        return Amount(units, self.scale)

    def text(self, units: int) -> str:
        """Units of the payments as a sentence tells them: `12.50 EUR`."""
        return f"{self.amount(units).text()} {self.currency}"


def is_disputable(full: FullPayment) -> bool:
    """Whether money of a payment was taken that was not given back: the customer can dispute it."""
    done = sums(full.operations)
    return done.captured > done.refunded


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
