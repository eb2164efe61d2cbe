"""Which capture a refund is of, how a refund is divided over captures, and what services tell of.

A service gives back a capture, or a part of one. No row says which capture a refund is of: that
follows from the operations of the payment, and from their times (docs/adr/0081).
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.payment import LIVE, FullPayment, Operation


class RefundFound(NamedTuple):
    """A refund that a service tells of: its reference there, and the units at the payment's scale.

    `key`: ours, where the service was told one. `of`: the capture, where the service tells captures
    apart.
    """

    reference: str
    units: int
    key: str | None = None
    of: str | None = None


def divided(payment: FullPayment, units: int) -> list[int]:
    """The units of each refund that together give back `units`: one of each capture, at most."""
    parts = []
    for _, left in _captures_left(payment, payment.operations[-1].number + 1, None):
        part = min(left, units)
        units -= part
        if part:
            parts.append(part)
    return parts


def capture_of(payment: FullPayment, refund: Operation) -> Operation | None:
    """The capture that a refund is of: the first one of which enough was left when the refund was
    written down. So a refund that is sent again is of the same capture, whatever became of earlier
    ones meanwhile.
    """
    for capture, left in _captures_left(payment, refund.number, refund.created_at):
        if left >= refund.units:
            return capture
    return None


def _captures_left(
    payment: FullPayment, before: int, at: int | None
) -> list[tuple[Operation, int]]:
    """The captures, oldest first, each with what the refunds of lower numbers than `before` had
    left of it `at` a time, in microseconds UTC. None: with what they leave now.
    """
    captures = [one for one in payment.operations if one.kind == "capture"]
    placed: list[tuple[Operation, int]] = []  # refunds, with the numbers of their captures

    def left_of(capture: Operation, at: int | None) -> int:
        its = [one.units for one, of in placed if of == capture.number and _counts(one, at)]
        return capture.units - sum(its)

    for refund in payment.operations:
        if refund.kind == "refund" and refund.number < before:
            then = refund.created_at
            fits = (
                one.number for one in captures
                if _was_made(one, then) and left_of(one, then) >= refund.units
            )  # fmt: skip
            placed.append((refund, next(fits, 0)))
    return [(one, left_of(one, at)) for one in captures if _was_made(one, at)]


def _counts(operation: Operation, at: int | None) -> bool:
    """Whether an operation moved money, or was about to, at a time; None: now."""
    later = at is not None and operation.updated_at > at
    return operation.state in LIVE or later


def _was_made(capture: Operation, at: int | None) -> bool:
    """Whether a capture that is done now, or failed after it was done, stood at a time."""
    failed = capture.state == "declined" and capture.provider_reference is not None
    return capture.state == "done" or (failed and at is not None and capture.updated_at > at)
