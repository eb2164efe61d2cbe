"""Why an order stands where it stands: every code that an order can have, with its meaning."""

from __future__ import annotations

from enum import StrEnum


class OrderReason(StrEnum):
    """The code of a reason. An order has at most one code, beside a sentence of its own case.

    An order whose payment a service answered in place of the order's own provider has the name of
    that service as its code.
    """

    OUT_OF_STOCK = "out_of_stock"
    PAYMENT_DECLINED = "payment_declined"
    PAYMENT_EXPIRED = "payment_expired"
    INCREASE_DECLINED = "increase_declined"
    CAPTURE_DECLINED = "capture_declined"
    REFUND_DECLINED = "refund_declined"
    MONEY_HELD = "money_held"
    HOLD_LAPSES = "hold_lapses"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    FAILED = "failed"
    DELETED = "deleted"
    PARKED = "parked"
    WAITING = "waiting"
    MOVED_BACK = "moved_back"
    MERGED = "merged"


MEANINGS: dict[str, str] = {
    OrderReason.OUT_OF_STOCK: "There was not enough free stock.",
    OrderReason.PAYMENT_DECLINED: "The payment provider declined the payment.",
    OrderReason.PAYMENT_EXPIRED: "The payment was still open when the hold of the stock ended.",
    OrderReason.INCREASE_DECLINED: "The payment provider declined what the order costs more.",
    OrderReason.CAPTURE_DECLINED: "The payment provider declined to take the money.",
    OrderReason.REFUND_DECLINED: "The payment provider declined to give money back.",
    OrderReason.MONEY_HELD: "The order has ended, and its money is still held at the provider.",
    OrderReason.HOLD_LAPSES: "The provider's hold of the money ends soon, or was let go.",
    OrderReason.CANCELLED: "A dialect's word cancelled the order.",
    OrderReason.REJECTED: "A dialect's word rejected the order.",
    OrderReason.FAILED: "The order had failed; a later step was parked and taken up again.",
    OrderReason.DELETED: "A dialect's word deleted the order.",
    OrderReason.PARKED: "A step cannot go on without the operator.",
    OrderReason.WAITING: "A step waits for its next try, for a notification or for a worker.",
    OrderReason.MOVED_BACK: "A late telling moved a mirrored order back.",
    OrderReason.MERGED: "Two orders of one buyer for one day became one.",
}
