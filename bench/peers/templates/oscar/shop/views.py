"""One call, one order: oscar's own basket, availability, offers, shipping, order and payment.

The order of the steps, and with it the place of the availability check, is that of its checkout.
"""

import json
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, JsonResponse
from oscar.core.loading import get_class, get_model

Applicator = get_class("offer.applicator", "Applicator")
Free = get_class("shipping.methods", "Free")
OrderCreator = get_class("order.utils", "OrderCreator")
OrderTotalCalculator = get_class("checkout.calculators", "OrderTotalCalculator")
Selector = get_class("partner.strategy", "Selector")

Basket = get_model("basket", "Basket")
Country = get_model("address", "Country")
PaymentEvent = get_model("order", "PaymentEvent")
PaymentEventQuantity = get_model("order", "PaymentEventQuantity")
PaymentEventType = get_model("order", "PaymentEventType")
Product = get_model("catalogue", "Product")
ShippingAddress = get_model("order", "ShippingAddress")
Source = get_model("payment", "Source")
SourceType = get_model("payment", "SourceType")


def order(request: HttpRequest) -> JsonResponse:
    """Take {"email": ..., "lines": [{"sku": ..., "quantity": ...}]}: 201, or 409 out of stock."""
    told = json.loads(request.body)
    request.user = AnonymousUser()
    basket = Basket.objects.create()
    basket.strategy = Selector().strategy(request)
    for line in told["lines"]:
        product = Product.objects.get(upc=line["sku"])
        info = basket.strategy.fetch_for_product(product)
        permitted, reason = info.availability.is_purchase_permitted(line["quantity"])
        if not permitted:
            basket.delete()
            return JsonResponse({"error": str(reason)}, status=409)
        basket.add_product(product, line["quantity"])
    Applicator().apply(basket, request.user, request)
    basket.freeze()
    placed = _place(request, basket, told["email"])
    _pay(placed)
    basket.submit()
    return JsonResponse({"number": placed.number}, status=201)


def _place(request: HttpRequest, basket: Any, email: str) -> Any:
    shipping = Free()
    charge = shipping.calculate(basket)
    address = ShippingAddress.objects.create(
        first_name="Ada",
        last_name="Byron",
        line1="Ring 1",
        line4="Vienna",
        postcode="1010",
        country=Country.objects.get(iso_3166_1_a2="AT"),
    )
    return OrderCreator().place_order(
        basket=basket,
        total=OrderTotalCalculator().calculate(basket, charge),
        shipping_method=shipping,
        shipping_charge=charge,
        shipping_address=address,
        guest_email=email,
        request=request,
    )


def _pay(placed: Any) -> None:
    kind, _ = SourceType.objects.get_or_create(name="Dummy")
    amount = placed.total_incl_tax
    Source.objects.create(
        order=placed, source_type=kind, currency=placed.currency,
        amount_allocated=amount, amount_debited=amount, reference="dummy",
    )  # fmt: skip
    settled, _ = PaymentEventType.objects.get_or_create(name="Settled")
    event = PaymentEvent.objects.create(
        order=placed, event_type=settled, amount=amount, reference="dummy"
    )
    for line in placed.lines.all():
        PaymentEventQuantity.objects.create(event=event, line=line, quantity=line.quantity)
