"""What the decision on a new order has to look at, by what the caller's organization uses."""

from __future__ import annotations

from entrepot.core.commands import CustomerRef
from entrepot.core.decide.place import PlaceOrder
from entrepot.edge.dialect import Call


def looking(command: PlaceOrder, call: Call, *, at_prices: bool = True) -> PlaceOrder:
    """The command, which looks at closed channels and partnerships, at price lists, and at accounts
    of payment services. An organization that uses none of these has orders that read nothing more.

    `at_prices`: whether a line of this dialect may come without a price.
    """
    its, stands_in = call.principal, call.services.sandbox
    if stands_in and not (its.closed_channels or its.closed_partnerships or its.price_lists):
        return command
    named = command.customer != CustomerRef()
    return command._replace(
        needs_account=not stands_in,
        looks_at_channel=its.closed_channels and bool(command.said.get("channel")),
        looks_at_partnership=its.closed_partnerships and named,
        looks_at_prices=at_prices and its.price_lists and named,
    )
