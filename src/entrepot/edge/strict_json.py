"""Strict JSON: one meaning for every body, or a sentence that says where it has none.

RFC 8259 leaves open what becomes of duplicate keys, of numbers without bound and of text that
is no text; here all of it is refused (edge/soundness.py) before a typed decoder sees the body.
Amounts are read from their source text, because a binary float must never touch one. This module
knows no dialect and no field name.

How an amount is declared in a wire struct: as `msgspec.Raw`, read by `decimal_number` or
`whole_number`. Raw keeps the source text byte for byte and is cheap. `decimal.Decimal` keeps the
digits as well, but msgspec also fills it from a JSON string, so `"12.5"` would pass for `12.5`.
"""

import re
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from entrepot.core.naming import BLANK, SEEN, SEEN_OR_EMPTY
from entrepot.edge import soundness, whole_numbers
from entrepot.edge.json_walk import step
from entrepot.edge.soundness import DEPTH_MAX, NUMBER
from entrepot.edge.soundness import InvalidJson as InvalidJson  # noqa: PLC0414 - for who reads
from entrepot.pace import breathe

T = TypeVar("T")


class Misshapen(InvalidJson):
    """JSON with one meaning that does not fit the type; there may be more such faults."""


AMOUNT_DIGITS_MAX: Final = 18
AMOUNT_SCALE_MAX: Final = 12
# A number of this length, with or without a point, is within all bounds.
PLAIN_MAX: Final = 13
EXPONENT_DIGITS_MAX: Final = 3

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
# The words of a decoder for a text in which there is nothing to see.
_NOTHING_TO_SEE: Final = frozenset({
    f"Expected `str` matching regex {pattern!r}" for pattern in (SEEN, SEEN_OR_EMPTY)
})  # fmt: skip
_AT: Final = re.compile(r" - at `(?:key` in `)?\$([^`]*)`\Z")
_FIELD: Final = re.compile(r"Object (missing required|contains unknown) field `(.*)`", re.DOTALL)


def unmarked(body: bytes) -> bytes:
    """The body without a byte order mark before it, so that whoever reads a part of the body again
    finds none. A body with two of them stays, and is refused as no JSON.
    """
    bare = body.removeprefix(BYTE_ORDER_MARK)
    return body if bare.startswith(BYTE_ORDER_MARK) else bare


def decode(body: bytes, decoder: msgspec.json.Decoder[T], *, depth_max: int = DEPTH_MAX) -> T:
    """Return the value that `decoder` makes of `body`, once the body is known to have one meaning.

    A byte order mark of UTF-8 before the body is passed over, as RFC 8259 allows.

    Raises InvalidJson for a body that

    - is empty, not UTF-8, or not one JSON document
    - is ambiguous (duplicate keys), or deeper than `depth_max`
    - holds a number or a character that cannot be kept
    - does not fit the decoder's type.
    """
    body = body.removeprefix(BYTE_ORDER_MARK)
    soundness.check(body, depth_max)
    return decode_sound(body, decoder)


def decode_sound(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return what `decoder` makes of a body that is known to have one meaning.

    Raises:
        InvalidJson: the body does not fit the decoder's type.
    """
    try:
        return whole_numbers.decode(body, decoder)
    except msgspec.ValidationError as error:
        fault = placed(str(error))
        raise Misshapen(fault.path, fault.problem) from None
    except msgspec.DecodeError as error:
        raise placed(str(error)) from None


def decimal(text: str) -> Decimal:
    """A number with all its digits, for a decoder's `float_hook`: many of them take their time."""
    breathe()
    return Decimal(text)


def placed(message: str) -> InvalidJson:
    """Turn a decoder's message into path and problem; a field's name joins the path."""
    path, problem = "", message
    at = _AT.search(message)
    if at is not None:
        path, problem = at[1], message[: at.start()]
    if problem in _NOTHING_TO_SEE:
        problem = BLANK
    field = _FIELD.fullmatch(problem)
    if field is not None:
        path += step(field[2])
        missing = field[1] == "missing required"
        problem = "The field is required" if missing else "The field is unknown"
    return InvalidJson(path.removeprefix("."), problem)


def number_text(raw: msgspec.Raw, path: str) -> str:
    """Return the source text of a JSON number, such as `12.50`.

    Raises:
        InvalidJson: at `path`, when the value is a string, a boolean, null, an array or an object.
    """
    text = bytes(raw).decode()
    if not NUMBER.fullmatch(text):
        raise InvalidJson(path, f"Expected `number`, got `{_kind(text)}`")
    return text


def _kind(text: str) -> str:
    kinds = {'"': "str", "{": "object", "[": "array", "t": "bool", "f": "bool", "n": "null"}
    return kinds.get(text[:1], "nothing")


def decimal_number(raw: msgspec.Raw, path: str) -> tuple[int, int]:
    """Return a JSON number exactly, as (units, scale): `12.50` is (1250, 2), `1e2` is (100, 0).

    Written zeros are kept, because what came in one way goes out the same way; zeros behind the
    last place that is allowed are none. `path` is where the number stands, for the message.

    Raises:
        InvalidJson: no number, more than 18 significant digits, or more than 12 decimal places.
    """
    text = bytes(raw).decode()
    # Most numbers are plain and short.
    whole, point, fraction = text.partition(".")
    plain = whole.isdigit() and (fraction.isdigit() or not point) and len(text) <= PLAIN_MAX
    if plain and (whole[0] != "0" or len(whole) == 1):
        return int(whole + fraction), len(fraction)
    match = NUMBER.fullmatch(text)
    if match is None:
        raise InvalidJson(path, f"Expected `number`, got `{_kind(text)}`")
    sign, fraction, exponent = match[1], match[3] or "", match[4] or "0"
    digits, long_exponent = match[2] + fraction, len(exponent.lstrip("+-0")) > EXPONENT_DIGITS_MAX
    if not digits.strip("0"):
        scale = len(fraction) - (0 if long_exponent else int(exponent))
        return 0, min(max(scale, 0), AMOUNT_SCALE_MAX)
    # Every length is bounded before it is turned into a power of ten.
    if long_exponent:
        raise InvalidJson(path, f"At most {AMOUNT_DIGITS_MAX} significant digits are allowed")
    scale = len(fraction) - int(exponent)
    # Zeros behind the last place that is allowed are no places.
    zeros = len(digits) - len(digits.rstrip("0"))
    spare = min(max(scale - AMOUNT_SCALE_MAX, 0), zeros)
    digits, scale = digits[: len(digits) - spare].lstrip("0"), scale - spare
    if scale < 0:
        digits += "0" * min(-scale, AMOUNT_DIGITS_MAX + 1)
    if len(digits) > AMOUNT_DIGITS_MAX:
        raise InvalidJson(path, f"At most {AMOUNT_DIGITS_MAX} significant digits are allowed")
    if scale > AMOUNT_SCALE_MAX:
        raise InvalidJson(path, f"At most {AMOUNT_SCALE_MAX} decimal places are allowed")
    units = int(digits)
    return (-units if sign else units), max(scale, 0)


def whole_number(raw: msgspec.Raw, path: str) -> int:
    """Return a JSON number without a fraction: `2` and `2.0` are 2, `2.5` is refused.

    Raises:
        InvalidJson: at `path`, as `decimal_number`, or when the number has a fraction.
    """
    units, scale = decimal_number(raw, path)
    if not scale:
        return units
    one: int = 10**scale
    whole, rest = divmod(units, one)
    if rest:
        raise InvalidJson(path, "A whole number is expected")
    return whole
