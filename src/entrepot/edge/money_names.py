"""Members that name money. An order made without such a member would cost something else."""

from __future__ import annotations

OF_ORDER = frozenset({
    "amount", "total", "totalamount", "totalprice", "subtotal", "subtotalamount", "tax", "taxes",
    "taxtotal", "taxamount", "totaltax", "discount", "discounts", "discounttotal",
    "discountamount", "totaldiscount", "shippingtotal", "shippingamount", "shippingcost",
    "shippingprice", "fee", "fees", "feetotal", "feeamount", "tip", "tipamount", "surcharge",
})  # fmt: skip
OF_LINE = OF_ORDER | {"lineamount", "linetotal"}
# Names of the sum of the lines. An order that costs this sum has none of the other amounts.
SUMS = frozenset({
    "amount", "total", "totalamount", "totalprice", "subtotal", "subtotalamount", "lineamount",
    "linetotal",
})  # fmt: skip


def plain(name: str) -> str:
    """The name without what spellings differ in: `tax_total` and `taxTotal` are one."""
    return name.replace("_", "").lower()
