"""Quantities as tests say them: 3, or "2.5"."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from entrepot.core.quantity import ONE, Quantity, text


def much(count: int | str | Decimal) -> Quantity:
    """So much, as people count it."""
    return Quantity(int(Decimal(count) * ONE))


def units(quantity: Quantity) -> Any:
    """A quantity as people count it: a whole number, or a decimal."""
    return Decimal(text(quantity)) if quantity % ONE else quantity // ONE
