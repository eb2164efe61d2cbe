"""The native API's requests about orders into commands; pure."""

from __future__ import annotations

from typing import Any

from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.facets import BETWEEN, FULFILMENTS, RETURNS
from entrepot.core.order_filter import OrderFilter
from entrepot.core.refusal import Reason, Refusal, Refused, all_of
from entrepot.edge import addresses, currency, goods_names
from entrepot.edge.access import Principal
from entrepot.edge.native import bodies
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.orders import wire
from entrepot.edge.native.values import object_text

PLACE = bodies.decoder(wire.PlaceOrder)
# The members of a body that tell a repeat from a reuse, in version 1 of the fingerprint.
PLACE_PARTS = (
    "currency", "lines", "customer", "payment", "shipping_address", "external_id", "channel",
    "notes", "metadata",
)  # fmt: skip
# Orders that were placed so long ago and did not move wait too long (microseconds).
TOO_LONG = 300_000_000
ONE_NAME = "name the variant by `variant_id` or by `sku`"


def place_order(body: wire.PlaceOrder, principal: Principal, key: str | None) -> PlaceOrder:
    """The command."""
    code = body.currency.text
    faults = [
        Refusal(Reason.INVALID, ONE_NAME, f"lines[{index}]")
        for index, line in enumerate(body.lines)
        if (line.variant_id is None) == (line.sku is None)
    ]
    if body.customer is not None and body.customer.id is not None and _told(body.customer):
        sentence = "name a known customer by `id` alone"
        faults.append(Refusal(Reason.INVALID, sentence, "customer"))
    if faults:
        raise Refused(all_of(faults))
    said: dict[str, Any] = {
        "external_id": body.external_id,
        "channel": body.channel,
        "notes": body.notes,
        "delivery_address": body.shipping_address,
        "metadata": object_text(body.metadata),
        "idempotency_key": key,
    }
    if body.payment is not None:
        said["payment_provider"] = body.payment.provider.text
        said["payment_reference"] = body.payment.reference.text
    lines = tuple(new_line(line, f"lines[{index}]", code) for index, line in enumerate(body.lines))
    return PlaceOrder(
        principal.org, NAME, code, lines, _customer(body.customer), said=said,
        places=currency.smallest_digits(code), from_default_location=True,
    )  # fmt: skip


def new_line(line: wire.NewLine, where: str, code: str | None) -> DraftLine:
    """A line that is wanted; its variant is a known one."""
    if line.variant_id is not None:
        variant = VariantRef(variant_id=line.variant_id.raw)
    else:
        sku = line.sku or ""
        names, older = (goods_names.name("sku", sku),), goods_names.older("sku", sku)
        variant = VariantRef(names=names, field="sku", known=True, older=older)
    return DraftLine(
        where=where,
        variant=variant,
        quantity=line.quantity.quantity,
        price=None if line.unit_price is None else line.unit_price.amount,
        currency=code,
        title=line.title or "",
        location_id=None if line.location_id is None else line.location_id.raw,
        properties=object_text(line.properties),
        price_field="unit_price",
    )


def _told(who: wire.OrderedBy) -> bool:
    return (who.name, who.email, who.phone) != (None, None, None)


def _customer(who: wire.OrderedBy | None) -> CustomerRef:
    if who is None:
        return CustomerRef()
    if who.id is not None:
        return CustomerRef(customer_id=who.id.raw, field="customer.id")
    reached = (
        addresses.email(who.email) if who.email else None,
        addresses.phone(who.phone) if who.phone else None,
    )
    first, _, last = (who.name or "").rpartition(" ")
    if not first:
        first, last = last, ""
    return CustomerRef(
        identifiers=tuple(one for one in reached if one is not None),
        first_name=first or None, last_name=last or None, email=who.email, phone=who.phone,
        field="customer",
    )  # fmt: skip


def order_list(asked: wire.OrderQuery, before: int | None, now: int) -> OrderFilter:
    """The filter of a list behind an order's number, if any; what hangs together in the book's
    tallies is asked together.
    """
    goods: tuple[str, ...] = ()
    if asked.fulfilment is not None or asked.returns is not None:
        goods = tuple(
            f"{fulfilment}{BETWEEN}{returns}"
            for fulfilment in _any(asked.fulfilment, FULFILMENTS)
            for returns in _any(asked.returns, RETURNS)
        )
    until = asked.created_before
    return OrderFilter(
        created_after=None if asked.created_after is None else asked.created_after.at,
        created_max=None if until is None else until.at - 1,
        updated_after=None if asked.updated_after is None else asked.updated_after.at,
        stages=() if asked.stage is None else (asked.stage,),
        goods=goods,
        before=before,
        payments=() if asked.payment is None else (asked.payment,),
        origins=() if asked.dialect is None else (asked.dialect,),
        text=asked.q,
        customer_id=None if asked.customer_id is None else asked.customer_id.raw,
        stuck_since=now - TOO_LONG if asked.attention else None,
    )


def _any(one: str | None, every: tuple[str, ...]) -> tuple[str, ...]:
    return every if one is None else (one,)
