"""Synq's orders: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

from functools import partial

from entrepot.core.refusal import Reason, Refused, refuse
from entrepot.core.results import OrderResult
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
from entrepot.edge.placing import looking
from entrepot.edge.synq.documented import BODY_ERRORS, ERRORS, HEADERS
from entrepot.edge.synq.ids import uuid
from entrepot.edge.synq.orders import read, sent_back, wire, write
from entrepot.edge.synq.wire import Error
from entrepot.pace import in_slices
from entrepot.store.reading import queries
from entrepot.writer.envelope import Answer


async def list_orders(call: Call) -> Answer:
    """A page of orders, newest first."""
    limit, offset = read.page(call.query("limit", "offset"))
    page = await call.read(queries.newest_with_reasons, call.now(), limit=limit, offset=offset)
    return write.page_answer(page.orders, limit, offset, call.principal)


async def get_order(call: Call) -> Answer:
    """Answer with one order, by its UUID, or by a name of the order that no other order has."""
    found = await call.named_order("orderID", "synq", queries.order_with_reason, call.now())
    if found is None:
        uuid(call.path_ids["orderID"], "orderID")
        raise refuse(Reason.UNKNOWN_ORDER)
    return revisions.shown(
        call, revisions.tag(found), lambda: write.order_answer(found, call.principal)
    )


async def create_order(call: Call) -> Answer:
    """Place an order; its processing goes on after the answer."""
    principal, sent = call.principal, call.body
    try:
        placing = await call.parsed(lambda body: read.create_order(body, principal))
    except Refused as refused:
        again = await _told_again(call, sent) if refused.refusal.reason is Reason.INVALID else None
        if again is None:
            raise
        return again
    del sent
    command, idempotency, read_as = placing
    if read_as is not None and await _is_shown(call, placing, read_as):
        idempotency = idempotency._replace(order_id=read_as)
    command = looking(command, call, at_prices=False)
    answer = partial(write.created, request_id=call.request_id)
    return await call.submit(command, answer, idempotency)


async def _told_again(call: Call, sent: bytes) -> Answer | None:
    """The answer to an order that is sent back as it is shown; None where it is not.

    Another dialect may have given the order what no body of Synq can tell, such as a fraction.
    """
    order_id = sent_back.named(sent)
    order = None if order_id is None else await call.read(queries.order_by_id, order_id)
    if order is None or order.origin != "synq":
        return None
    shown = write.order_answer(order, call.principal).body
    if not await in_slices(sent_back.is_as_shown, sent, shown):
        return None
    call.replayed = True
    return write.created(OrderResult(order), call.request_id)


async def _is_shown(call: Call, placing: read.Placing, order_id: bytes) -> bool:
    """Whether the body is the order of that id as it is shown now."""
    order = await call.read(queries.order_by_id, order_id)
    if order is None or order.idempotency_key != placing.idempotency.key:
        return False
    shown = write.order_answer(order, call.principal).body
    return read.is_shown(placing, shown, call.principal)


OPERATIONS = (
    Operation(
        method="GET", path="/api/v1/oms/orders", operation_id="listOrders",
        summary="List orders", handler=list_orders,
        parameters=(
            *HEADERS,
            Parameter("limit", "query", {"type": "integer", "default": 50, "minimum": 1,
                                         "maximum": 100}, False,
                      "Number of orders to return. Max 100, default 50."),
            Parameter("offset", "query", {"type": "integer", "default": 0, "minimum": 0},
                      False, "Number of orders to skip. Default 0."),
        ),
        responses={200: Response("A page of orders", wire.OrderPage), **ERRORS},
    ),
    Operation(
        method="GET", path="/api/v1/oms/orders/{orderID}", operation_id="getOrder",
        summary="Get an order", handler=get_order,
        parameters=(
            Parameter("orderID", "path", {"type": "string", "format": "uuid"}, True,
                      "UUID of the order."),
            *HEADERS,
            IF_NONE_MATCH,
        ),
        responses={
            200: Response("The order", wire.Order, ("ETag",)), 304: UNCHANGED, **ERRORS,
            404: Response("No such order in this tenant and organization", Error),
        },
    ),
    Operation(
        method="POST", path="/api/v1/oms/orders", operation_id="createOrder",
        summary="Create an order", handler=create_order, access=WRITERS,
        parameters=HEADERS, body=wire.CreateOrder, body_max=10 * MIB,
        responses={201: Response("The order record exists", wire.OrderCreated,
                       ("Idempotent-Replayed",)),
                   **BODY_ERRORS},
    ),
)  # fmt: skip
