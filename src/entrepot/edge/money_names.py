"""Members that name money. An order made without such a member would cost something else."""

from __future__ import annotations

from itertools import product
from typing import Final

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
    one.
    """
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()
