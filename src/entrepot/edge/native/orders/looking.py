"""The native API's questions about one order: its events, and what it waits for."""

from __future__ import annotations

import msgspec

from entrepot.core import scopes
from entrepot.core.refusal import Reason, refuse
from entrepot.core.standing import document, explained
from entrepot.edge.access import Scoped
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.native import bodies, paging
from entrepot.edge.native.documented import OF_ONE
from entrepot.edge.native.events import wire as events_wire
from entrepot.edge.native.events import write as events_write
from entrepot.edge.native.orders import asked, named, wire
from entrepot.store.reading import event_log
from entrepot.store.reading.explaining import explanation
from entrepot.writer.envelope import Answer

READ = Scoped(scopes.ORDERS_READ)
_EVENTS = bodies.parameters(
    asked.EventQuery, limit=paging.LIMIT_TEXT, after=paging.AFTER_TEXT
)  # fmt: skip


async def order_events(call: Call) -> Answer:
    """The order's events, oldest first."""
    page = bodies.query(call, asked.EventQuery)
    pages = paging.Pages(call, page)
    after = pages.number_after() or 0
    order_id = await named.order_id(call)
    found = await call.read(event_log.of_order, order_id, after, page.limit + 1)
    return events_write.page_answer(*pages.cut(found, lambda one: one.seq))


async def explain_order(call: Call) -> Answer:
    """The place where the order stands, what it waits for, and the commands that it takes now."""
    bodies.no_query(call)
    order_id = await named.order_id(call)
    found = await call.read(explanation, order_id, call.now(), call.services.writer.new_id)
    if found is None:
        raise refuse(Reason.UNKNOWN_ORDER)
    return Answer(200, msgspec.json.encode(document(explained(found.standing))))


OPERATIONS = (
    Operation(
        method="GET", path="/v1/orders/{ref}/events", operation_id="listOrderEvents",
        summary="List an order's events", handler=order_events, access=READ,
        parameters=(named.REF, *_EVENTS),
        responses={200: Response("A page of events, oldest first", events_wire.EventPage),
                   **OF_ONE},
    ),
    Operation(
        method="GET", path="/v1/orders/{ref}/explain", operation_id="explainOrder",
        summary="Explain where an order stands", handler=explain_order, access=READ,
        parameters=(named.REF,),
        responses={200: Response("What the order waits for", wire.Explanation), **OF_ONE},
    ),
)  # fmt: skip
