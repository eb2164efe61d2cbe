"""The native API's orders: the path table, and the lines that connect reading, the writer or a
question, and writing."""

from __future__ import annotations

from entrepot.core import scopes
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import revisions
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import IF_NONE_MATCH, UNCHANGED, Call, Operation, Response
from entrepot.edge.keys import idempotency_key
from entrepot.edge.native import bodies, paging
from entrepot.edge.native.documented import (
    BODY_ERRORS,
    ERRORS,
    KEY,
    OF_ONE,
    WRITTEN,
)
from entrepot.edge.native.orders import carrying, named, read, wire, write
from entrepot.edge.native.paging import AFTER_TEXT, LIMIT_TEXT
from entrepot.edge.placing import looking
from entrepot.store.reading import whole_orders
from entrepot.store.writing import order_names
from entrepot.writer.envelope import Answer

READ, WRITE = Scoped(scopes.ORDERS_READ), Scoped(scopes.ORDERS_WRITE)
_LIST = bodies.parameters(
    wire.OrderQuery,
    q="With this number, sender's id, external id, reference, name, payment's reference, e-mail "
    "address, telephone or SKU; or with this in the customer's name.",
    stage="In this stage.",
    payment="With this state of its payment.",
    fulfilment="With goods that are there.",
    returns="With so much of its goods back.",
    attention="`true`: parked, failed, or placed and waiting for more than five minutes.",
    customer_id="Of this customer.",
    created_after="Made later than this.",
    created_before="Made earlier than this.",
    updated_after="Changed later than this.",
    dialect="Brought by this dialect.",
    limit=LIMIT_TEXT,
    after=AFTER_TEXT,
)


async def list_orders(call: Call) -> Answer:
    """A page of orders, newest first."""
    asked = bodies.query(call, wire.OrderQuery)
    pages = paging.Pages(call, asked)
    wanted = read.order_list(asked, pages.number_after(), call.now())
    if asked.q is not None and asked == wire.OrderQuery(q=asked.q, limit=asked.limit):
        # Names of orders have indexes: nothing else is looked at where an order has the name.
        named_so = await call.read(order_names.called, asked.q)
        if named_so:
            numbers = [one.number for one in named_so[: asked.limit]]
            page = await call.read(whole_orders.numbered, numbers, call.now())
            return write.page_answer(page, pages.behind(page.after))
    page = await call.read(whole_orders.page_behind, wanted, call.now(), asked.limit)
    return write.page_answer(page, pages.behind(page.after))


async def get_order(call: Call) -> Answer:
    """Answer with one order, by any of its names."""
    bodies.no_query(call)
    order_id = await named.order_id(call)
    found = await call.read(whole_orders.whole_order, order_id, call.now())
    if found is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    return revisions.shown(call, revisions.tag(found.order), lambda: write.order_answer(found))


async def place_order(call: Call) -> Answer:
    """Place an order; its processing goes on after the answer."""
    dry = bodies.is_dry(call)
    told, body = await bodies.read(call, read.PLACE)
    key = bodies.keyed(call, "placeOrder", read.PLACE_PARTS, body)
    command = read.place_order(told, call.principal, idempotency_key(call.headers))
    return await carrying.carry_out(call, looking(command, call), key, dry=dry, status=201)


OPERATIONS = (
    Operation(
        method="GET", path="/v1/orders", operation_id="listOrders", summary="List orders",
        handler=list_orders, access=READ, parameters=_LIST,
        description="Newest first. A page may hold fewer orders than `limit`; only a page whose "
        "`next` is null is the last one.",
        responses={200: Response("A page of orders", wire.OrderPage), **ERRORS},
    ),
    Operation(
        method="POST", path="/v1/orders", operation_id="placeOrder", summary="Place an order",
        handler=place_order, access=WRITE, parameters=(KEY, *bodies.DRY), body=wire.PlaceOrder,
        description="Entrepot reserves the order's stock, authorises its payment and confirms it.",
        responses={200: Response("A dry run: the order as it would be", wire.Rehearsed),
                   201: Response("The order that was placed", wire.Order, WRITTEN),
                   **BODY_ERRORS},
    ),
    Operation(
        method="GET", path="/v1/orders/{ref}", operation_id="getOrder", summary="Get an order",
        handler=get_order, access=READ, parameters=(named.REF, IF_NONE_MATCH),
        responses={200: Response("The order", wire.Order, ("ETag",)), 304: UNCHANGED, **OF_ONE},
    ),
)  # fmt: skip
