"""Faults, figures and the export of the catalogue in Synq's words; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from entrepot.core import ids
from entrepot.core.catalogue_faults import SENTENCES, CatalogueFault, faults
from entrepot.core.money import Amount, stripped
from entrepot.core.products import FullProduct
from entrepot.core.quantity import text
from entrepot.edge.synq.catalogue import wire
from entrepot.edge.times import seconds_text
from entrepot.store.reading import stock_figures

encode = msgspec.json.Encoder().encode


def issues(products: Iterable[FullProduct]) -> list[wire.Issue]:
    """What these products lack, in their order."""
    return [_issue(fault) for product in products for fault in faults(product)]


def _issue(fault: CatalogueFault) -> wire.Issue:
    of = fault.variant_id or fault.product_id
    digest = hashlib.sha256(of + fault.code.encode()).digest()[:16]
    return wire.Issue(
        id=ids.dashed(digest),
        product_id=ids.dashed(fault.product_id),
        variant_id=None if fault.variant_id is None else ids.dashed(fault.variant_id),
        code=fault.code,  # type: ignore[arg-type]  # one of the codes
        message=SENTENCES[fault.code],
        created_at=seconds_text(fault.at),
    )


def stats(figures: stock_figures.StockFigures) -> wire.Stats:
    """The figures."""
    return wire.Stats(
        total_products=figures.products,
        low_stock_count=figures.low,
        out_of_stock_count=figures.out,
        inventory_value=[
            wire.Worth(currency, _number(amount)) for currency, amount in figures.worth.items()
        ],
        lowest_stock=[
            wire.Lowest(
                ids.dashed(one.product_id), one.name, msgspec.Raw(text(one.on_hand).encode())
            )
            for one in figures.lowest
        ],
        complete=figures.whole,
    )


def _number(amount: Amount) -> msgspec.Raw:
    return msgspec.Raw(Amount(*stripped(*amount)).text().encode())
