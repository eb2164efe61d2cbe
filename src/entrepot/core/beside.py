"""The rows that hang on an order and are shown with it: its payments, shipments and returns."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.facts import Facts
from entrepot.core.kinds import Key
from entrepot.core.payment import Operation, Payment
from entrepot.core.returns import RETURN_LINES, RETURNS, Return, ReturnLine
from entrepot.core.shipments import SHIPMENT_LINES, SHIPMENTS, Shipment, ShipmentLine


class Beside(NamedTuple):
    """All rows of one order of these kinds, each kind in the order of its keys."""

    payments: tuple[Payment, ...] = ()
    operations: tuple[Operation, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    shipment_lines: tuple[ShipmentLine, ...] = ()
    returns: tuple[Return, ...] = ()
    return_lines: tuple[ReturnLine, ...] = ()


def known(order: Key, facts: Facts) -> Beside:
    """The rows as the batch knows them. The order was read whole (`Needs.whole_order`)."""
    return Beside(
        tuple(sorted(facts.payments.of(order))),
        tuple(sorted(facts.operations.of(order), key=lambda one: (one.payment, one.number))),
        tuple(sorted(facts.group(SHIPMENTS, order), key=SHIPMENTS.key)),
        tuple(sorted(facts.group(SHIPMENT_LINES, order), key=SHIPMENT_LINES.key)),
        tuple(sorted(facts.group(RETURNS, order), key=RETURNS.key)),
        tuple(sorted(facts.group(RETURN_LINES, order), key=RETURN_LINES.key)),
    )
