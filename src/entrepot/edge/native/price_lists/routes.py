"""The native API's price lists: the path table, and the lines that connect reading, the writer or
a question, and writing."""

from __future__ import annotations

from entrepot.core import ids
from entrepot.core.commands import Command
from entrepot.core.decide.reprice import AmendPriceList
from entrepot.core.refusal import Reason, Refused, refuse
from entrepot.edge import prefixes, revisions
from entrepot.edge.dialect import IF_NONE_MATCH, UNCHANGED, Call, Operation, Parameter, Response
from entrepot.edge.native import as_read, bodies, lists, paging, tagged
from entrepot.edge.native.customers.routes import WRITE as CUSTOMERS_WRITE
from entrepot.edge.native.documented import (
    BODY_ERRORS,
    CHANGING_ONE,
    ERRORS,
    IF_MATCH,
    KEY,
    NOT_FOUND,
    WRITTEN,
)
from entrepot.edge.native.goods.routes import READ, WRITE
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.edge.native.price_lists import read, wire, write
from entrepot.store.reading import price_lists
from entrepot.writer.envelope import Answer, Idempotency

_MAKE, _AMEND = bodies.decoder(wire.MakePriceList), bodies.decoder(wire.AmendPriceList)


async def list_price_lists(call: Call) -> Answer:
    """A page of price lists."""
    return await lists.by_id(
        call, wire.PriceListQuery, price_lists.listed, write.price_list, wire.PriceListPage
    )


async def get_price_list(call: Call) -> Answer:
    """Answer with one price list."""
    bodies.no_query(call)
    found = await call.read(price_lists.price_list, _id(call))
    if found is None:
        raise Refused(write.NO_PRICE_LIST)
    return tagged.shown(call, write.tag(found), lambda: write.encode(write.price_list(found)))


async def list_entries(call: Call) -> Answer:
    """A page of a price list's entries."""
    asked = bodies.query(call, wire.PriceListQuery)
    pages = paging.Pages(call, asked)
    after = pages.id_after()
    found = await call.read(price_lists.entries, _id(call), after, asked.limit + 1)
    if found is None:
        raise Refused(write.NO_PRICE_LIST)
    of, its = found
    listed, behind = pages.cut(its, lambda one: one[0].variant_id)
    shown = [write.entry(one, of, variant) for one, variant in listed]
    return Answer(200, write.encode(wire.PriceEntryPage(shown, behind)))


async def make_price_list(call: Call) -> Answer:
    """Make a price list with its entries."""
    dry = bodies.is_dry(call)
    told, body = await bodies.read(call, _MAKE)
    _look_at_scopes(call, told.customers)
    key = bodies.keyed(call, "makePriceList", read.PARTS, body)
    command = read.make_price_list(told, call.principal.org)
    return await _carry_out(call, command, key, 201, dry=dry)


async def amend_price_list(call: Call) -> Answer:
    """Change a price list, its entries and who has the list together, or nothing."""
    dry, list_id = bodies.is_dry(call), _id(call)

    def make(told: wire.AmendPriceList) -> AmendPriceList:
        _look_at_scopes(call, told.customers)
        expected = revisions.expected(call.headers)
        return read.amend_price_list(told, list_id, call.principal.org, expected)

    command, key = await as_read.changing(
        call, _AMEND, lambda: call.read(price_lists.price_list, list_id), write.price_list,
        lambda body: bodies.keyed(call, "amendPriceList", read.PARTS, body, list_id),
        make, dry=dry,
    )  # fmt: skip
    return await _carry_out(call, command, key, 200, dry=dry)


def _look_at_scopes(call: Call, customers: object) -> None:
    """Who has which list is the customers' matter: the key needs that scope as well."""
    scope = CUSTOMERS_WRITE.scope
    if customers and scope not in call.principal.scopes:
        raise refuse(Reason.FORBIDDEN, f"needs the scope {scope}", "customers")


async def _carry_out(
    call: Call, command: Command, key: Idempotency | None, status: int, *, dry: bool
) -> Answer:
    """Carry the command out; or, in a dry run, answer with what would be."""
    answered = await tagged.carry_out(call, command, key, status, write.told, dry=dry)
    if dry:
        return answered
    # Orders here look at price lists from now on, elsewhere within a second.
    call.services.admission.look_again(call.principal.org_id)
    return answered


def _id(call: Call) -> bytes:
    """The id of the path. Refused: what is no id."""
    found = ids.spelled(call.path_ids["id"], *prefixes.PRICE_LIST)
    if found is None:
        raise Refused(write.NO_PRICE_LIST)
    return found


_ID = Parameter("id", "path", {"type": "string", "format": "uuid"}, True, "The price list's id.")
_PAGE = bodies.parameters(wire.PriceListQuery, limit=LIMIT_TEXT, after=AFTER_TEXT)
_DRY = bodies.parameters(
    bodies.Dry, dry_run="Answer with the price list as it would be; nothing is kept."
)
_WOULD_BE = Response("The price list as it would be, in a dry run", wire.PriceList)
_OF_CUSTOMERS = "A body with `customers` needs the scope `customers:write` as well."
OPERATIONS = (
    Operation(
        method="GET", path="/v1/price-lists", operation_id="listPriceLists",
        summary="List price lists", handler=list_price_lists, access=READ, tag="Price lists",
        description="Without the default list, on which each variant has its own price.",
        parameters=_PAGE,
        responses={200: Response("A page of price lists", wire.PriceListPage), **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/price-lists", operation_id="makePriceList",
        summary="Make a price list", handler=make_price_list, access=WRITE, tag="Price lists",
        description="A customer has at most one list: one that had another list has this one from "
        "now on. " + _OF_CUSTOMERS,
        parameters=(KEY, *_DRY), body=wire.MakePriceList,
        responses={200: _WOULD_BE, 201: Response("The price list", wire.PriceList, WRITTEN),
                   **BODY_ERRORS},
    ),
    Operation(
        method="GET", path="/v1/price-lists/{id}", operation_id="getPriceList",
        summary="Get a price list", handler=get_price_list, access=READ, tag="Price lists",
        parameters=(_ID, IF_NONE_MATCH),
        responses={200: Response("The price list", wire.PriceList, ("ETag",)), 304: UNCHANGED,
                   **ERRORS, 404: NOT_FOUND},
    ),
    Operation(
        method="PATCH", path="/v1/price-lists/{id}", operation_id="amendPriceList",
        summary="Change a price list and its entries", handler=amend_price_list, access=WRITE,
        tag="Price lists",
        description="Entries are removed, then changed, then added; if any of it is refused, "
        "nothing changes. Lines of orders keep the prices that they were placed with. "
        + _OF_CUSTOMERS,
        parameters=(_ID, KEY, IF_MATCH, *_DRY), body=wire.AmendPriceList,
        responses={200: Response("The price list as it now is", wire.PriceList, WRITTEN),
                   **CHANGING_ONE},
    ),
    Operation(
        method="GET", path="/v1/price-lists/{id}/entries", operation_id="listPriceListEntries",
        summary="List a price list's entries", handler=list_entries, access=READ,
        tag="Price lists", parameters=(_ID, *_PAGE),
        responses={
            200: Response("A page of entries", wire.PriceEntryPage), **ERRORS, 404: NOT_FOUND,
        },
    ),
)  # fmt: skip
