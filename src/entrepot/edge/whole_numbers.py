"""Whole numbers of a body, however they are written: `3.0` and `3e0` are 3, as JSON Schema has it.

A decoder takes the digits alone for an integer. Where a body has another spelling in the place of
one, the spelling is changed there and nowhere else: numbers of the sender's own keep every digit.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw

from entrepot.pace import breathe

T = TypeVar("T")
# So many numbers of a body are spelled anew. Nobody has a use for more.
_MOST: Final = 100
_FAULT: Final = re.compile(r"Expected `int[^`]*`, got `float`(?: - at `\$([^`]*)`)?\Z")
_STEP: Final = re.compile(r"\[(\d+)\]|\.([^.\[\]]+)")
# A number of so few digits is looked at; more are no integer that a decoder takes.
_SHORT: Final = re.compile(rb"-?\d{1,18}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?\Z")
_INTEGER_MAX: Final = 10**18
_members: Final = msgspec.json.Decoder(dict[str, Raw]).decode
_elements: Final = msgspec.json.Decoder(list[Raw]).decode
_encode: Final = msgspec.json.Encoder().encode


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """What the decoder makes of the body, whose whole numbers may have a point or an exponent.

    Raises msgspec.ValidationError, and msgspec.DecodeError, as the decoder does.
    """
    for _ in range(_MOST):
        try:
            return decoder.decode(body)
        except msgspec.ValidationError as error:
            found = _FAULT.search(str(error))
            steps = [] if found is None else _STEP.findall(found[1] or "")
            spelled = None if found is None else _spelled(body, steps)
            if spelled is None:
                raise
            body = spelled
        breathe()
    return decoder.decode(body)


def _spelled(part: bytes, steps: list[tuple[str, str]]) -> bytes | None:
    """The part with the number at these steps in digits alone; None where it is not whole."""
    if not steps:
        text = part.strip()
        number = Decimal(text.decode()) if _SHORT.match(text) else None
        if number is None or number != number.to_integral_value() or abs(number) > _INTEGER_MAX:
            return None
        return b"%d" % int(number)
    index, name = steps[0]
    try:
        around: Any = _elements(part) if index else _members(part)
        at: Any = int(index) if index else name
        spelled = _spelled(bytes(around[at]), steps[1:])
    except (msgspec.ValidationError, KeyError, IndexError):
        return None
    if spelled is None:
        return None
    around[at] = Raw(spelled)
    return _encode(around)
