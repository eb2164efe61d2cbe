"""What an operator does about an order: the sentences of its reason and of where it stands.

A sentence that names a command is told only while the order takes the command, so that nobody is
sent to a command that is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from entrepot.core import held
from entrepot.core.order import Order
from entrepot.core.order_reason import OrderReason
from entrepot.core.standing import Standing


class Remedy(NamedTuple):
    """A sentence for an operator, and the command that it names, as `core.explain` calls it."""

    sentence: str
    command: str | None = None


Remedies = tuple[Remedy, ...]

REMEDIES: dict[str, Remedies] = {
    OrderReason.OUT_OF_STOCK: (
        Remedy("No money is kept. Fill the shelf and have the customer order again."),
    ),
    OrderReason.PAYMENT_DECLINED: (
        Remedy("No money is kept. Have the customer order again with another means of payment."),
    ),
    OrderReason.PAYMENT_EXPIRED: (Remedy("No money is kept. Have the customer order again."),),
    OrderReason.INCREASE_DECLINED: (
        Remedy(
            "Amend the order back, or name another payment reference: `PATCH /v1/orders/{ref}`."
        ),
    ),
    OrderReason.CAPTURE_DECLINED: (
        Remedy("`entrepot capture ORDER` takes the money again.", "capture"),
        Remedy("If the service declines for good, have the customer pay in another way."),
        Remedy("Or `entrepot cancel ORDER`.", "cancel"),
    ),
    OrderReason.REFUND_DECLINED: (
        Remedy("The customer does not have this money back."),
        Remedy("`POST /v1/orders/{ref}/refunds` gives the money back again.", "refund"),
        Remedy("If the service declines for good, pay the customer in another way."),
    ),
    OrderReason.MONEY_HELD: (
        Remedy("The void is tried every hour."),
        Remedy(
            "Or void the money at the service's own pages, then `entrepot retry ORDER`.", "retry"
        ),
    ),
    OrderReason.HOLD_LAPSES: (
        Remedy("`entrepot capture ORDER` takes the money while the money is held.", "capture"),
        Remedy("`entrepot cancel ORDER` lets the money go.", "cancel"),
        Remedy("Send no goods if the money is held no more.", "ship"),
    ),
    OrderReason.PARKED: (
        Remedy("Do what the reason says."),
        Remedy("`entrepot retry ORDER` takes the step up again.", "retry"),
    ),
    OrderReason.WAITING: (
        Remedy("Nothing."),
        Remedy("`entrepot retry ORDER` takes up at once what waits for a try.", "retry"),
    ),
}  # fmt: skip

HELD: Remedies = (Remedy("`POST /v1/orders/{ref}/release` lets the order go on.", "release"),)
SHARED: Remedies = (
    Remedy("Ask the shop whether it sent one purchase twice."),
    Remedy("`entrepot cancel ORDER` ends this order if so.", "cancel"),
)
DISPUTED: Remedies = (
    Remedy(
        "Answer the dispute at the payment service's own pages. The dispute ends here once the "
        "shop has won."
    ),
)
LOST: Remedies = (
    Remedy("Ask the carrier."),
    Remedy("`POST /v1/shipments/{id}/deliver` says that the goods arrived after all.", "deliver"),
    Remedy("`POST /v1/orders/{ref}/refunds` gives the customer's money back.", "refund"),
    Remedy(
        "`entrepot cancel ORDER` ends an order of which nothing arrived: its money goes back.",
        "cancel",
    ),
)
COMES_BACK: Remedies = (
    Remedy(
        "Once the goods are back, `POST /v1/returns/{id}/receive` counts them, and gives the money "
        'back with `"refund": true`.',
        "receive_return",
    ),
)
NOT_TAKEN: Remedies = (
    Remedy("The goods have left, and money is held: `entrepot capture ORDER` takes it.", "capture"),
)

# What is done about an order that stands so, whatever its reason is.
STANDS: dict[str, Remedies] = {
    "somebody holds the order": HELD,
    "the order came with a payment that already paid a live order": SHARED,
    "the payment is `disputed`": DISPUTED,
    "the goods are `lost`": LOST,
    "all goods have left, and money is held": NOT_TAKEN,
    "a return is open": COMES_BACK,
}


def whole(remedies: Remedies) -> str:
    """All sentences, as documents print them."""
    return " ".join([one.sentence for one in remedies])


def to_do(standing: Standing) -> str | None:
    """What an operator does about an order that stands so; None: nothing."""
    taken = {one.command for one in standing.legal if one.why_not is None}
    told = [
        one.sentence
        for remedies in _remedies(standing.order, taken, waits=bool(standing.jobs))
        for one in remedies
        if one.command is None or one.command in taken
    ]
    return " ".join(told) or None


def _remedies(order: Order, taken: set[str], *, waits: bool) -> Iterator[Remedies]:
    stage, payment, goods, _ = order.facets
    reason, stopped = REMEDIES.get(order.reason or ""), held.is_held(order)
    if stopped:
        yield HELD
    elif reason is None and waits:
        yield REMEDIES[OrderReason.WAITING]
    if reason is not None:
        yield reason
    if order.shares_payment_of is not None and not order.is_off:
        yield SHARED
    if payment == "disputed":
        yield DISPUTED
    if not order.managed or order.is_off:
        return
    if goods == "lost":
        yield LOST
    elif not (reason or waits or stopped) and stage != "placed" and "ship" not in taken:
        yield NOT_TAKEN
    if "receive_return" in taken:
        yield COMES_BACK
