"""The native API's shapes of what is asked of an order that is there."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from entrepot.edge.native.orders.wire import LINES_MAX, Address, Long, Name, NewLine
from entrepot.edge.native.paging import Limit
from entrepot.edge.native.values import Id, Instant, LineId, Money, Much, Object, Reference, seen


class ChangedLine(msgspec.Struct, forbid_unknown_fields=True):
    """Changes of a line; what is left out stays."""

    id: LineId
    quantity: Much | None = None
    unit_price: Money | None = None


class LineChanges(msgspec.Struct, forbid_unknown_fields=True):
    """Lines that go, lines that change, and further lines; all or nothing."""

    add: Annotated[list[NewLine], Meta(max_length=LINES_MAX)] = []
    change: Annotated[list[ChangedLine], Meta(max_length=LINES_MAX)] = []
    remove: Annotated[list[LineId], Meta(max_length=LINES_MAX)] = []


class AmendOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The body of PATCH /v1/orders/{ref}: what is left out stays, null takes a value away.

    `payment_reference` pays what a paid order comes to cost more, where the service does not take
    the order's own reference again.
    """

    lines: LineChanges | UnsetType = UNSET
    shipping_address: Address | None | UnsetType = UNSET
    notes: Long | None | UnsetType = UNSET
    external_id: Name | None | UnsetType = UNSET
    metadata: Object | None | UnsetType = UNSET
    payment_reference: Reference | None = None


class Why(msgspec.Struct, forbid_unknown_fields=True):
    """Why something is done, in a person's words."""

    reason: Annotated[str, Meta(max_length=200)] = ""


class WantedPart(msgspec.Struct, forbid_unknown_fields=True):
    """How much of a line is meant."""

    line_id: LineId
    quantity: Much


Parts = Annotated[list[WantedPart], Meta(min_length=1, max_length=LINES_MAX)]


class ShipOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/orders/{ref}/shipments. Without `lines` all that is left leaves."""

    lines: Parts | None = None
    carrier: Annotated[str, Meta(max_length=200)] | None = None
    tracking_number: Annotated[str, Meta(max_length=200)] | None = None
    tracking_url: Annotated[str, Meta(max_length=2_000)] | None = None


class Arrived(msgspec.Struct, forbid_unknown_fields=True):
    """When the goods arrived; now, if it is left out."""

    at: Instant | None = None


class AskReturn(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/orders/{ref}/returns. Without `lines`: all that left and is not back."""

    lines: Parts | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""


class ReceiveReturn(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/returns/{id}/receive: goods lie on a shelf again, or are scrapped; with
    `refund` what they cost is given back.
    """

    restock: bool = True
    location_id: Id | None = None
    refund: bool = False


class CaptureOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/orders/{ref}/captures. Without `amount` all that is held is taken."""

    amount: Money | None = None


class RefundOrder(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/orders/{ref}/refunds: an amount, or what these lines cost; else all."""

    amount: Money | None = None
    lines: Parts | None = None
    reason: Annotated[str, Meta(max_length=500)] = ""


class NewNote(msgspec.Struct, forbid_unknown_fields=True):
    """The body of POST /v1/orders/{ref}/notes."""

    text: Annotated[str, seen(10_000)]


class EventQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of GET /v1/orders/{ref}/events."""

    limit: Limit = 50
    after: str | None = None
