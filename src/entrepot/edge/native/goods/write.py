"""Goods in the words of the native API; pure."""

from __future__ import annotations

import msgspec

from entrepot.core import ids, kinds
from entrepot.core.costing import PLACES
from entrepot.core.money import Amount, stripped
from entrepot.core.order import Level, StockEntry
from entrepot.core.products import FullVariant
from entrepot.core.quantity import Quantity
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import LocationResult, Result, StockResult, VariantResult
from entrepot.edge import quantities
from entrepot.edge.native.goods import wire
from entrepot.edge.native.products.write import variant
from entrepot.edge.native.refusals import refusal_answer
from entrepot.edge.times import millis_text
from entrepot.edge.written import Written
from entrepot.writer.envelope import Answer

encode = msgspec.json.Encoder().encode
NO_VARIANT = Refusal(Reason.NO_SUCH_ROUTE, "No such variant is known here.")


def location(one: kinds.Location) -> wire.Location:
    """A location."""
    return wire.Location(ids.dashed(one.id), one.name)


def level(one: Level) -> wire.Level:
    """A stock level."""
    return wire.Level(
        ids.dashed(one.variant_id),
        ids.dashed(one.location_id),
        quantities.shown(one.on_hand),
        quantities.shown(one.reserved),
        quantities.shown(Quantity(one.on_hand - one.reserved)),
    )


def entry(one: StockEntry) -> wire.StockEntry:
    """An entry of the ledger."""
    return wire.StockEntry(
        ids.dashed(one.id),
        ids.dashed(one.variant_id),
        ids.dashed(one.location_id),
        quantities.shown(one.delta),
        one.kind,
        None if one.order_id is None else ids.dashed(one.order_id),
        one.note,
        millis_text(one.created_at),
        None if one.unit_cost is None else cost(one.unit_cost),
    )


def cost(units: int) -> str:
    """A cost or a value, with two decimal places at least."""
    amount = Amount(*stripped(units, PLACES))
    return Amount(amount.at(max(2, amount.scale)), max(2, amount.scale)).text()


def made(request_id: str) -> Written:
    """The answer to a write: what was made."""

    def answer(result: Result | Refusal) -> Answer:
        if isinstance(result, Refusal):
            return refusal_answer(result, request_id)
        if isinstance(result, VariantResult):
            return Answer(201, encode(variant(FullVariant(*result))))
        if isinstance(result, LocationResult):
            return Answer(201, encode(location(result.location)))
        assert isinstance(result, StockResult)
        return Answer(201, encode(entry(result.entry)))

    return answer


def changed(request_id: str) -> Written:
    """The answer to a change of the variant that the path names."""

    def answer(result: Result | Refusal) -> Answer:
        if isinstance(result, Refusal):
            unknown = result.reason is Reason.UNKNOWN_VARIANT
            return refusal_answer(NO_VARIANT if unknown else result, request_id)
        assert isinstance(result, VariantResult)
        return Answer(200, encode(variant(FullVariant(*result))))

    return answer
