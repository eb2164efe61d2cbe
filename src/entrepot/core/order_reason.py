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

# What an operator does about a reason; of other reasons there is nothing to do.
REMEDIES: dict[str, str] = {
    OrderReason.OUT_OF_STOCK: "No money is kept. Fill the shelf and have the customer order again.",
    OrderReason.PAYMENT_DECLINED: (
        "No money is kept. Have the customer order again with another means of payment."
    ),
    OrderReason.PAYMENT_EXPIRED: "No money is kept. Have the customer order again.",
    OrderReason.INCREASE_DECLINED: (
        "Amend the order back, or name another payment reference: `PATCH /v1/orders/{ref}`."
    ),
    OrderReason.CAPTURE_DECLINED: (
        "`entrepot capture ORDER` takes the money again. If that is declined too, have the "
        "customer pay in another way, or cancel the order."
    ),
    OrderReason.REFUND_DECLINED: (
        "The customer has no money back. `POST /v1/orders/{ref}/refunds` gives it back again. If "
        "that is declined too, pay the customer in another way."
    ),
    OrderReason.MONEY_HELD: (
        "The void is tried every hour. Or void the money at the service's own pages, then "
        "`entrepot retry ORDER`."
    ),
    OrderReason.HOLD_LAPSES: (
        "`entrepot capture ORDER` takes the money while it is held, `entrepot cancel ORDER` lets "
        "it go. Send no goods if it is held no more."
    ),
    OrderReason.PARKED: "Do what the reason says. `entrepot retry ORDER` takes the step up again.",
    OrderReason.WAITING: "Nothing. `entrepot retry ORDER` takes up at once what waits for a try.",
}
DISPUTED = (
    "Answer the dispute at the payment service's own pages. The dispute ends here once the shop "
    "has won."
)


def remedy(reason: str | None, payment: str, *, waits: bool) -> str | None:
    """What an operator does about an order with this reason and payment facet; None: nothing.
    `waits`: a step of the order is left, perhaps behind why the order ended.
    """
    its = REMEDIES.get(reason or "")
    if its is None and waits:
        its = REMEDIES[OrderReason.WAITING]
    disputed = DISPUTED if payment == "disputed" else None
    return " ".join(filter(None, (its, disputed))) or None
