"""The native API's goods: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

from entrepot.core import ids, scopes
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.stocking import ChangeVariant, MakeLocation, MakeVariant
from entrepot.core.quantity import NONE
from entrepot.core.refusal import Reason, Refusal, Refused, all_of
from entrepot.edge import goods_names, prefixes
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Parameter, Response
from entrepot.edge.native import as_read, bodies, lists, paging
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.documented import BODY_ERRORS, ERRORS, KEY, NOT_FOUND, REPLAYED
from entrepot.edge.native.goods import wire, write
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.edge.native.products.read import variant_members
from entrepot.edge.native.products.wire import Variant
from entrepot.edge.native.products.write import variant
from entrepot.store.reading import goods, products
from entrepot.writer.envelope import Answer

READ, WRITE = Scoped(scopes.STOCK_READ), Scoped(scopes.STOCK_WRITE)
_VARIANT = bodies.decoder(wire.MakeVariant)
_CHANGE = bodies.decoder(wire.ChangeVariant)
# Members that variants got when they became variants of products.
_ADDED = (
    "sku", "variant_name", "barcode", "cost", "weight", "length", "width", "height",
    "unit_of_measure", "sequence", "image_url", "options", "properties",
)  # fmt: skip
_LOCATION = bodies.decoder(wire.MakeLocation)
_ADJUST = bodies.decoder(wire.Adjust)


async def list_variants(call: Call) -> Answer:
    """A page of variants."""
    asked = bodies.query(call, wire.VariantQuery)
    pages = paging.Pages(call, asked)
    after = pages.id_after()
    found = await call.read(goods.variants, after, asked.limit + 1, goods_names.of_sku(asked.sku))
    shown, behind = pages.cut(found, lambda one: one.id)
    detailed = await call.read(products.detailed, shown)
    return Answer(200, write.encode(wire.VariantPage(list(map(variant, detailed)), behind)))


async def get_variant(call: Call) -> Answer:
    """Answer with one variant."""
    bodies.no_query(call)
    found = await call.read(products.variant, _variant_id(call))
    if found is None:
        raise Refused(write.NO_VARIANT)
    return Answer(200, write.encode(variant(found)))


async def make_variant(call: Call) -> Answer:
    """Make a variant."""
    bodies.no_query(call)
    told, body = await bodies.read(call, _VARIANT)
    parts = ("sku", "name", "currency", "price", "tracked")
    key = bodies.keyed(call, "makeVariant", parts, body, added=(_ADDED[1:],))
    said = variant_members(told, _ADDED[1:])
    command = MakeVariant(
        call.principal.org, NAME, told.sku, told.name, told.currency.text, told.price.amount,
        told.tracked, {name: value for name, value in said.items() if value is not None},
    )  # fmt: skip
    return await call.submit(command, write.made(call.request_id), key)


async def change_variant(call: Call) -> Answer:
    """Change a variant; lines of orders stay as they are."""
    bodies.no_query(call)
    variant_id = _variant_id(call)
    parts = ("name", "currency", "price", "tracked")

    def make(told: wire.ChangeVariant) -> ChangeVariant:
        said = variant_members(told, _ADDED) | {
            "title": told.name,
            "currency": None if told.currency is None else told.currency.text,
            "price": None if told.price is None else told.price.amount,
            "tracked": told.tracked,
        }
        return ChangeVariant(call.principal.org, NAME, variant_id, said)

    command, key = await as_read.changing(
        call, _CHANGE, lambda: call.read(products.variant, variant_id), variant,
        lambda body: bodies.keyed(
            call, "changeVariant", parts, body, variant_id, added=(_ADDED,)
        ),
        make,
    )  # fmt: skip
    return await call.submit(command, write.changed(call.request_id), key)


def _variant_id(call: Call) -> bytes:
    """The id of the path. Refused: what is no id."""
    variant_id = ids.spelled(call.path_ids["id"], *prefixes.VARIANT)
    if variant_id is None:
        raise Refused(write.NO_VARIANT)
    return variant_id


async def list_locations(call: Call) -> Answer:
    """A page of locations."""
    return await lists.by_id(
        call, wire.LocationQuery, goods.locations, write.location, wire.LocationPage
    )


async def make_location(call: Call) -> Answer:
    """Make a location."""
    bodies.no_query(call)
    told, body = await bodies.read(call, _LOCATION)
    key = bodies.keyed(call, "makeLocation", ("name",), body)
    command = MakeLocation(call.principal.org, told.name, NAME)
    return await call.submit(command, write.made(call.request_id), key)


async def list_stock(call: Call) -> Answer:
    """A page of stock levels."""
    asked = bodies.query(call, wire.StockQuery)
    pages = paging.Pages(call, asked)
    wanted = goods.LevelFilter(
        None if asked.variant_id is None else asked.variant_id.raw,
        None if asked.location_id is None else asked.location_id.raw,
        asked.low,
        pages.ids_after(),
    )
    found = await call.read(goods.levels, wanted, asked.limit)
    after = pages.behind(None if found.after is None else b"".join(found.after))
    listed = list(map(write.level, found.levels))
    return Answer(200, write.encode(wire.LevelPage(listed, after)))


async def adjust_stock(call: Call) -> Answer:
    """Add an entry to the ledger: by how much, or to how much, and why."""
    bodies.no_query(call)
    told, body = await bodies.read(call, _ADJUST)
    parts = ("variant_id", "location_id", "reason", "delta", "set_to")
    added = (("unit_cost", "currency"),)
    key = bodies.keyed(call, "adjustStock", parts, body, added=added)
    faults: list[Refusal] = []
    if (told.delta is None) == (told.set_to is None):
        faults.append(Refusal(Reason.INVALID, "tell `delta` or `set_to`", "delta"))
    if (told.unit_cost is None) != (told.currency is None):
        sentence = "tell `unit_cost` and `currency`, or neither"
        faults.append(Refusal(Reason.INVALID, sentence, "currency"))
    if faults:
        raise Refused(all_of(faults))
    delta = NONE if told.delta is None else told.delta.quantity
    set_to = None if told.set_to is None else told.set_to.quantity
    command = AdjustStock(
        call.principal.org, told.variant_id.raw, told.location_id.raw, delta, told.reason,
        set_to, makes=False, field="delta" if set_to is None else "set_to", source="native",
        unit_cost=None if told.unit_cost is None else told.unit_cost.amount,
        currency="" if told.currency is None else told.currency.text,
    )  # fmt: skip
    return await call.submit(command, write.made(call.request_id), key)


async def list_ledger(call: Call) -> Answer:
    """A page of the ledger."""
    asked = bodies.query(call, wire.LedgerQuery)
    variant_id = None if asked.variant_id is None else asked.variant_id.raw
    pages = paging.Pages(call, asked)
    found = await call.read(goods.ledger, variant_id, pages.id_after(), asked.limit)
    listed = list(map(write.entry, found.entries))
    page = wire.StockEntryPage(listed, pages.behind(found.after))
    return Answer(200, write.encode(page))


_MADE = {**BODY_ERRORS}
_ID = Parameter("id", "path", {"type": "string", "format": "uuid"}, True, "The variant's id.")
OPERATIONS = (
    Operation(
        method="GET", path="/v1/variants", operation_id="listVariants", summary="List variants",
        handler=list_variants, access=READ, tag="Goods",
        parameters=bodies.parameters(wire.VariantQuery, sku="With this SKU.", limit=LIMIT_TEXT,
                                     after=AFTER_TEXT),
        responses={200: Response("A page of variants", wire.VariantPage), **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/variants", operation_id="makeVariant", summary="Make a variant",
        handler=make_variant, access=WRITE, tag="Goods", parameters=(KEY,), body=wire.MakeVariant,
        responses={201: Response("The variant", Variant, REPLAYED), **_MADE},
    ),
    Operation(
        method="GET", path="/v1/variants/{id}", operation_id="getVariant", summary="Get a variant",
        handler=get_variant, access=READ, tag="Goods",
        parameters=(_ID,),
        responses={200: Response("The variant", Variant), **ERRORS, 404: NOT_FOUND},
    ),
    Operation(
        method="PATCH", path="/v1/variants/{id}", operation_id="changeVariant",
        summary="Change a variant", handler=change_variant, access=WRITE, tag="Goods",
        parameters=(_ID, KEY), body=wire.ChangeVariant,
        responses={200: Response("The variant as it now is", Variant, REPLAYED), **_MADE,
                   404: NOT_FOUND},
    ),
    Operation(
        method="GET", path="/v1/locations", operation_id="listLocations", summary="List locations",
        handler=list_locations, access=READ, tag="Goods",
        parameters=bodies.parameters(wire.LocationQuery, limit=LIMIT_TEXT, after=AFTER_TEXT),
        responses={200: Response("A page of locations", wire.LocationPage), **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/locations", operation_id="makeLocation",
        summary="Make a location", handler=make_location, access=WRITE, tag="Goods",
        parameters=(KEY,), body=wire.MakeLocation,
        responses={201: Response("The location", wire.Location, REPLAYED), **_MADE},
    ),
    Operation(
        method="GET", path="/v1/stock", operation_id="listStock", summary="List stock levels",
        handler=list_stock, access=READ, tag="Goods",
        parameters=bodies.parameters(
            wire.StockQuery, variant_id="Of this variant.", location_id="At this location.",
            low="`true`: of which nothing is free. A page may end early.",
            limit=LIMIT_TEXT, after=AFTER_TEXT),
        responses={200: Response("A page of levels", wire.LevelPage), **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/stock/adjustments", operation_id="adjustStock",
        summary="Adjust stock", handler=adjust_stock, access=WRITE, tag="Goods",
        parameters=(KEY,), body=wire.Adjust,
        responses={
            201: Response("The new entry of the ledger", wire.StockEntry, REPLAYED), **_MADE,
        },
    ),
    Operation(
        method="GET", path="/v1/stock/ledger", operation_id="listLedger",
        summary="List the ledger of stock", handler=list_ledger, access=READ, tag="Goods",
        parameters=bodies.parameters(wire.LedgerQuery, variant_id="Of this variant.",
                                     limit=LIMIT_TEXT, after=AFTER_TEXT),
        responses={200: Response("A page of entries", wire.StockEntryPage), **ERRORS},
    ),
)  # fmt: skip
