"""Reading rows, events and sums by code of the audit's own.

A check by the same code that writes the book would not see a fault of that code. So the audit reads
each row by the names of its columns, and has its own copy of the sizes that the book is written
with. A test compares the two readings.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

from entrepot.core.facets import Facets
from entrepot.core.money import SCALE_MAX, UNITS_MAX, Amount
from entrepot.core.order import Event, Line, Order
from entrepot.core.payment import Operation, Payment
from entrepot.store.verify.own_values import QUANTITY_PLACES
from entrepot.store.verify.walk import AnyRow

# Orders in a span of each level, and microseconds in a slot of each level (docs/adr/0008).
SPAN_SIZES: Final = (128, 8_192, 524_288)
SLOT_SIZES: Final = (60_000_000, 3_600_000_000, 216_000_000_000)
# The value that stands in the tallies of properties for any value.
ANY_VALUE: Final = ""
# The sweep that removes idempotency keys.
SWEEP_OF_KEYS: Final = "keys"
# The longest time for which something is put off: an hour, in microseconds.
PUT_OFF_MAX: Final = 3_600_000_000
# The length of a digest of a sender's telling. Its last bytes tell to which sender it belongs.
SEALED_BYTES, SEAL_BYTES = 20, 4

_SUMS: Final = ("subtotal", "discount", "shipping", "tax")
_OF_ROWS: Final = frozenset(Order._fields) - {"facets", "lines", "total", *_SUMS}
_OF_LINES: Final = frozenset(Line._fields) - {"price", "cost"}


def order_of(row: AnyRow, lines: tuple[Line, ...]) -> Order:
    """The order of a row of `orders`, with its lines."""
    columns = row._asdict()
    scale = columns["scale"]
    places = columns["total_scale"]
    members: dict[str, Any] = {name: columns[name] for name in _OF_ROWS}
    members |= {name: Amount(columns[name], scale) for name in _SUMS}
    return Order(
        **members,
        total=Amount(columns["total"] // 10 ** (scale - places), places),
        facets=Facets(*[columns[name] for name in Facets._fields]),
        lines=lines,
    )


def line_of(row: AnyRow) -> Line:
    """The line of a row of `order_lines`."""
    columns = row._asdict()
    return Line(
        **{name: columns[name] for name in _OF_LINES},
        price=Amount(columns["price_units"], columns["price_scale"]),
        cost=Amount(columns["cost_units"], columns["cost_scale"]),
    )


def event_of(row: AnyRow) -> Event:
    """The event of a row of `events`."""
    columns = row._asdict()
    return Event(**{name: columns[name] for name in Event._fields})


def payment_of(row: AnyRow) -> Payment:
    """The payment of a row of `payments`."""
    columns = row._asdict()
    amount = Amount(columns["amount_units"], columns["amount_scale"])
    names = [name for name in Payment._fields if name != "amount"]
    return Payment(**{name: columns[name] for name in names}, amount=amount)


def operation_of(row: AnyRow) -> Operation:
    """The operation of a row of `payment_operations`."""
    columns = row._asdict()
    return Operation(**{name: columns[name] for name in Operation._fields})


def stand_of(event: Event) -> tuple[Facets, str] | None:
    """The facets and the total that an event carries; None where the event cannot be read."""
    try:
        body = json.loads(event.body)
        facets, total = Facets(*body["facets"]), body["total"]
        hash(facets)  # texts can be; an array in the place of one cannot
    except (ValueError, KeyError, TypeError):
        return None
    return facets, total


def summed(lines: Iterable[Line]) -> Amount:
    """The sum of price times quantity, at the finest scale among the prices.

    Fractions of a unit can make it finer. It is exact as far as the book can hold it: to nine
    places and 10**15 units, half to even behind these.
    """
    listed = list(lines)
    least = max((line.price.scale for line in listed), default=0)
    exact = sum(
        (
            Fraction(line.price.units * line.quantity, 10 ** (line.price.scale + QUANTITY_PLACES))
            for line in listed
        ),
        Fraction(0),
    )
    finest = max(least, min(least + QUANTITY_PLACES, SCALE_MAX))
    places = next(
        (fewer for fewer in range(finest, least, -1) if abs(exact) * 10**fewer <= UNITS_MAX), least
    )
    units = round(exact * 10**places)
    while places > least and units % 10 == 0:
        units, places = units // 10, places - 1
    return Amount(units, places)


def is_sealed(digest: bytes, sender_id: str) -> bool:
    """Whether a digest of what a sender told ends with the seal of this sender."""
    told, seal = digest[:-SEAL_BYTES], digest[-SEAL_BYTES:]
    return zlib.crc32(sender_id.encode() + told) == int.from_bytes(seal, "big")


def checksum_of(answer: Any) -> int:
    """The checksum that a stored answer should have; a row of `idempotency_keys`."""
    order_id = b"" if answer.order_id is None else bytes(answer.order_id)
    named = f"{len(answer.key)} {answer.key} {answer.operation} {answer.status}".encode()
    parts = (named, bytes(answer.fingerprint), order_id, bytes(answer.body))
    return zlib.crc32(b"\0".join(parts))
