"""The book in Konvo's words; pure. Amounts are numbers of the currency's minor unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core import ids, own_ids, shown
from entrepot.core.money import Amount, stripped
from entrepot.core.order import Customer, Line, Order
from entrepot.core.refusal import Refusal
from entrepot.core.results import OrdersResult, Result
from entrepot.edge import currency, quantities
from entrepot.edge.access import Principal
from entrepot.edge.kept_json import shaped
from entrepot.edge.konvo.orders import wire
from entrepot.edge.konvo.refusals import refusal_answer
from entrepot.edge.times import millis_text
from entrepot.writer.envelope import Answer

_NOBODY = (None, None, None, None)
_encode = msgspec.json.Encoder().encode


class _Details(msgspec.Struct, rename="camel"):
    """Members of a Konvo item that its line keeps. Lines of other senders have none of them."""

    id: str | UnsetType = UNSET
    description: str = ""
    msrp: msgspec.Raw | UnsetType = UNSET
    image_url: str = ""
    available: bool | UnsetType = UNSET
    inventory_quantity: msgspec.Raw | UnsetType = UNSET


_DETAILS = msgspec.json.Decoder(_Details)


def order(o: Order, contact: Customer | None, shop: str) -> wire.Order:
    """An order of a shop. An amount finer than the minor unit is shown with its fraction, exactly.

    The customer is shown as the order told the customer. An older order, which did not keep that,
    shows its contact.
    """
    who = (o.first_name, o.last_name, o.email, o.phone)
    if who == _NOBODY and contact is not None:
        who = (contact.first_name, contact.last_name, contact.email, contact.phone)
    may_lack = (*who, shown.external_id(o), o.tracking_url, shown.address(o))
    first_name, last_name, email, phone, external_id, tracking_url, address = [
        UNSET if text is None else text for text in may_lack
    ]
    code, digits = shown_currency(o.currency)
    return wire.Order(
        id=ids.dashed(o.id),
        contact_id=UNSET if contact is None else ids.dashed(contact.id),
        external_name=shown.name(o),
        external_id=external_id,
        first_name=first_name,
        last_name=last_name,
        email=email,
        phone_number=phone,
        order_total=minor_units(o.total, digits),
        currency=code,
        channel=(o.channel or o.source_platform or o.origin).upper(),
        status=o.words["konvo"].upper(),
        tracking_url=tracking_url,
        created_at=millis_text(shown.created_at(o)),
        updated_at=millis_text(o.updated_at),
        shop_id=shop,
        delivery_address=address,
    )


def whole_order(o: Order, contact: Customer | None, shop: str) -> wire.WholeOrder:
    """The order with every member that a sender has to tell, so that the answer can be sent back.

    The customer's id is the id that Konvo senders use, else ours. An order of nobody has an empty
    id.
    """
    one = order(o, contact, shop)
    own = None
    if contact is not None:
        own = own_ids.of(contact, "konvo") or ids.dashed(contact.id)
    reached: tuple[tuple[Literal["email", "phone"], str | UnsetType], ...] = (
        ("email", one.email), ("phone", one.phone_number),
    )  # fmt: skip
    who = wire.OrderCustomer(
        own or "", one.first_name or "", one.last_name or "",
        [wire.OrderUserId(kind, text) for kind, text in reached if text is not UNSET],
    )  # fmt: skip
    members = {name: getattr(one, name) for name in one.__struct_fields__}
    return wire.WholeOrder(
        **members, friendly_name=one.external_name, customer=who, items=[_item(x) for x in o.lines]
    )


def _item(line: Line) -> wire.OrderedItem:
    told = _Details() if line.details is None else shaped(line.details, _DETAILS, _Details())
    price = minor_units(line.price, currency.stripe_digits(line.currency))
    return wire.OrderedItem(
        id=ids.dashed(line.variant_id) if told.id is UNSET else told.id,
        sku=line.sku or "",
        name=line.title,
        description=told.description,
        price=price,
        msrp=price if told.msrp is UNSET else told.msrp,
        image_url=told.image_url,
        currency=line.currency,
        available=told.available,
        inventory_quantity=told.inventory_quantity,
        quantity=quantities.shown(line.quantity),
    )


@lru_cache(maxsize=1024)
def shown_currency(kept: str) -> tuple[str, int]:
    """A code in lower case; any other text as it was told, since its case may matter. Beside it the
    number of decimal places of its amounts.
    """
    is_code = len(kept) == currency.CODE_LENGTH and kept.isascii() and kept.isalpha()
    return kept.lower() if is_code else kept, currency.stripe_digits(kept)


def minor_units(amount: Amount, digits: int) -> msgspec.Raw:
    """An amount as a number of minor units; one that is finer has its fraction."""
    units, scale = amount
    if scale == digits:
        return msgspec.Raw(b"%d" % units)
    if scale > digits:
        amount = Amount(*stripped(units, scale - digits))
    else:
        amount = Amount(amount.at(digits), 0)
    return msgspec.Raw(amount.text().encode())


def found(
    orders: Sequence[Order], contacts: Mapping[bytes, Customer], total: int, principal: Principal
) -> Answer:
    """GET: these orders, and how many there are in all. `contacts` are the customers by id."""
    return Answer(200, _body(orders, contacts, total, principal))


def whole(found: Order, contact: Customer | None, principal: Principal) -> Answer:
    """GET of one order: the envelope of a list around it."""
    one = whole_order(found, contact, ids.dashed(principal.org_id))
    return Answer(200, _encode(wire.OneOrder(1, [one])))


def created(result: Result | Refusal, request_id: str, principal: Principal) -> Answer:
    """POST: the orders as they now stand; one that the array tells twice is one order."""
    if isinstance(result, Refusal):
        return refusal_answer(result, request_id)
    assert isinstance(result, OrdersResult)
    orders = result.orders
    if len(orders) > 1:
        orders = tuple({order.id: order for order in orders}.values())
    return Answer(201, _body(orders, result.contacts, len(orders), principal))


def _body(
    orders: Sequence[Order], contacts: Mapping[bytes, Customer], count: int, principal: Principal
) -> bytes:
    # The connected shop is the organization, because the holder of its key tells its orders.
    shop = ids.dashed_often(principal.org_id)
    listed = [order(o, contacts.get(o.customer_id), shop) for o in orders]
    return _encode(wire.Orders(count, listed))
