"""The book in Konvo's words; pure. Amounts are numbers of the currency's minor unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET, UnsetType

from entrepot.core import ids
from entrepot.core.money import Amount, stripped
from entrepot.core.order import Customer, Order
from entrepot.core.refusal import Refusal
from entrepot.core.results import OrdersResult, Result
from entrepot.edge import currency
from entrepot.edge.konvo import wire
from entrepot.edge.konvo.refusals import refusal_answer
from entrepot.edge.times import millis_text
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


def order(o: Order, contact: Customer | None) -> wire.Order:
    """One order. An amount finer than the minor unit is shown with its fraction, exactly."""
    shown = wire.Order(
        id=ids.dashed(o.id),
        external_name=(
            ids.internal_reference(o.id) if o.external_name is None else o.external_name
        ),
        external_id=_known(o.external_id),
        order_total=_minor_units(o.total, currency.stripe_digits(o.currency)),
        currency=o.currency.lower(),
        channel=(o.channel or o.source_platform or o.origin).upper(),
        status=o.words.konvo.upper(),
        tracking_url=_known(o.tracking_url),
        created_at=millis_text(o.created_at),
        updated_at=millis_text(o.updated_at),
    )
    if contact is not None:
        shown.contact_id = ids.dashed(contact.id)
        shown.first_name = _known(contact.first_name)
        shown.last_name = _known(contact.last_name)
        shown.email = _known(contact.email)
        shown.phone_number = _known(contact.phone)
    return shown


def _minor_units(amount: Amount, digits: int) -> msgspec.Raw:
    if amount.scale > digits:
        amount = Amount(*stripped(amount.units, amount.scale - digits))
    else:
        amount = Amount(amount.at(digits), 0)
    return msgspec.Raw(amount.text().encode())


def _known(value: str | None) -> str | UnsetType:
    return UNSET if value is None else value


def found(orders: Sequence[Order], contacts: Mapping[bytes, Customer], total: int) -> Answer:
    """GET: these orders, and how many there are in all. `contacts` are the customers by id."""
    return Answer(200, _body(orders, contacts, total))


def created(result: Result | Refusal, request_id: str) -> Answer:
    """POST: the orders as they now stand; one that the array tells twice is one order."""
    if isinstance(result, Refusal):
        return refusal_answer(result, request_id)
    assert isinstance(result, OrdersResult)
    orders = list({order.id: order for order in result.orders}.values())
    return Answer(201, _body(orders, result.contacts, len(orders)))


def _body(orders: Sequence[Order], contacts: Mapping[bytes, Customer], count: int) -> bytes:
    return _encode(wire.Orders(count, [order(o, contacts.get(o.customer_id)) for o in orders]))
