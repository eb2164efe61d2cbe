"""Items in Polinate's words; pure."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import UNSET, Raw, UnsetType

from entrepot.core import products
from entrepot.core.products import FullProduct, FullVariant
from entrepot.core.results import ProductResult
from entrepot.edge.polinate.items import wire
from entrepot.edge.polinate.refusals import refusal_answer
from entrepot.edge.times import millis_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode
_NOTHING = Raw(b"{}")


def tag(one: FullProduct) -> str:
    """The entity tag of an item."""
    return f'"{products.revision(one)}"'


def item(one: FullProduct) -> wire.Item:
    """An item with its variants. An item without a handle is called by its id."""
    told = one.product
    own = f"itm_{told.id.hex()}"
    return wire.Item(
        id=own,
        name=told.name,
        handle=told.handle or own,
        description=told.description,
        img_url=told.image_url,
        custom_type=told.custom_type,
        brand=told.brand,
        vendor_name=told.vendor,
        type=_or_unset(told.type),
        status=told.status.upper(),
        properties=_NOTHING if told.properties is None else Raw(told.properties.encode()),
        created_at=millis_text(told.created_at),
        updated_at=millis_text(told.updated_at),
        deleted_at=None if told.deleted_at is None else millis_text(told.deleted_at),
        variants=[_variant(one, place) for place, one in enumerate(one.variants, 1)],
    )


def _variant(one: FullVariant, place: int) -> wire.Variant:
    it, told = one.variant, one.details
    priced = bool(it.currency)
    return wire.Variant(
        id=f"var_{it.id.hex()}",
        item_id=f"itm_{it.item_id.hex()}",
        variant_name=told.name,
        sku=_or_unset(it.sku),
        barcode=_or_unset(told.barcode),
        currency=it.currency if priced else UNSET,
        price=Raw(it.price.text().encode()) if priced else UNSET,
        cost=_number(told.cost.text() if told.cost is not None and priced else None),
        weight=_number(told.weight),
        length=_number(told.length),
        width=_number(told.width),
        height=_number(told.height),
        unit_of_measure=_or_unset(told.unit_of_measure),
        sequence=told.sequence or place,
        img_url=_or_unset(told.image_url),
        properties=UNSET if told.properties is None else Raw(told.properties.encode()),
        created_at=millis_text(it.created_at),
        updated_at=millis_text(told.updated_at),
    )


def _or_unset(text: str | None) -> str | UnsetType:
    return UNSET if text is None else text


def _number(text: str | None) -> Raw | UnsetType:
    return UNSET if text is None else Raw(text.encode())


def item_answer(one: FullProduct) -> Answer:
    """The answer to a request for one item."""
    return Answer(200, _encode(item(one)))


def created(request_id: str) -> Written:
    """The answer to the making of an item: its id, and those of its variants as they were sent."""

    def answer(result: ProductResult) -> Answer:
        ids = [f"var_{one.hex()}" for one in result.made]
        made = wire.Created(True, f"itm_{result.product.product.id.hex()}", ids)
        return Answer(201, _encode(made))

    return written(refusal_answer, request_id, ProductResult, answer)


def amended(request_id: str, tagged: Callable[[FullProduct], None]) -> Written:
    """The answer to changes of an item: the item as it now is."""

    def answer(result: ProductResult) -> Answer:
        tagged(result.product)
        return item_answer(result.product)

    return written(refusal_answer, request_id, ProductResult, answer)
