"""Quantities on the wire: JSON numbers, read from their source text and written from integers."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from msgspec import Meta, Raw

from entrepot.core import quantity
from entrepot.core.quantity import LINE_MAX, NONE, ONE, Quantity
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.strict_json import InvalidJson, decimal_number

_MOST = quantity.text(LINE_MAX)
_PLAIN_DIGITS = len(_MOST) - 1
_PLACES = "at most four decimal places"
# There is no `multipleOf: 0.0001`: validators that divide binary floats turn down 0.3.
Told = Annotated[
    Raw,
    Meta(extra_json_schema={
        "type": "number", "minimum": -int(_MOST), "maximum": int(_MOST),
        "description": f"A decimal of {_PLACES}",
    }),
]  # fmt: skip
Wanted = Annotated[
    Raw,
    Meta(extra_json_schema={
        "type": "number", "exclusiveMinimum": 0, "maximum": int(_MOST),
        "description": f"A decimal of {_PLACES}",
    }),
]  # fmt: skip
Shown = Annotated[
    Raw,
    Meta(extra_json_schema={
        "type": "number", "description": "An integer where it is whole",
    }),
]  # fmt: skip


def told(raw: Raw, field: str) -> Quantity:
    """A quantity of any sign, as a mirrored order can have.

    Refused, with the field named: no number, more than four decimal places, too large.
    """
    text = bytes(raw)
    # Most are plain and short.
    if text.isdigit() and len(text) <= _PLAIN_DIGITS:
        return Quantity(int(text) * ONE)
    try:
        units, scale = decimal_number(raw, field)
    except InvalidJson as error:
        raise refuse(Reason.INVALID, error.problem, error.path) from error
    found = quantity.exact(units, scale)
    if found is None:
        raise refuse(Reason.INVALID, _PLACES, field)
    if not -LINE_MAX <= found <= LINE_MAX:
        raise refuse(Reason.INVALID, f"must be -{_MOST} to {_MOST}", field)
    return found


def wanted(raw: Raw, field: str) -> Quantity:
    """A quantity of more than 0, as an order that Entrepot runs has; refused as `told` refuses."""
    found = told(raw, field)
    if found <= NONE:
        raise refuse(Reason.INVALID, f"must be more than 0, at most {_MOST}", field)
    return found


# Orders have many quantities in common.
@lru_cache(maxsize=4096)
def shown(much: Quantity) -> Raw:
    """The quantity as a JSON number: an integer where it is whole."""
    return Raw(quantity.text(much).encode())
