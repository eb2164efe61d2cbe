"""Values of the native API's bodies and queries: ids, amounts, quantities, times.

They are types of ours (edge/own_types.py): a faulty value is a fault of the body's shape.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final

import msgspec
from msgspec import Meta

from entrepot.core import ids, money, quantity
from entrepot.core.naming import BLANK, SEEN, SEEN_OR_EMPTY
from entrepot.core.price_lists import PERCENTAGE, percentage
from entrepot.core.quantity import LINE_MAX, Quantity
from entrepot.core.scopes import MEANINGS
from entrepot.edge import currency, prefixes, times
from entrepot.edge.card_numbers import IS_CARD_NUMBER, has_card_members, is_card_number

PRICE_PLACES: Final = 4
REFERENCE_MAX: Final = 255
PROVIDER_MAX: Final = 100
_MOST: Final = quantity.text(LINE_MAX)
_UUID: Final = {"type": "string", "format": "uuid"}
_json: Final = msgspec.json.Encoder(decimal_format="number").encode
_AMOUNT: Final = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,40})?$"


def seen(most: int, description: str | None = None, **schema: str) -> Meta:
    """The bounds of a text of at most so many characters in which there is something to see."""
    return Meta(
        min_length=1, max_length=most, pattern=SEEN, description=description,
        extra_json_schema=dict(schema),
    )  # fmt: skip


def seen_or_empty(most: int) -> Meta:
    """The bounds of a name that may be left empty; blanks alone are none."""
    return Meta(max_length=most, pattern=SEEN_OR_EMPTY)


class _Id:
    __slots__ = ("raw",)
    prefixes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @classmethod
    def told(cls, value: object) -> _Id:
        """Raises ValueError unless it is a UUID, or one behind a prefix of its kind."""
        raw = ids.spelled(value, *cls.prefixes) if isinstance(value, str) else None
        if raw is None:
            raise ValueError("must be a UUID")
        return cls(raw)


class _LineId(_Id):
    __slots__ = ()
    prefixes = prefixes.LINE


class _VariantId(_Id):
    __slots__ = ()
    prefixes = prefixes.VARIANT


class _CustomerId(_Id):
    __slots__ = ()
    prefixes = prefixes.CUSTOMER


class _ContactId(_Id):
    __slots__ = ()
    prefixes = (prefixes.MAILBOX, prefixes.TELEPHONE)


class _PlaceId(_Id):
    __slots__ = ()
    prefixes = (prefixes.PLACE,)


class _Money:
    __slots__ = ("amount",)

    def __init__(self, amount: money.Amount) -> None:
        self.amount = amount

    @classmethod
    def told(cls, value: object) -> _Money:
        """Raises ValueError unless it is a decimal in a string, 0 or more."""
        if not isinstance(value, str):
            raise ValueError('must be a decimal in a string, such as "12.50"')  # noqa: TRY004
        amount = money.parse(value)
        if amount is None and money.is_written_in_digits(value):
            raise ValueError(f"is out of range: {money.RANGE}")
        if amount is None:
            raise ValueError('must be a decimal in a string, such as "12.50"')
        if amount.units < 0:
            raise ValueError("must be 0 or more")
        amount = money.Amount(*money.shortened(*amount, PRICE_PLACES))
        if amount.scale > PRICE_PLACES:
            raise ValueError(f"must have at most {PRICE_PLACES} decimal places")
        return cls(amount)


class _Percent:
    __slots__ = ("units",)

    def __init__(self, units: int) -> None:
        self.units = units

    @classmethod
    def told(cls, value: object) -> _Percent:
        """Raises ValueError unless it is a decimal in a string that a list can have."""
        amount = money.parse(value) if isinstance(value, str) else None
        units = None if amount is None else percentage(amount)
        if units is None:
            raise ValueError(f"must be {PERCENTAGE}, in a string")
        return cls(units)


class _Much:
    __slots__ = ("quantity",)

    def __init__(self, much: Quantity) -> None:
        self.quantity = much

    @classmethod
    def told(cls, value: object) -> _Much:
        """Raises ValueError unless it is a number of at most four places within the bounds."""
        much = _exact(value)
        if not 0 < much <= LINE_MAX:
            raise ValueError(f"must be more than 0, at most {_MOST}")
        return cls(much)


class _Count(_Much):
    @classmethod
    def told(cls, value: object) -> _Count:
        """As `_Much`; of any sign, and 0."""
        much = _exact(value)
        if not -LINE_MAX <= much <= LINE_MAX:
            raise ValueError(f"must be -{_MOST} to {_MOST}")
        return cls(much)


class _Measure:
    """A number of 0 or more, with every digit as it was told."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def told(cls, value: object) -> _Measure:
        """Raises ValueError unless it is a number of 0 or more that the book can hold."""
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise ValueError("must be a number")  # noqa: TRY004
        number = Decimal(value)
        near = number.is_finite() and -30 < number.adjusted() < 30
        amount = money.parse(format(number, "f")) if near else None
        if amount is None or amount.units < 0:
            raise ValueError(f"must be 0 or more; {money.RANGE}")
        return cls(amount.text())


class _Instant:
    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        self.at = at

    @classmethod
    def told(cls, value: object) -> _Instant:
        """Raises ValueError unless it is a time of RFC 3339."""
        at = times.microseconds(value) if isinstance(value, str) else None
        if at is None:
            raise ValueError("must be a time, such as 2026-03-01T12:00:00Z")
        return cls(at)


class _Code:
    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def told(cls, value: object) -> _Code:
        """Raises ValueError unless it is a currency that somebody can be charged in."""
        code = currency.iso_code(value) if isinstance(value, str) else None
        if code is None:
            raise ValueError("is no ISO 4217 currency")
        if not currency.is_money(code):
            raise ValueError(f"{code} is no money that can be paid in")
        return cls(code)


class _Scope:
    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def told(cls, value: object) -> _Scope:
        """Raises ValueError for what is no scope."""
        if not isinstance(value, str) or value not in MEANINGS:
            raise ValueError(f"must be one of {', '.join(MEANINGS)}")
        return cls(value)


class _Reference:
    __slots__ = ("text",)
    most: ClassVar[int] = REFERENCE_MAX

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def told(cls, value: object) -> _Reference:
        """Raises ValueError for no text of 1 to `most` characters, a blank one, a card number."""
        if not isinstance(value, str) or not 1 <= len(value) <= cls.most:
            raise ValueError(f"must be a text of 1 to {cls.most} characters")
        if re.search(SEEN, value) is None:
            raise ValueError(BLANK)
        if is_card_number(value):
            raise ValueError(IS_CARD_NUMBER)
        return cls(value)


class _Provider(_Reference):
    __slots__ = ()
    most = PROVIDER_MAX


class _Object:
    """The sender's own object, as the book keeps it: JSON text with every digit as it came."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def told(cls, value: object) -> _Object:
        """Raises ValueError unless it is an object that gives no card's number."""
        if not isinstance(value, dict):
            raise ValueError("Expected `object`")  # noqa: TRY004
        encoded = _json(value)
        if has_card_members(encoded):
            raise ValueError(IS_CARD_NUMBER)
        return cls(encoded.decode())


def object_text(told: _Object | None) -> str | None:
    """The JSON text of an object that was told; None for null."""
    return None if told is None else told.text


def _exact(value: object) -> Quantity:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")  # noqa: TRY004
    told = Decimal(value)
    sign, digits, exponent = told.as_tuple()
    if not told:
        return quantity.NONE
    if not isinstance(exponent, int) or abs(told.adjusted()) > 20:
        raise ValueError("must have at most four decimal places")
    units = int("".join(map(str, digits))) * (-1 if sign else 1)
    much = quantity.exact(units * 10 ** max(exponent, 0), max(-exponent, 0))
    if much is None:
        raise ValueError("must have at most four decimal places")
    return much


def _as(**schema: Any) -> Meta:
    return Meta(extra_json_schema=schema)


Id = Annotated[_Id, _as(**_UUID)]
LineId = Annotated[_LineId, _as(**_UUID)]
VariantId = Annotated[_VariantId, _as(**_UUID)]
CustomerId = Annotated[_CustomerId, _as(**_UUID)]
ContactId = Annotated[_ContactId, _as(**_UUID)]
PlaceId = Annotated[_PlaceId, _as(**_UUID)]
Money = Annotated[_Money, _as(type="string", pattern=_AMOUNT, examples=["12.50"])]
Percent = Annotated[_Percent, _as(type="string", pattern=_AMOUNT, examples=["-10"])]
Much = Annotated[
    _Much, _as(type="number", exclusiveMinimum=0, maximum=int(_MOST),
               description="A decimal of at most four places"),
]  # fmt: skip
Count = Annotated[
    _Count, _as(type="number", minimum=-int(_MOST), maximum=int(_MOST),
                description="A decimal of at most four places"),
]  # fmt: skip
Measure = Annotated[_Measure, _as(type="number", minimum=0)]
Instant = Annotated[_Instant, _as(type="string", format="date-time")]
Code = Annotated[_Code, _as(type="string", minLength=3, maxLength=3, examples=["EUR"])]
Reference = Annotated[
    _Reference, _as(type="string", minLength=1, maxLength=REFERENCE_MAX, pattern=SEEN)
]
Provider = Annotated[
    _Provider, _as(type="string", minLength=1, maxLength=PROVIDER_MAX, pattern=SEEN)
]
Object = Annotated[_Object, _as(type="object")]
Scope = Annotated[_Scope, _as(type="string", enum=list(MEANINGS))]
