"""Quantities: how much of something, exactly, to four decimal places. No binary float.

Inside, a quantity is an integer of ten-thousandths: 2.5 is 25_000. Lines, stock and the database
have that integer; this file has the scale. People and senders read and write 3, not 3.0, and 2.5.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NewType

from entrepot.core.properties import Number

PLACES: Final = 4
ONE: Final = 10**PLACES

# An integer of ten-thousandths. While the program runs, a NewType would cost the call of a Python
# function wherever a quantity is made, several times a line.
if TYPE_CHECKING:
    Quantity = NewType("Quantity", int)
else:
    Quantity = int

NONE: Final = Quantity(0)
# The most that a line can have, either way.
LINE_MAX: Final = Quantity(10**9 * ONE)
# The most that can be on hand of a variant at a location, either way; it fits 63 bits.
ON_HAND_MAX: Final = Quantity(2**49 * ONE)


def whole(count: int) -> Quantity:
    """The quantity of this many whole units."""
    return Quantity(count * ONE)


def exact(units: int, scale: int) -> Quantity | None:
    """The quantity that is `units` / 10**`scale`; None where it has more than four places."""
    if scale <= PLACES:
        return Quantity(units * int(10 ** (PLACES - scale)))
    quantity, rest = divmod(units, 10 ** (scale - PLACES))
    return None if rest else Quantity(quantity)


def text(quantity: Quantity) -> str:
    """The number as people write it, without zeros at the end of its places: `3`, `2.5`."""
    units, rest = divmod(abs(quantity), ONE)
    sign = "-" if quantity < 0 else ""
    if not rest:
        return f"{sign}{units}"
    places = str(rest).rjust(PLACES, "0").rstrip("0")
    return f"{sign}{units}.{places}"


def json_number(quantity: Quantity) -> int | Number:
    """The number for JSON that `properties.text_of` writes: an integer where it is whole."""
    return Number(text(quantity)) if quantity % ONE else quantity // ONE
