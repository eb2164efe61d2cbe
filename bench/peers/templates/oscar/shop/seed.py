"""The goods: `python -m shop.seed`, with PEER_GOODS as [{"sku": ..., "stock": ...}]."""

import json
import os
from decimal import Decimal

import django


def seed() -> None:
    """A partner, a country, the payment's kinds, and a product with stock for each SKU."""
    from oscar.core.loading import get_model  # noqa: PLC0415 - models exist after django.setup()

    get_model("address", "Country").objects.create(
        iso_3166_1_a2="AT", name="Austria", printable_name="Austria", is_shipping_country=True
    )
    get_model("payment", "SourceType").objects.create(name="Dummy")
    get_model("order", "PaymentEventType").objects.create(name="Settled")
    partner = get_model("partner", "Partner").objects.create(name="Peer")
    goods = get_model("catalogue", "ProductClass").objects.create(
        name="Goods", requires_shipping=True, track_stock=True
    )
    for one in json.loads(os.environ["PEER_GOODS"]):
        product = get_model("catalogue", "Product").objects.create(
            product_class=goods, title=one["sku"], upc=one["sku"]
        )
        product.stockrecords.create(
            partner=partner,
            partner_sku=one["sku"],
            price_currency="USD",
            price=Decimal("12.50"),
            num_in_stock=one["stock"],
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    django.setup()
    seed()
