"""What a shop is told of a product."""

from __future__ import annotations

import json

from entrepot.core.money import Amount
from entrepot.core.order import Variant
from entrepot.core.products import FullVariant, Product, full, undetailed
from entrepot.outbox.integration import item


def test_a_variant_without_a_price_is_told_with_none() -> None:
    product = Product(1, b"p" * 16, "Mug", "active", 1, 1, 1)
    priced = Variant(
        1, b"v" * 16, product.id, b"e" * 16, "MUG", "Mug", "EUR", Amount(1250, 2), False, 1
    )
    unpriced = priced._replace(id=b"w" * 16, sku=None, currency="", price=Amount(0, 0))
    free = priced._replace(id=b"x" * 16, price=Amount(0, 2))
    told = item(
        full(product, [FullVariant(one, undetailed(one)) for one in (priced, unpriced, free)])
    )
    assert [one["prices"] for one in json.loads(told)["variants"]] == [
        [{"price": 12.5, "currency": "EUR"}], [], [{"price": 0, "currency": "EUR"}],
    ]  # fmt: skip
