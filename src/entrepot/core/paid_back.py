"""How much of each line of an order was paid back by line, and what a further part comes to.

A part is worth what all parts so far are worth, less what the earlier ones were: so the parts of an
order come to the whole, to the smallest unit. What was paid back is kept beside the words that the
order's sender told (`orders.sender_words`), as a hold of the order is: nearly every order has
nothing to store.
"""

from __future__ import annotations

from entrepot.core.exponents import floored
from entrepot.core.funds import Funds
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.quantity import NONE, Quantity
from entrepot.core.shipments import Parts
from entrepot.core.words import heard, spelled

_BACK = "back"


def parts_of(order: Order) -> dict[bytes, Quantity]:
    """How much of each line was paid back by line, and no more than the line has by now."""
    words = order.sender_words or ""
    told = heard(words).get(_BACK, "") if f"{_BACK}=" in words else ""
    kept = dict(one.split(":") for one in told.split(",") if one)
    back = {line.id: int(kept.get(line.id.hex(), 0)) for line in order.lines}
    return {
        line.id: Quantity(min(back[line.id], line.quantity))
        for line in order.lines if back[line.id] > 0
    }  # fmt: skip


def noted(order: Order, parts: Parts) -> Order:
    """The order, of which these parts are paid back besides."""
    back = _before(order, parts)
    for line_id, quantity in parts.items():
        back[line_id] = Quantity(back.get(line_id, NONE) + quantity)
    text = ",".join(f"{line_id.hex()}:{quantity}" for line_id, quantity in back.items())
    kept = {**heard(order.sender_words or ""), _BACK: text}
    return order.changed(sender_words=spelled(kept))


def cost_of(order: Order, funds: Funds, parts: Parts) -> Amount:
    """What was paid for these parts: their prices, or their share of a total that is below the
    lines' sum, as after a discount. What is finer than the service moves goes with the last part.
    """
    back = _before(order, parts)
    whole = {
        line_id: Quantity(back.get(line_id, NONE) + parts.get(line_id, NONE))
        for line_id in {*back, *parts}
    }
    return funds.amount(_worth(order, funds, whole) - _worth(order, funds, back))


def _before(order: Order, parts: Parts) -> dict[bytes, Quantity]:
    """What was paid back before these parts. A line that is paid back once more, after a refund
    came back for example, begins anew.
    """
    back = parts_of(order)
    for line in order.lines:
        if back.get(line.id, NONE) + parts.get(line.id, NONE) > line.quantity:
            back.pop(line.id, None)
    return back


def _worth(order: Order, funds: Funds, parts: Parts) -> int:
    """The units that were paid for these parts, as the service moves them."""
    lines = [line for line in order.lines if line.currency == order.currency]
    scale = max([line.price.scale for line in lines], default=0)
    of_parts = sum([line.price.at(scale) * parts.get(line.id, 0) for line in lines])
    of_all = sum([line.price.at(scale) * line.quantity for line in lines])
    paid = min(funds.due, order.subtotal.at(funds.scale))
    if of_all <= 0 or paid <= 0:
        return 0
    share = funds.amount(paid * of_parts // of_all)
    return floored(funds.service, funds.currency, share)
