"""The native API's changes of orders: the path table, and the lines that connect reading, the
writer and writing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NamedTuple

import msgspec

from entrepot.core import scopes
from entrepot.core.commands import Command
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.ask_return import ApproveReturn, RefuseReturn, RequestReturn
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.complete import CompleteOrder
from entrepot.core.decide.deliver import DeliverShipment, LoseShipment
from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.note import NoteOrder
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.take_back import ReceiveReturn
from entrepot.core.ids import spelled
from entrepot.core.refusal import Reason, refuse
from entrepot.core.shipments import Carriage
from entrepot.edge.access import Access, Scoped
from entrepot.edge.dialect import Call, Operation, Parameter, Response
from entrepot.edge.native import as_read, bodies
from entrepot.edge.native.credentials import NAME
from entrepot.edge.native.documented import CHANGING_ONE, IF_MATCH, KEY, WRITTEN
from entrepot.edge.native.orders import asked, carrying, named, read_changes, wire, write
from entrepot.store.reading import whole_orders
from entrepot.writer.envelope import Answer, Idempotency

WRITE, MONEY = Scoped(scopes.ORDERS_WRITE), Scoped(scopes.MONEY_WRITE)
_CANCELLED = (("synq", "cancelled"),)
# The command of a body, for the organization and the id of what the path names.
Make = Callable[[Call, bytes, Any], Command]
Handler = Callable[[Call], Awaitable[Answer]]
_UNKNOWN = {"shipments": Reason.UNKNOWN_SHIPMENT, "returns": Reason.UNKNOWN_RETURN}


class Change(NamedTuple):
    """A change of an order, or of a shipment or a return of it: a row of the path table.

    `parts` are the members of the body that tell a repeat from a reuse, in version 1; those that
    were `added` later belong to versions 2, 3 ...
    """

    path: str
    operation_id: str
    summary: str
    body: type[msgspec.Struct]
    make: Make
    answers: dict[int, Response]
    parts: tuple[str, ...] = ()
    shown: write.Shown = write.whole
    description: str = ""
    method: str = "POST"
    access: Access = WRITE
    added: tuple[tuple[str, ...], ...] = ()

    @property
    def about(self) -> str:
        """The noun of what the path names: orders, shipments or returns."""
        return self.path.split("/")[2]

    def handler(self) -> Handler:
        """The handler: it reads the body, and carries the command out."""
        decoder = bodies.decoder(self.body)
        status = max(self.answers)

        async def handle(call: Call) -> Answer:
            dry = bodies.is_dry(call)
            unknown = _UNKNOWN.get(self.about)
            if unknown is not None:
                about = _id(call, unknown)
            else:
                about = await (named.order_id if dry else named.changed_order_id)(call)
            command, key = await self._asked(call, decoder, about, dry=dry)
            return await carrying.carry_out(
                call, command, key, dry=dry, status=status, shown=self.shown
            )

        return handle

    async def _asked(
        self, call: Call, decoder: msgspec.json.Decoder[Any], about: bytes, *, dry: bool
    ) -> tuple[Command, Idempotency | None]:
        """The command that is asked for, and its key."""
        keyed = partial(self._keyed, call, about)
        if self.body is not asked.AmendOrder:
            told, body = await bodies.read(call, decoder)
            key = keyed(body)
            return self.make(call, about, told), key
        return await as_read.changing(
            call, decoder, lambda: call.read(whole_orders.whole_order, about, call.now()),
            lambda found: write.order(found.order, found.beside),
            keyed, partial(self.make, call, about), dry=dry,
        )  # fmt: skip

    def _keyed(self, call: Call, about: bytes, body: bodies.Body) -> Idempotency | None:
        return bodies.keyed(call, self.operation_id, self.parts, body, about, added=self.added)

    def operation(self) -> Operation:
        """The row as the application has it. A body without a required member may be absent."""
        fields = msgspec.structs.fields(self.body)
        of_order = self.about == "orders"
        return Operation(
            method=self.method, path=self.path, operation_id=self.operation_id,
            summary=self.summary, handler=self.handler(), access=self.access, body=self.body,
            body_optional=self.method == "POST" and not any(one.required for one in fields),
            parameters=(named.REF if of_order else _PART, KEY, IF_MATCH, *bodies.DRY),
            responses={200: _DRY, **self.answers, **CHANGING_ONE}, description=self.description,
            tag="Orders" if of_order else "Shipments and returns",
        )  # fmt: skip


def _id(call: Call, unknown: Reason) -> bytes:
    found = spelled(call.path_ids["id"])
    if found is None:
        raise refuse(unknown)
    return found


def _amend(call: Call, about: bytes, told: asked.AmendOrder) -> Command:
    return read_changes.amend_order(told, about, call.principal)


def _cancel(call: Call, about: bytes, told: asked.Why) -> Command:
    org = call.principal.org
    return AmendOrder(org, NAME, about, words=_CANCELLED, reason=told.reason)


def _hold(call: Call, about: bytes, told: asked.Why) -> Command:
    return HoldOrder(call.principal.org, NAME, about, told.reason)


def _release(call: Call, about: bytes, _told: object) -> Command:
    return ReleaseOrder(call.principal.org, NAME, about)


def _ship(call: Call, about: bytes, told: asked.ShipOrder) -> Command:
    carriage = Carriage(told.carrier, told.tracking_number, told.tracking_url)
    return ShipOrder(call.principal.org, NAME, about, read_changes.parts(told.lines), carriage)


def _deliver(call: Call, about: bytes, told: asked.Arrived) -> Command:
    at = None if told.at is None else told.at.at
    return DeliverShipment(call.principal.org, NAME, about, at)


def _lose(call: Call, about: bytes, _told: object) -> Command:
    return LoseShipment(call.principal.org, NAME, about)


def _complete(call: Call, about: bytes, _told: object) -> Command:
    return CompleteOrder(call.principal.org, NAME, about)


def _ask_return(call: Call, about: bytes, told: asked.AskReturn) -> Command:
    parts = read_changes.parts(told.lines)
    return RequestReturn(call.principal.org, NAME, about, parts, told.reason)


def _approve(call: Call, about: bytes, _told: object) -> Command:
    return ApproveReturn(call.principal.org, NAME, about)


def _refuse(call: Call, about: bytes, _told: object) -> Command:
    return RefuseReturn(call.principal.org, NAME, about)


def _receive(call: Call, about: bytes, told: asked.ReceiveReturn) -> Command:
    if told.refund and MONEY.scope not in call.principal.scopes:
        raise refuse(Reason.FORBIDDEN, f"needs the scope {MONEY.scope}", "refund")
    location = None if told.location_id is None else told.location_id.raw
    return ReceiveReturn(call.principal.org, NAME, about, told.restock, location, told.refund)


def _capture(call: Call, about: bytes, told: asked.CaptureOrder) -> Command:
    amount = None if told.amount is None else told.amount.amount
    return CaptureOrder(call.principal.org, NAME, about, amount)


def _refund(call: Call, about: bytes, told: asked.RefundOrder) -> Command:
    amount = None if told.amount is None else told.amount.amount
    parts = read_changes.parts(told.lines)
    return RefundOrder(call.principal.org, NAME, about, amount, parts, told.reason)


def _note(call: Call, about: bytes, told: asked.NewNote) -> Command:
    return NoteOrder(call.principal.org, about, call.principal.actor, told.text)


_PART = Parameter("id", "path", {"type": "string", "format": "uuid"}, True,
                  "The id of the shipment or the return.")  # fmt: skip
_DRY = Response("A dry run: the order as it would be", wire.Rehearsed)
_ORDER = {200: Response("The order, or in a dry run the order as it would be",
                        wire.Order | wire.Rehearsed, WRITTEN)}  # fmt: skip
_SHIPMENT = Response("The shipment", wire.Shipment, WRITTEN)
_MONEY = Response("The operation as it is written down", wire.Operation, WRITTEN)
_RETURN = Response("The return", wire.Return, WRITTEN)
_SHIPMENT_OR_DRY = {200: _SHIPMENT._replace(type=wire.Shipment | wire.Rehearsed)}
_RETURN_OR_DRY = {200: _RETURN._replace(type=wire.Return | wire.Rehearsed)}
_CHANGES = (
    Change(
        "/v1/orders/{ref}", "amendOrder", "Amend an order", asked.AmendOrder, _amend, _ORDER,
        ("lines", "shipping_address", "notes", "external_id", "metadata"), method="PATCH",
        added=(("payment_reference",),),
        description="Lines are removed, then changed, then added, together with the other "
        "members; if any of it is refused, nothing changes.",
    ),
    Change(
        "/v1/orders/{ref}/cancel", "cancelOrder", "Cancel an order", asked.Why, _cancel, _ORDER,
        ("reason",), description="Its stock is given back, and its payment is voided.",
    ),
    Change(
        "/v1/orders/{ref}/hold", "holdOrder", "Hold an order", asked.Why, _hold, _ORDER,
        ("reason",),
        description="The order's pipeline and its goods stand still until the order is released.",
    ),
    Change(
        "/v1/orders/{ref}/release", "releaseOrder", "Release a held order", bodies.Nothing,
        _release, _ORDER,
    ),
    Change(
        "/v1/orders/{ref}/shipments", "shipOrder", "Ship goods of an order", asked.ShipOrder,
        _ship, {201: _SHIPMENT}, ("lines", "carrier", "tracking_number", "tracking_url"),
        write.sent, "Without `lines` all that is left leaves.",
    ),
    Change(
        "/v1/orders/{ref}/complete", "completeOrder", "Complete an order", bodies.Nothing,
        _complete, _ORDER,
    ),
    Change(
        "/v1/orders/{ref}/returns", "requestReturn", "Ask to send goods back", asked.AskReturn,
        _ask_return, {201: _RETURN}, ("lines", "reason"), write.back,
        "Without `lines`: all that left and is not back.",
    ),
    Change(
        "/v1/orders/{ref}/captures", "captureOrder", "Take money of an order", asked.CaptureOrder,
        _capture, {201: _MONEY}, ("amount",), write.operated, access=MONEY,
        description="Without `amount` all that is held is taken. The payment service is asked "
        "after the answer.",
    ),
    Change(
        "/v1/orders/{ref}/refunds", "refundOrder", "Give money of an order back",
        asked.RefundOrder, _refund, {201: _MONEY}, ("amount", "lines", "reason"),
        write.operated, access=MONEY,
        description="An amount, or what these lines cost; else all that was taken. The payment "
        "service is asked after the answer.",
    ),
    Change(
        "/v1/orders/{ref}/notes", "noteOrder", "Write a note beside an order", asked.NewNote,
        _note, {201: Response("The note", wire.Note, WRITTEN)}, ("text",), write.noted,
    ),
    Change(
        "/v1/shipments/{id}/deliver", "deliverShipment", "Say that a shipment arrived",
        asked.Arrived, _deliver, _SHIPMENT_OR_DRY, ("at",), write.sent,
    ),
    Change(
        "/v1/shipments/{id}/lose", "loseShipment", "Say that a shipment got lost", bodies.Nothing,
        _lose, _SHIPMENT_OR_DRY, (), write.sent,
    ),
    Change(
        "/v1/returns/{id}/approve", "approveReturn", "Agree to a return", bodies.Nothing,
        _approve, _RETURN_OR_DRY, (), write.back,
    ),
    Change(
        "/v1/returns/{id}/refuse", "refuseReturn", "Refuse a return", bodies.Nothing, _refuse,
        _RETURN_OR_DRY, (), write.back,
    ),
    Change(
        "/v1/returns/{id}/receive", "receiveReturn", "Receive returned goods",
        asked.ReceiveReturn, _receive, _RETURN_OR_DRY,
        ("restock", "location_id", "refund"), write.back,
    ),
)  # fmt: skip
OPERATIONS = tuple(change.operation() for change in _CHANGES)
