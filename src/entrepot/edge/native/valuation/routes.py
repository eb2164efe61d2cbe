"""The native API's valuation: the path table, and the lines that connect a question and its
answer."""

from __future__ import annotations

from typing import Any, cast

from entrepot.core import costing, ids, scopes
from entrepot.core.quantity import ONE
from entrepot.core.refusal import Reason, Refusal, Refused, all_of
from entrepot.edge import quantities
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.native import bodies, paging
from entrepot.edge.native.documented import ERRORS
from entrepot.edge.native.goods import write
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.edge.native.valuation import wire
from entrepot.store.reading import valuation
from entrepot.store.reading.valuation import ShelfFilter, Valued
from entrepot.writer.envelope import Answer

_ID_BYTES = 16


async def value_stock(call: Call) -> Answer:
    """A page of what stock is worth."""
    asked = bodies.query(call, wire.ValuationQuery)
    # Asked first: the values are of this number or of a later one, and never older than it.
    stands = await call.read(valuation.costing)
    pages = paging.Pages(call, asked)
    shown, after = pages.cut(await _found(call, asked, pages), _key)
    page = wire.Valuation(
        list(map(_shown, shown)), after, cast("Any", stands.method), stands.reached
    )
    return Answer(200, write.encode(page))


async def _found(call: Call, asked: wire.ValuationQuery, pages: paging.Pages) -> list[Valued]:
    limit = asked.limit + 1
    faults = [
        Refusal(Reason.INVALID, "is taken with `by=shelf` only", name)
        for name in ("variant_id", "location_id")
        if getattr(asked, name) is not None and asked.by != "shelf"
    ]
    if faults:
        raise Refused(all_of(faults))
    if asked.by == "shelf":
        wanted = ShelfFilter(
            None if asked.variant_id is None else asked.variant_id.raw,
            None if asked.location_id is None else asked.location_id.raw,
            pages.ids_after(),
        )
        return await call.read(valuation.shelves, wanted, limit)
    if asked.by == "variant":
        return await call.read(valuation.variants, pages.id_after(), limit)
    by_location = asked.by == "location"
    behind = _behind(pages.ids_after())
    return await call.read(valuation.totals, behind, limit, by_location=by_location)


def _behind(pair: tuple[bytes, bytes] | None) -> tuple[bytes, str] | None:
    """The location and the currency that a page comes behind: their bytes are a cursor's pair.
    Totals of the organization have the id of all locations together.
    """
    if pair is None:
        return None
    code = pair[1].rstrip(b"\0").decode("latin-1")
    return pair[0], code if code.isascii() and code.isalpha() else ""


def _key(one: Valued) -> bytes:
    if one.variant_id is None:
        currency = (one.currency or "").encode().ljust(_ID_BYTES, b"\0")
        return (one.location_id or bytes(_ID_BYTES)) + currency
    if one.location_id is None:
        return one.variant_id
    return one.variant_id + one.location_id


def _shown(one: Valued) -> wire.Valued:
    quantity = one.quantity
    average = None
    if quantity is not None and quantity > 0:
        average = write.cost(costing.share(one.value, ONE, quantity))
    return wire.Valued(
        None if one.variant_id is None else ids.dashed(one.variant_id),
        None if one.location_id is None else ids.dashed(one.location_id),
        None if quantity is None else quantities.shown(quantity),
        write.cost(one.value),
        average,
        one.currency,
    )


OPERATIONS = (
    Operation(
        method="GET", path="/v1/stock/valuation", operation_id="valueStock",
        summary="Say what stock is worth", handler=value_stock, access=Scoped(scopes.STOCK_READ),
        tag="Goods",
        description="By weighted average cost or first in, first out, as the organization's "
        "`costing_method` says. The log of events is valued a moment after it is written: `number` "
        "says how far.",
        parameters=bodies.parameters(
            wire.ValuationQuery, by="What a row is of.", variant_id="Of this variant.",
            location_id="At this location.", limit=LIMIT_TEXT, after=AFTER_TEXT),
        responses={200: Response("A page of values", wire.Valuation), **ERRORS},
    ),
)  # fmt: skip
