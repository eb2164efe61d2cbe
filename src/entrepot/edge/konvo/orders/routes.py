"""Konvo's orders: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

from functools import partial

from entrepot.core.refusal import Reason, refuse
from entrepot.edge import revisions
from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import (
    IF_NONE_MATCH,
    MIB,
    UNCHANGED,
    Call,
    Operation,
    Parameter,
    Response,
)
from entrepot.edge.konvo import paging
from entrepot.edge.konvo.documented import BODY_ERRORS, ERRORS
from entrepot.edge.konvo.orders import read, wire, write
from entrepot.edge.konvo.wire import Error
from entrepot.store.reading import queries
from entrepot.writer.envelope import Answer

_TIMES = ("created_at_min", "created_at_max", "updated_at_min", "updated_at_max")


async def list_orders(call: Call) -> Answer:
    """A page of orders, newest first, and the number of all that match."""
    wanted, limit, offset = read.page(call.query("page", "limit", *_TIMES))
    page, contacts = await call.read(
        queries.page_with_customers, wanted, limit=limit, offset=offset
    )
    assert page.total is not None
    return write.found(page.orders, contacts, page.total, call.principal)


async def get_order(call: Call) -> Answer:
    """Answer with one order, by its UUID or another of its names, in the envelope of a list."""
    found = await call.named_order("ID", "konvo", queries.order_and_customer)
    if found is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    order, contact = found
    return revisions.shown(
        call, revisions.tag(order, contact), lambda: write.whole(order, contact, call.principal)
    )


async def create_orders(call: Call) -> Answer:
    """Take over every order of the array, or none; the answer shows what was committed."""
    principal = call.principal
    command = await call.parsed(lambda body: read.mirror_orders(read.orders(body), principal))
    answer = partial(write.created, request_id=call.request_id, principal=principal)
    return await call.submit(command, answer)


OPERATIONS = (
    Operation(
        method="GET", path="/orders", operation_id="listOrders", summary="Get Orders",
        handler=list_orders,
        parameters=(
            *paging.pages("Orders"), *paging.bounds("created_at"), *paging.bounds("updated_at"),
        ),
        responses={
            200: Response("A page of orders; `count` is the number of all", wire.Orders,
                          ("Warning",)),
            **ERRORS,
        },
    ),
    Operation(
        method="GET", path="/orders/{ID}", operation_id="getOrder", summary="Get Order by ID",
        handler=get_order,
        parameters=(
            Parameter("ID", "path", {"type": "string"}, True,
                      "The order's own id, a UUID; or an id or name that it was told with."),
            IF_NONE_MATCH,
        ),
        responses={
            200: Response("The order, alone in the list", wire.OneOrder,
                          ("ETag", "Warning")),
            304: UNCHANGED,
            **ERRORS,
            404: Response("No such order in this organization", Error),
        },
    ),
    Operation(
        method="POST", path="/orders", operation_id="createOrders", summary="Create Orders",
        description="Create one or more orders", handler=create_orders, access=WRITERS,
        body=wire.CreateOrders, body_max=10 * MIB,
        responses={
            201: Response("Orders created successfully", wire.Orders, ("Warning",)),
            **ERRORS,
            **BODY_ERRORS,
        },
    ),
)  # fmt: skip
