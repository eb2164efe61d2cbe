"""Members that name money. An order made without such a member would cost something else."""

from __future__ import annotations

import re
from itertools import product
from typing import Final

import msgspec

from entrepot.pace import paced

# Names of amounts that are added to the lines or taken from them.
_PARTS: Final = (
    "tax", "taxes", "vat", "gst", "discount", "discounts", "rebate", "rebates", "fee", "fees",
    "tip", "tips", "gratuity", "surcharge", "surcharges", "duty", "duties",
)  # fmt: skip
# Names of services that may cost something. Alone, such a word can name an address, a date or a
# code as well.
_SERVICES: Final = (
    "shipping", "delivery", "handling", "freight", "postage", "service", "coupon", "voucher",
    "giftcard", "adjustment",
)  # fmt: skip
_SAYING_HOW_MUCH: Final = ("total", "amount", "price", "cost", "fee", "charge", "value")
_RATES: Final = ("rate", "percent", "percentage")
_WHOLES: Final = ("", "sub", "order", "grand", "net", "gross", "final", "total", "invoice")
_LINES: Final = ("line", "item", "row")


# A name may be as long as a body: so many characters of it are looked at.
_LOOKED_AT: Final = 200


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map("".join, product(first, second)))


_OF_ORDER_SUMS: Final = _joined(_WHOLES, ("total", "amount")) | {
    "subtotalamount", "totalprice", "totalvalue", "orderprice", "finalprice", "amountdue",
    "totaldue",
}  # fmt: skip
_OF_LINE_SUMS: Final = _joined(_LINES, ("total", "amount"))
OF_ORDER: Final = (
    _OF_ORDER_SUMS
    | frozenset(_PARTS)
    | _joined(_PARTS + _SERVICES, _SAYING_HOW_MUCH)
    | _joined(("total",), _PARTS + _SERVICES)
    | _joined(("tax", "vat", "gst", "discount"), _RATES)
)
OF_LINE: Final = OF_ORDER | _OF_LINE_SUMS
# Names of the sum of the lines. An order that costs this sum has none of the other amounts.
SUMS: Final = _OF_ORDER_SUMS | _OF_LINE_SUMS


def plain(name: str) -> str:
    """The name without what spellings differ in: `tax_total`, `tax-total` and `taxTotal` are
    one. A name that is too long to be one of money says nothing.
    """
    if len(name) > _LOOKED_AT:
        return ""
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()


# Words that say an amount where a name ends with one of them and the value is a number, or an
# object that has an amount. A text may be a code, and another object an address.
_AMOUNTS: Final = frozenset((
    *_PARTS, *_SERVICES, *_SAYING_HOW_MUCH, "adjustments", "allowance", "amounts", "balance",
    "cents", "charges", "costs", "coupons", "credit", "credits", "customs", "deposit", "donation",
    "donations", "due", "giftcards", "gross", "hst", "insurance", "iva", "levies", "levy",
    "markdown", "minor", "mwst", "net", "off", "override", "packaging", "paid", "pay", "payable",
    "prices", "promo", "promotion", "promotions", "pst", "rabatt", "refund", "refunds", "remise",
    "rounding", "subtotal", "sum", "totals", "tva", "versandkosten", "vouchers", "wrap", "wrapping",
))  # fmt: skip
# The ends of names of objects that have amounts.
_HOLDERS: Final = _AMOUNTS | {"pricing", "summary"}
# A larger object is no price, and looking at each level of it would take long.
_HELD_BYTES_MAX: Final = 4_096
# The ends of names of lists that have amounts, behind a word of money: `tax_lines`.
_LISTS: Final = frozenset({"applications", "breakdown", "codes", "lines", "set"})
_LISTED: Final = frozenset({
    "adjustments", "charges", "coupons", "credits", "giftcards", "promotions", "refunds",
    "vouchers",
})  # fmt: skip
# Words beside which a number counts something else, or says what the goods cost elsewhere.
_ELSE: Final = frozenset({
    "compare", "count", "days", "hours", "list", "minutes", "msrp", "old", "original", "points",
    "previous", "qty", "quantity", "recommended", "regular", "retail", "stock", "units", "was",
    "weight",
})  # fmt: skip
# Words of names that may say the sum of the lines.
_OF_SUMS: Final = frozenset({
    "amount", "cents", "charge", "due", "gross", "minor", "net", "paid", "pay", "payable", "price",
    "prices", "pricing", "subtotal", "sum", "summary", "total", "totals", "value",
})  # fmt: skip
# What may have a code of digits: as a text, only digits with a point are an amount.
_CODED: Final = frozenset({
    "coupon", "coupons", "credit", "credits", "customs", "giftcard", "giftcards", "insurance",
    "promo", "promotion", "promotions", "voucher", "vouchers",
})  # fmt: skip
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ZERO: Final = re.compile(rb'"?-?0+(?:\.0*)?(?:[eE][+-]?[0-9]+)?"?\Z')
_NUMBER: Final = re.compile(rb'-?[0-9][0-9.eE+-]*\Z|"-?[0-9]+(?:\.[0-9]+)?"\Z')
_DIGITS: Final = re.compile(rb'"[0-9]+"\Z')
_EMPTY: Final = re.compile(rb"[\[{]\s*[\]}]\Z")


def words(name: str) -> list[str]:
    """The words of a name, whichever way they are joined: `gift_card` is one word. Of a long name
    the end is looked at, which says what the value is.
    """
    found = [word.lower() for word in _WORDS.findall(name[-_LOOKED_AT:])]
    joined = " ".join(found).replace("gift card", "giftcard").replace("sub total", "subtotal")
    return joined.split()


def says_amount(name: str, value: bytes) -> bool:
    """Whether a member says an amount by its name and its value: a number that is not zero, a list
    of parts that is not empty, or an object with a member that says one. Names that are lists of
    their own stand in OF_ORDER.
    """
    number, listed = _NUMBER.match(value) is not None, value[:1] in (b"[", b"{")
    if not (number or listed) or _ZERO.match(value) or _EMPTY.match(value):
        return False  # as nearly always, and sooner than looking at the words
    told = words(name)
    if not told or not _ELSE.isdisjoint(told):
        return False
    if number:
        is_code = told[-1] in _CODED and _DIGITS.match(value) is not None
        return told[-1] in _AMOUNTS and not is_code
    if told[-1] in _LISTS and not _AMOUNTS.isdisjoint(told[:-1]):
        return True
    if value[:1] == b"[":
        return told[-1] in _LISTED
    if len(value) > _HELD_BYTES_MAX:
        return False
    return told[-1] in _HOLDERS and any(
        says_amount(inner, bytes(raw)) for inner, raw in paced(members(value).items())
    )


def members(value: bytes) -> dict[str, msgspec.Raw]:
    """The members of a value that is an object."""
    return _OBJECT.decode(value)


def may_be_sum(name: str) -> bool:
    """Whether a member that is called so may say the sum of the lines."""
    return not _OF_SUMS.isdisjoint(words(name))
