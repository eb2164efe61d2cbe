"""Amounts and ids, computed and spelled by code of the audit's own."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

from entrepot.core.money import SCALE_MAX, UNITS_MAX, Amount

# Decimal places of a quantity; a row has it as an integer.
QUANTITY_PLACES: Final = 4
# A power of ten of a damaged number could take hours.
_PLACES_MOST: Final = 99


def units_at(amount: Amount, scale: int) -> int:
    """The units of the amount at another scale; a coarser scale is rounded half to even."""
    exact = Fraction(amount.units) * Fraction(10) ** (scale - amount.scale)
    return round(exact)


def same(one: Amount, other: Amount) -> bool:
    """Whether two amounts are the same number; of a damaged one, whether it is the same row."""
    if not (0 <= one.scale <= _PLACES_MOST and 0 <= other.scale <= _PLACES_MOST):
        return one == other
    return Fraction(one.units, int(10**one.scale)) == Fraction(other.units, int(10**other.scale))


def decimal(amount: Amount) -> str:
    """The amount as events tell it: with exactly the places of its scale. A damaged one has an
    exponent.
    """
    if not 0 <= amount.scale <= _PLACES_MOST:
        return f"{amount.units}e{-amount.scale}"
    whole, places = divmod(abs(amount.units), 10**amount.scale)
    sign = "-" if amount.units < 0 else ""
    return f"{sign}{whole}" + (f".{places:0{amount.scale}d}" if amount.scale else "")


def is_in_range(amount: Amount) -> bool:
    """Whether the book may hold the amount."""
    return abs(amount.units) <= UNITS_MAX and 0 <= amount.scale <= SCALE_MAX


def id_text(raw: bytes) -> str:
    """An id as people read it: a UUID."""
    return str(UUID(bytes=bytes(raw)))


def quantity(kept: int | Decimal) -> int | str:
    """A quantity of a row, or a sum of them, as people read it: 3, or 2.5 as text."""
    whole, rest = divmod(int(kept), 10**QUANTITY_PLACES)
    return f"{Decimal(int(kept)).scaleb(-QUANTITY_PLACES).normalize():f}" if rest else whole
