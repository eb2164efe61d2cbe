"""Bodies that are made to be slow to read, or to take much memory, and what becomes of each.

Each is as large as an operation takes, or as large as its way of being slow is worked on. None is
worth anything to an honest sender; `bench/hostile.py` measures how long each holds up the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final, NamedTuple

MIB: Final = 1 << 20
_ALL: Final = 10 * MIB - 100
_VALUES: Final = 340_000
_SMILE: Final = "\N{GRINNING FACE}".encode()


class Shape(NamedTuple):
    """How a body is made, and what it is refused with; None for one that is sound JSON."""

    make: Callable[[], bytes]
    refused: str | None = None


def array(value: bytes, count: int) -> bytes:
    """An object with one array of so many equal values."""
    return b'{"x":[' + b",".join([value] * count) + b"]}"


def text(piece: bytes, size: int, end: bytes = b"") -> bytes:
    """An object with one string of about this size."""
    return b'{"a":"' + piece * (size // len(piece)) + end + b'"}'


MANY: Final = "holds more than"
DEEP: Final = "nested deeper"
WIDE: Final = "members"
BAD: Final = "not valid JSON"

SHAPES: Final[dict[str, Shape]] = {
    "short exponents": Shape(lambda: array(b"1e10", _VALUES)),
    "long exponents": Shape(lambda: array(b"1e100", _VALUES)),
    "exponents out of range": Shape(lambda: array(b"1e400", _VALUES), "out of range"),
    "exponents with zeros before": Shape(lambda: array(b"1e0000001", _VALUES)),
    "numbers next to none": Shape(lambda: array(b"2.2250738585072011e-308", _VALUES)),
    "numbers next to none, under a mebibyte": Shape(
        lambda: array(b"2.2250738585072011e-308", 43_000)
    ),
    "numbers half way": Shape(lambda: array(b"1.000000000000000111022302462515654", 250_000)),
    "long integers": Shape(lambda: array(b"1234567890123456789", _VALUES)),
    "too long integers": Shape(lambda: array(b"12345678901234567890", _VALUES), "2^63"),
    "digits without end": Shape(lambda: b"[" + b"1" * _ALL + b"]", "40 digits"),
    "a fraction without end": Shape(lambda: b"[1." + b"1" * _ALL + b"]", "40 digits"),
    "an exponent without end": Shape(lambda: b"[1e" + b"1" * _ALL + b"]", "40 digits"),
    "quotes under a mebibyte": Shape(lambda: b'"' * (MIB - 6), BAD),
    "quotes": Shape(lambda: b'"' * 9_000_000, MANY),
    "a string that never ends": Shape(lambda: b'["' + b"a" * _ALL, BAD),
    "empty strings": Shape(lambda: array(b'""', _VALUES)),
    "too many strings": Shape(lambda: array(b'""', 3_000_000), MANY),
    "words": Shape(lambda: b"[" + b"a " * (MIB // 2 - 10), BAD),
    "nulls": Shape(lambda: array(b"null", _VALUES)),
    "objects in objects": Shape(lambda: b'{"a":' * 1_000_000, MANY),
    "arrays in arrays": Shape(lambda: b"[" * _ALL, DEEP),
    "arrays in arrays, many times": Shape(lambda: array(b"[" * 33 + b"]" * 33, 10_000), DEEP),
    "arrays just not too deep": Shape(lambda: array(b"[" * 30 + b"]" * 30, 11_000)),
    "empty arrays": Shape(lambda: array(b"[]", 170_000)),
    "empty objects": Shape(lambda: array(b"{}", 170_000)),
    "too many empty objects": Shape(lambda: array(b"{}", 3_000_000), MANY),
    "small objects": Shape(lambda: array(b'{"a":1}', 170_000)),
    "small objects beside an escape": Shape(
        lambda: b'{"e":"\\n","x":[' + b",".join([b'{"a":1}'] * 170_000) + b"]}"
    ),
    "objects in objects, many times": Shape(
        lambda: array(b'{"":' * 28 + b"1" + b"}" * 28, 6_500)
    ),
    "different keys of empty objects": Shape(
        lambda: b"{%b}" % b",".join(b'"k%06d":{}' % n for n in range(170_000)), WIDE
    ),
    "different keys under a mebibyte": Shape(
        lambda: b"{%b}" % b",".join(b'"k%05d":1' % n for n in range(90_000))
    ),
    "brackets that close nothing": Shape(lambda: b"]" * _ALL, BAD),
    "commas": Shape(lambda: b"[" + b"," * _ALL, MANY),
    "colons under a mebibyte": Shape(lambda: b"{" + b":" * (MIB - 10), BAD),
    "colons": Shape(lambda: b"{" + b":" * _ALL, WIDE),
    "signs": Shape(lambda: b"-" * _ALL, BAD),
    "exponents of nothing": Shape(lambda: b"1" + b"e" * _ALL, BAD),
    "blanks": Shape(lambda: b"[" + b" " * _ALL + b"]"),
    "different keys": Shape(
        lambda: b"{%b}" % b",".join(b'"k%06d":1' % n for n in range(_VALUES)), WIDE
    ),
    "one key again and again": Shape(
        lambda: b"{%b}" % b",".join([b'"k":1'] * _VALUES), WIDE
    ),
    "one key again at the end": Shape(
        lambda: b'{%b,"k00000":1}' % b",".join(b'"k%05d":1' % n for n in range(49_000)),
        "k00000: The key appears more than once",
    ),
    "a long key": Shape(lambda: b'{"' + b"k" * _ALL + b'":1}'),
    "a long string": Shape(lambda: text(b"a", _ALL)),
    "a long string of wide characters": Shape(lambda: text(_SMILE, _ALL)),
    "a long string with one wide character": Shape(lambda: text(b"a", _ALL - 9, _SMILE)),
    "escaped characters": Shape(lambda: text(b"\\u00e9", _ALL)),
    "escaped line feeds": Shape(lambda: text(b"\\n", _ALL)),
    "backslashes": Shape(lambda: text(b"\\\\", _ALL)),
    "escaped quotes": Shape(lambda: text(b'\\"', _ALL)),
    "escapes before a NUL": Shape(lambda: text(b"\\u00e9", MIB - 20, b"\\u0000"), "a: A NUL"),
    "pairs before half of one": Shape(
        lambda: text(b"\\ud83d\\ude00", MIB - 20, b"\\ud800"), "a: A lone surrogate"
    ),
    "many pairs before half of one": Shape(
        lambda: text(b"\\ud83d\\ude00", _ALL - 20, b"\\ud800"), BAD
    ),
    "NULs": Shape(lambda: text(b"\0", _ALL), "NUL"),
    "no UTF-8 at the end": Shape(lambda: text(b"a", _ALL, b"\xff"), "not valid UTF-8"),
    "half a character at the end": Shape(
        lambda: text("ü".encode(), _ALL, b"\xc3"), "not valid UTF-8"
    ),
}  # fmt: skip


def order(**more: object) -> dict[str, object]:
    """An order that Konvo takes."""
    return {
        "id": "1", "friendlyName": "#1", "orderTotal": 1, "currency": "EUR", "items": [],
        "customer": {"id": "c", "firstName": "A", "lastName": "B"}, **more,
    }  # fmt: skip


def item(name: str) -> dict[str, object]:
    """A line that Konvo takes."""
    return {
        "id": name, "sku": "", "name": "n", "description": "", "price": 1, "msrp": 1,
        "imageUrl": "", "currency": "EUR", "quantity": 1,
    }  # fmt: skip


def array_of(orders: int, lines: int) -> bytes:
    """An array that Konvo takes, each of whose lines is a variant that nobody knows yet."""
    return json.dumps(
        [order(id=f"o{n}", items=[item(f"v{n}-{m}") for m in range(lines)]) for n in range(orders)]
    ).encode()


# Sound JSON that is slow only for code that reads orders in it. A sound body is refused for
# nothing.
KONVO: Final[dict[str, Shape]] = {
    "300 orders of 100 new variants": Shape(lambda: array_of(300, 100)),
    "orders without anything": Shape(lambda: b"[" + b"{}," * 160_000 + b"{}]", "required"),
    "a thousand orders without anything": Shape(lambda: b"[" + b"{}," * 999 + b"{}]", "required"),
    "lines without anything": Shape(
        lambda: json.dumps([order(items=[{}] * 160_000)]).encode(), "required"
    ),
    "lines that are null": Shape(
        lambda: json.dumps([order(items=[None] * 300_000)]).encode(), "got `null`"
    ),
    "members that are null": Shape(
        lambda: json.dumps([order(status=None, source=None) for _ in range(9_000)]).encode(),
        "length <= 1000",
    ),
    "numbers in metadata": Shape(
        lambda: json.dumps([order(metadata={"a": [1.5] * 300_000})]).encode(), "65536 bytes"
    ),
    "addresses of a customer": Shape(
        lambda: json.dumps(
            [order(customer={"id": "c", "firstName": "", "lastName": "",
                             "userIds": [{"type": "phone", "id": "+49 30 1234567"}] * 100_000})]
        ).encode(),
        "length <= 50",
    ),
}  # fmt: skip
