"""Amounts: an integer of units and a decimal scale. 12.50 is Amount(1250, 2). No binary float."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from entrepot.core.quantity import ONE, Quantity
from entrepot.core.quantity import PLACES as QUANTITY_PLACES

UNITS_MAX = 10**15
SCALE_MAX = 9
RANGE = f"amounts go to {UNITS_MAX} in their last decimal place, of which there are {SCALE_MAX}"

# Senders pad decimals with zeros, which are no places.
_DECIMAL = re.compile(r"(-?)(0|[1-9][0-9]{0,17})(?:\.([0-9]{1,40}))?\Z")
_IN_DIGITS = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?\Z", re.ASCII)


@lru_cache(maxsize=4096)
def _text(units: int, scale: int) -> str:
    """Kept: each event of an order tells the order's total, and prices come again."""
    if scale == 0:
        return str(units)
    if scale < 0:
        return f"{units}e{-scale}"  # of a damaged row: exact, and seen to be odd
    if units < 0:
        return f"-{_text(-units, scale)}"
    digits = f"{units:0{scale + 1}d}"
    return f"{digits[:-scale]}.{digits[-scale:]}"


class Amount(NamedTuple):
    """A decimal number of some currency's major units: `units` / 10**`scale`."""

    units: int
    scale: int

    def text(self) -> str:
        """The decimal as written with exactly `scale` places, e.g. `12.50`."""
        return _text(*self)

    def at(self, scale: int) -> int:
        """The units of this amount at another scale; a coarser one is rounded half to even."""
        if scale == self.scale or not self.units:
            return self.units
        return rescale(self.units, self.scale, scale)

    def within_range(self) -> bool:
        """Whether the book can hold it: up to 10**15 units and nine places."""
        return -UNITS_MAX <= self.units <= UNITS_MAX and 0 <= self.scale <= SCALE_MAX


ZERO = Amount(0, 0)


def rescale(units: int, scale: int, to: int) -> int:
    """`units` at `scale`, said at scale `to`; rounded half to even where that is coarser."""
    if to >= scale:
        return int(units * 10 ** (to - scale))
    divisor = 10 ** (scale - to)
    quotient, rest = divmod(units, divisor)
    if rest * 2 > divisor or (rest * 2 == divisor and quotient % 2 == 1):
        quotient += 1
    return int(quotient)


def stripped(units: int, scale: int) -> tuple[int, int]:
    """The same number without zeros at the end of its places: 12.50 is 12.5, 3.00 is 3."""
    return shortened(units, scale, 0)


def shortened(units: int, scale: int, places: int) -> tuple[int, int]:
    """The same number without zeros behind so many places: with four, 1.10000 is 1.1000."""
    while scale > places and not units % 10:
        units, scale = units // 10, scale - 1
    return units, scale


def payable(amount: Amount, places: int) -> Amount:
    """The amount with no more than these places; a finer one is rounded half to even."""
    return amount if amount.scale <= places else Amount(amount.at(places), places)


def parse(text: str) -> Amount | None:
    """The amount that a decimal string says, its scale as written; None when it is none.

    Zeros behind the last place that an amount can have are none.
    """
    match = _DECIMAL.match(text)
    if match is None:
        return None
    sign, whole, places = match.groups("")
    units, scale = int(sign + whole + places), len(places)
    if scale > SCALE_MAX:
        units, scale = shortened(units, scale, SCALE_MAX)
    in_range = scale <= SCALE_MAX and -UNITS_MAX <= units <= UNITS_MAX
    return Amount(units, scale) if in_range else None


def is_written_in_digits(text: str) -> bool:
    """Whether a text is a decimal of any size, so that it is no amount for its size alone."""
    return _IN_DIGITS.match(text) is not None


def storable(*amounts: Amount) -> bool:
    """Whether the book can hold these amounts side by side, at the finest scale among them."""
    scale = max([amount.scale for amount in amounts])
    for one in amounts:
        units, own = one
        if not (-UNITS_MAX <= units <= UNITS_MAX and 0 <= own <= SCALE_MAX):
            return False
        if own != scale and abs(one.at(scale)) >= 1 << 63:
            return False
    return True


def balance(subtotal: Amount, total: Amount) -> tuple[Amount, Amount]:
    """The discount on the lines, and the shipping beyond them, that together make the total.

    One of the two is zero.
    """
    if subtotal == total:
        return ZERO, ZERO
    scale = total.scale
    if scale == subtotal.scale:
        off = subtotal.units - total.units
    else:
        scale = max(scale, subtotal.scale)
        off = subtotal.at(scale) - total.at(scale)
    if not off:
        return ZERO, ZERO
    return (Amount(off, scale), ZERO) if off > 0 else (ZERO, Amount(-off, scale))


def priceable(subtotal: Amount, total: Amount) -> bool:
    """Whether the book can hold the sum of the lines, the total, and the difference of the two.

    Two amounts that can be stored side by side are at one scale below 2^63 each. Their difference
    is below 2^63 if both have one sign.
    """
    units, scale = subtotal
    at_one_scale = 0 <= scale == total.scale <= SCALE_MAX
    if at_one_scale and 0 <= units <= UNITS_MAX and 0 <= total.units <= UNITS_MAX:
        return True  # as nearly always
    if not storable(subtotal, total):
        return False
    if (subtotal.units < 0) == (total.units < 0):
        return True
    return all(abs(amount.units) < 1 << 63 for amount in balance(subtotal, total))


def line_sum(lines: list[tuple[Amount, Quantity]], places: int | None = None) -> Amount:
    """The sum of price times quantity over the pairs, at the finest scale among the prices.

    Fractions of a unit can make the sum finer than any price; it then has the places that it needs.
    It is rounded once, half to even: to `places` where they are told, else where it is finer than
    the book can hold.
    """
    scale = units = 0
    for price, quantity in lines:
        if price.scale > scale:
            units, scale = units * 10 ** (price.scale - scale), price.scale
        units += (price.units if price.scale == scale else price.at(scale)) * quantity
    if not units % ONE:
        summed = Amount(units // ONE, scale)
        return summed if places is None else payable(summed, places)
    finer = scale + QUANTITY_PLACES
    held = _held_places(units, finer, scale) if places is None else min(places, finer)
    units = rescale(units, finer, held)
    while held > scale and not units % 10:
        units, held = units // 10, held - 1
    return Amount(units, held)


def _held_places(units: int, scale: int, least: int) -> int:
    """How many places of the number the book can hold, `least` or more."""
    places = max(least, min(scale, SCALE_MAX))
    while places > least and abs(units) > UNITS_MAX * 10 ** (scale - places):
        places -= 1
    return places
