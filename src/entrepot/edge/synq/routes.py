"""Synq's path table, and the few lines that connect reading, the writer or a query, and writing."""

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
    Dialect,
    Operation,
    Parameter,
    Response,
)
from entrepot.edge.keys import idempotency_key
from entrepot.edge.synq import read, wire, write
from entrepot.edge.synq.credentials import authenticate
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.store.reading import queries
from entrepot.writer.envelope import Answer

_HEADERS = (
    Parameter("X-Tenant-ID", "header", {"type": "string", "format": "uuid"}, True,
              "UUID of your tenant."),
    Parameter("X-Org-ID", "header", {"type": "string", "format": "uuid"}, True,
              "UUID of your organization."),
)  # fmt: skip
_KEY = Parameter(
    "Idempotency-Key", "header", {"type": "string", "minLength": 1, "maxLength": 255}, False,
    "One adjustment, one key: a repeat is answered with the first answer.",
)  # fmt: skip
_ERRORS = {
    400: Response("The request cannot be taken; the text names the field", wire.Error),
    401: Response("No valid credentials", wire.Error),
    403: Response("These credentials may not do this", wire.Error),
    429: Response("Rate limited", wire.Error, ("Retry-After",)),
    500: Response("Unexpected failure", wire.Error),
    503: Response("Overloaded or not reachable", wire.Error, ("Retry-After",)),
}
_BODY_ERRORS = {
    **_ERRORS,
    409: Response("Contradicts what is there", wire.Error),
    413: Response("The body is too large", wire.Error),
}


async def list_orders(call: Call) -> Answer:
    """A page of orders, newest first."""
    limit, offset = read.page(call.query("limit", "offset"))
    page = await call.read(queries.newest_with_reasons, call.now(), limit=limit, offset=offset)
    return write.page_answer(page.orders, limit, offset, call.principal)


async def get_order(call: Call) -> Answer:
    """One order by its UUID; or by another of its ids and names, which nobody else may have."""
    found = await call.named_order("orderID", "synq", queries.order_with_reason, call.now())
    if found is None:
        read.uuid(call.path_ids["orderID"], "orderID")
        raise refuse(Reason.UNKNOWN_ORDER)
    call.etag = revisions.tag(found)
    if revisions.is_known(call.headers, call.etag):
        return Answer(revisions.NOT_MODIFIED, b"")
    return write.order_answer(found, call.principal)


async def create_order(call: Call) -> Answer:
    """Place an order; its processing goes on after the answer."""
    principal = call.principal
    placing = await call.parsed(lambda body: read.create_order(body, principal))
    command, idempotency, read_as = placing
    if read_as is not None and await _is_shown(call, placing, read_as):
        idempotency = idempotency._replace(order_id=read_as)
    if call.services.accounts is not None:
        command = command._replace(accounts=call.services.accounts)
    answer = partial(write.created, request_id=call.request_id)
    return await call.submit(command, answer, idempotency)


async def _is_shown(call: Call, placing: read.Placing, order_id: bytes) -> bool:
    """Whether the body is the order of that id as it is shown now."""
    order = await call.read(queries.order_by_id, order_id)
    if order is None or order.idempotency_key != placing.idempotency.key:
        return False
    shown = write.order_answer(order, call.principal).body
    return read.is_shown(placing, shown, call.principal)


async def adjust_stock(call: Call) -> Answer:
    """Add a ledger entry to a variant's stock at a location."""
    body, key = await call.json(read.ADJUST_STOCK), idempotency_key(call.headers)
    command, idempotency = read.adjust_stock(body, key, call.principal)
    answer = write.adjusted(call.principal, call.request_id)
    return await call.submit(command, answer, idempotency)


DIALECT = Dialect(
    name="synq",
    title="Synq OMS API",
    version="1.0.0",
    description="Orders and inventory of an organization, as Synq publishes them.",
    prefixes=(
        *(
            f"/api/v1/{noun}"
            for noun in (
                "oms", "inventory", "settings", "channels", "integrations", "organization",
                "audit", "pim", "products", "onboard", "team-workspace", "tickets",
                "agent-stream", "ucp",
            )
        ),
        "/unified",
    ),
    browser_headers=(
        "Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Org-ID",
        "X-Request-Id", "X-Tenant-ID",
    ),
    authenticate=authenticate,
    refuse=refusal_answer,
    security_schemes={"bearerAuth": {"type": "http", "scheme": "bearer"}},
    operations=(
        Operation(
            method="GET", path="/api/v1/oms/orders", operation_id="listOrders",
            summary="List orders", handler=list_orders,
            parameters=(
                *_HEADERS,
                Parameter("limit", "query", {"type": "integer", "default": 50, "minimum": 1,
                                             "maximum": 100}, False,
                          "Number of orders to return. Max 100, default 50."),
                Parameter("offset", "query", {"type": "integer", "default": 0, "minimum": 0},
                          False, "Number of orders to skip. Default 0."),
            ),
            responses={200: Response("A page of orders", wire.OrderPage), **_ERRORS},
        ),
        Operation(
            method="GET", path="/api/v1/oms/orders/{orderID}", operation_id="getOrder",
            summary="Get an order", handler=get_order,
            parameters=(
                Parameter("orderID", "path", {"type": "string", "format": "uuid"}, True,
                          "UUID of the order."),
                *_HEADERS,
                IF_NONE_MATCH,
            ),
            responses={
                200: Response("The order", wire.Order, ("ETag",)), 304: UNCHANGED, **_ERRORS,
                404: Response("No such order in this tenant and organization", wire.Error),
            },
        ),
        Operation(
            method="POST", path="/api/v1/oms/orders", operation_id="createOrder",
            summary="Create an order", handler=create_order, access=WRITERS,
            parameters=_HEADERS, body=wire.CreateOrder, body_max=10 * MIB,
            responses={201: Response("The order record exists", wire.OrderCreated,
                           ("Idempotent-Replayed",)),
                       **_BODY_ERRORS},
        ),
        Operation(
            method="POST", path="/api/v1/inventory/adjust", operation_id="adjustInventory",
            summary="Adjust stock", handler=adjust_stock, access=WRITERS, tag="Inventory",
            parameters=(*_HEADERS, _KEY), body=wire.AdjustStock, body_max=10 * MIB,
            responses={200: Response("The new ledger entry", wire.StockEntry,
                                     ("Idempotent-Replayed",)), **_BODY_ERRORS},
        ),
    ),
)  # fmt: skip
