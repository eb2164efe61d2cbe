"""Orders whose payment reference paid another live order already: told in the log."""

from __future__ import annotations

from entrepot.core import ids
from entrepot.core.order import Order
from entrepot.telemetry import log

# Payments that this process has warned of, and remembers.
_TOLD_MAX = 10_000


class SharedPayments:
    """Warns once for a payment, however many orders share it: some clients use one reference for
    all the orders of their tests.
    """

    def __init__(self) -> None:
        self._told: set[tuple[int, bytes]] = set()

    def tell(self, sharing: list[Order]) -> None:
        """Warn of these orders, which are in the book by now."""
        for order in sharing:
            first = order.shares_payment_of
            if first is None or (order.org, first) in self._told:
                continue
            if len(self._told) >= _TOLD_MAX:
                self._told.clear()
            self._told.add((order.org, first))
            log.warning(
                "order.shared_payment", org=order.org, order_id=ids.dashed(order.id),
                shares_payment_of=ids.dashed(first),
            )  # fmt: skip
