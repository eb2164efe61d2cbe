"""Polinate's orders: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from entrepot.core import ids
from entrepot.core.refusal import Reason, Refusal, refuse
from entrepot.core.results import OrderResult, Result
from entrepot.edge import read_only, revisions
from entrepot.edge.access import WRITERS
from entrepot.edge.dialect import (
    IF_NONE_MATCH,
    UNCHANGED,
    Call,
    Operation,
    Parameter,
    Response,
)
from entrepot.edge.keys import idempotency_key
from entrepot.edge.placing import looking
from entrepot.edge.polinate import lists
from entrepot.edge.polinate.documented import BODY_ERRORS, ERRORS, HEADERS, INVALID, NOT_FOUND
from entrepot.edge.polinate.orders import listing, read, wire, write
from entrepot.edge.polinate.wire import StandardError
from entrepot.edge.polinate.words import PHASE, STATUS
from entrepot.store.reading import queries
from entrepot.writer.envelope import Answer

_TEXT = {"type": "string"}
_TIME = {"type": "string", "format": "date-time"}
_KEY = Parameter(
    "Idempotency-Key", "header", {"type": "string", "minLength": 1, "maxLength": 255}, False,
    "One intent, one key: a repeat is answered with the first answer. For a notification it is "
    'the lower-case hex sha256 of "{orderId}-{businessId}-order-integration".',
)  # fmt: skip
_ID = Parameter(
    "id", "path", _TEXT, True,
    "The order's id, in any dialect's spelling; or an id, reference or name that it was told with.",
)  # fmt: skip
_IF_MATCH = Parameter(
    "If-Match",
    "header",
    _TEXT,
    False,
    "The ETag that is meant: 412 where the order has another.",
)
_LIST = (
    *lists.page_parameters("Orders"),
    Parameter("createdSince", "query", _TIME, False, "Created later than this."),
    Parameter("updatedSince", "query", _TIME, False, "Updated later than this."),
    Parameter("modifiedSince", "query", _TIME, False,
              "Created or updated later than this; not beside the two above."),
    Parameter("phase", "query", {"type": "string", "enum": list(PHASE)}, False,
              "In this phase."),
    Parameter("status", "query", {"type": "string", "enum": list(STATUS)}, False,
              "In this status."),
    *lists.PROPERTY,
)  # fmt: skip
REPLAYED = ("Idempotent-Replayed",)


async def list_orders(call: Call) -> Answer:
    """A page of orders, newest first."""
    wanted, page, limit = listing.order_list(call.query(*listing.QUERY))
    found = await call.read(
        queries.page_with_reasons, wanted, call.now(), limit=limit, offset=(page - 1) * limit
    )
    return write.page_answer(found, page, limit)


async def get_order(call: Call) -> Answer:
    """Answer with one order and its lines, by any of its ids or names."""
    found = await call.named_order("id", read.SOURCE, queries.order_with_reason, call.now())
    if found is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    return revisions.shown(call, revisions.tag(found), lambda: write.order_answer(found))


async def post_order(call: Call) -> Answer:
    """Take a notification, or make an order."""
    body, key = await call.parsed(read.posted), idempotency_key(call.headers)
    if isinstance(body, wire.NotifyOrder):
        note, idempotency = read.notify_order(body, key, call.principal)
        answer = partial(write.noted, request_id=call.request_id)
        return await call.submit(note, answer, idempotency)
    command, idempotency = await call.worked(read.create_order, body, key, call.principal)
    return await call.submit(looking(command, call), _whole_order(201, call), idempotency)


async def update_order(call: Call) -> Answer:
    """Change an order and its lines together, or nothing."""
    body, call.ignored, claims = await call.parsed(read.changes_and_ignored)
    key = idempotency_key(call.headers)
    order_id = await call.order_id("id", read.SOURCE)
    if order_id is None or order_id != ids.any_spelling(call.path_ids["id"]):
        order_id = await call.order_under_key("id") or order_id
    if order_id is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    command, idempotency = await call.worked(
        read.amend_order, body, order_id, key, call.principal, call.headers
    )
    if call.principal.price_lists and command.create_lines:
        command = command._replace(looks_at_prices=True)
    answer = await call.submit(command, _whole_order(200, call), idempotency)
    return await read_only.told(call, claims, answer)


def _whole_order(status: int, call: Call) -> Callable[[Result | Refusal], Answer]:
    """The order with its tag. A repeat is answered with the first answer, which has none."""
    answer = write.whole_order(status, call.request_id)

    def tagged(result: Result | Refusal) -> Answer:
        if isinstance(result, OrderResult):
            call.etag = revisions.tag(result.order)
        return answer(result)

    return tagged


OPERATIONS = (
    Operation(
        method="GET", path="/api/v1/orders", operation_id="listOrders",
        summary="List orders", handler=list_orders, parameters=(*HEADERS, *_LIST),
        responses={200: Response("A page of orders", wire.OrderPage), **ERRORS,
                   400: INVALID},
    ),
    Operation(
        method="POST", path="/api/v1/orders", operation_id="createOrder",
        summary="Say that an order exists, or make one", handler=post_order, access=WRITERS,
        description="A body with `orderId` is a notification. Any other makes an order, "
        "which is an offer of this server's own.",
        parameters=(*HEADERS, _KEY), body=wire.NotifyOrder | wire.CreateOrder,
        responses={200: Response("The notification was taken", wire.Notified, REPLAYED),
                   201: Response("The order that was made", wire.Order, (*REPLAYED, "ETag")),
                   **BODY_ERRORS},
    ),
    Operation(
        method="GET", path="/api/v1/orders/{id}", operation_id="getOrder",
        summary="Get an order", handler=get_order, parameters=(_ID, *HEADERS, IF_NONE_MATCH),
        responses={200: Response("The order with its lines", wire.Order, ("ETag",)),
                   304: UNCHANGED, **ERRORS,
                   404: NOT_FOUND},
    ),
    Operation(
        method="PATCH", path="/api/v1/orders/{id}", operation_id="updateOrder",
        summary="Update an order and its lines", handler=update_order, access=WRITERS,
        description="Lines are deleted, then updated, then created, together with the core "
        "fields; if any of it is refused, nothing changes. Properties are merged deeply.",
        parameters=(_ID, *HEADERS, _KEY, _IF_MATCH), body=wire.UpdateOrder,
        responses={200: Response("The whole order as it now is", wire.Order,
                                 (*REPLAYED, "ETag", "Warning")),
                   **BODY_ERRORS, 404: NOT_FOUND,
                   412: Response("Not the version that If-Match names", StandardError)},
    ),
)  # fmt: skip
