"""Members of a body in one spelling, so that a repeat of a request is known by its content."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Raw

from entrepot.core.money import Amount, parse, stripped

# A whole number of up to this many digits is written in full, as JSON's integers are.
_DIGITS_IN_FULL = 64

text_of = msgspec.json.Encoder(order="sorted").encode


def plain(member: object) -> Any:
    """The member with equal numbers in one spelling, exactly: 1, 1.0 and 10e-1 are one number.

    `text_of` writes the result, with the names of each object in order.
    """
    return _decode(msgspec.json.encode(member))


# Orders have many amounts in common.
@lru_cache(maxsize=4096)
def amount(text: str) -> str:
    """A decimal without zeros at the end of its places: `10.50` is `10.5`. Other text stays."""
    found = parse(text)
    return text if found is None else Amount(*stripped(*found)).text()


def _number(text: str) -> Raw:
    sign, digits, exponent = Decimal(text).as_tuple()
    assert isinstance(exponent, int), text
    written = "".join(map(str, digits)).lstrip("0")
    bare = written.rstrip("0")
    if not bare:
        return Raw(b"0")
    exponent += len(written) - len(bare)
    if 0 <= exponent <= _DIGITS_IN_FULL - len(bare):
        written = bare + "0" * exponent
    else:
        written = f"{bare}e{exponent}"
    return Raw(f"{'-' * sign}{written}".encode())


_decode = msgspec.json.Decoder(float_hook=lru_cache(maxsize=1024)(_number)).decode
