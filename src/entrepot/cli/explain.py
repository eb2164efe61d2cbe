"""`entrepot explain`: where one order stands, what it waits for, and what may be told of it now."""

from __future__ import annotations

import json
from typing import Annotated, Any

from cyclopts import Parameter
from sqlalchemy import Connection

from entrepot.cli.choices import OrderText, OrgText
from entrepot.cli.lines import printable
from entrepot.cli.session import on_book, order_meant, order_words
from entrepot.clock import new_id, now
from entrepot.core import ids, shown
from entrepot.core.money import Amount
from entrepot.core.order import Event, Job, Line, Reservation
from entrepot.core.order_reason import MEANINGS
from entrepot.core.payment import FullPayment
from entrepot.core.quantity import text
from entrepot.core.remedies import to_do
from entrepot.core.returns import Return, ReturnLine
from entrepot.core.shipments import Shipment, ShipmentLine
from entrepot.core.shown import moment
from entrepot.core.standing import document, explained
from entrepot.store.reading.explaining import Explained, explanation


def explain(
    *order: OrderText,
    org: OrgText = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Say where an order stands, what it waits for, and which commands and words it takes now.

    Parameters
    ----------
    as_json
        Print one line of JSON.
    """
    order_words(order, org)

    def work(conn: Connection) -> Explained:
        found = explanation(conn, *order_meant(conn, order, org), now(), new_id)
        assert found is not None, "an order that was found by its name is there"
        return found

    found = on_book(lambda book: book.read(work), must_exist=True)
    told = described(found)
    if as_json:
        print(json.dumps(told))
        return
    for name, value in told.items():
        _print(name, value)


def _print(name: str, value: Any) -> None:
    if not isinstance(value, list | dict):
        print(printable(f"{name}: {'-' if value is None else value}"))
        return
    print(f"{name}:{'' if value else ' none'}")
    if name == "legal":
        for one in value:
            why_not = one["why_not"]
            line = f"  {one['command']}" + (f": not now: {why_not}" if why_not else "")
            print(printable(line))
    elif isinstance(value, dict):
        for inner, part in value.items():
            print(printable(f"  {inner}: {', '.join(part) if isinstance(part, list) else part}"))
    else:
        _print_each(value, "  ")


def _print_each(told: list[dict[str, Any]], margin: str) -> None:
    """A line for each, and beneath it a line for each of what belongs to it."""
    for one in told:
        own = {key: part for key, part in one.items() if not isinstance(part, list)}
        line = ", ".join(f"{key} {part}" for key, part in own.items() if part is not None)
        print(margin + printable(line))
        for part in one.values():
            if isinstance(part, list):
                _print_each(part, margin + "  ")


def described(found: Explained) -> dict[str, Any]:
    """An explained order for programs; times are UTC."""
    (standing, its, legal_words), order = found, found.standing.order
    told = document(explained(standing))
    return {
        "sentence": told.pop("sentence"),
        "order_id": ids.dashed(order.id),
        "number": order.number,
        "internal_reference": ids.internal_reference(order.id),
        "name": order.external_name,
        "sender_id": order.sender_id,
        "external_id": order.external_id,
        "origin": order.origin,
        "managed": order.managed,
        "placed_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
        "stands": order.facets._asdict(),
        "shown_as": dict(order.words),
        "lines": [_line(line) for line in order.lines],
        "total": f"{order.total.text()} {order.currency}",
        "reason": shown.reason(order),
        "reason_means": MEANINGS.get(order.reason or ""),
        "to_do": to_do(standing),
        "waits_for": told["waiting_for"] or "nothing: its pipeline has no step left",
        **told,
        "legal_words": legal_words,
        "jobs": [_job(job, standing.at) for job in its.jobs],
        "payments": [_payment(one) for one in its.payments],
        "reservations": [_reservation(claim) for claim in its.reservations],
        "shipments": [_shipment(one, its.shipment_lines) for one in its.shipments],
        "returns": [_return(one, its.return_lines) for one in its.returns],
        "events": [_event(event) for event in its.events],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "number": line.number,
        "quantity": text(line.quantity),
        "title": line.title,
        "sku": line.sku,
        "price": f"{line.price.text()} {line.currency}",
        "id": ids.dashed(line.id),
    }


def _job(job: Job, at: int) -> dict[str, Any]:
    held = job.leased_until > at
    return {
        "step": job.kind,
        "state": "held" if held else job.state,
        "tries": job.tries,
        "next_try": None if held or job.state == "parked" else moment(job.run_at),
        "held_until": moment(job.leased_until) if held else None,
        "last_error": job.last_error,
        "since": moment(job.created_at),
        "request_id": job.payload,
    }


def _payment(full: FullPayment) -> dict[str, Any]:
    payment, currency = full.payment, full.payment.currency
    return {
        "number": payment.number,
        "stands": full.facet,
        "provider": payment.provider,
        "answered_by": payment.service,
        "amount": f"{payment.amount.text()} {currency}",
        "since": moment(payment.created_at),
        "operations": [
            {
                "number": operation.number,
                "operation": operation.kind,
                "state": operation.state,
                "amount": f"{Amount(operation.units, payment.amount.scale).text()} {currency}",
                "key": operation.key,
                "provider_reference": operation.provider_reference,
                "since": moment(operation.created_at),
                "updated_at": moment(operation.updated_at),
            }
            for operation in full.operations
        ],
    }


def _reservation(claim: Reservation) -> dict[str, Any]:
    return {
        "state": claim.state,
        "quantity": text(claim.quantity),
        "shipped": text(claim.shipped),
        "variant_id": ids.dashed(claim.variant_id),
        "location_id": ids.dashed(claim.location_id),
        "held_until": moment(claim.held_until) if claim.state == "held" else None,
    }


def _shipment(shipment: Shipment, lines: list[ShipmentLine]) -> dict[str, Any]:
    sent = [_much(line) for line in lines if line.number == shipment.number]
    return {
        "number": shipment.number,
        "shipped_at": moment(shipment.shipped_at),
        "state": shipment.state,
        "delivered_at": _moment(shipment.delivered_at),
        "id": ids.dashed(shipment.id),
        "carrier": shipment.carrier,
        "tracking_number": shipment.tracking_number,
        "tracking_url": shipment.tracking_url,
        "lines": " and ".join(sent),
    }


def _moment(at: int | None) -> str | None:
    return None if at is None else moment(at)


def _return(one: Return, lines: list[ReturnLine]) -> dict[str, Any]:
    mine = [line for line in lines if line.number == one.number]
    return {
        "number": one.number,
        "state": one.state,
        "reason": one.reason,
        "requested_at": moment(one.requested_at),
        "returned_at": _moment(one.returned_at),
        "refunded": one.refunded_units is not None,
        "awaited": " and ".join([_much(line) for line in mine if not line.is_back]) or None,
        "restocked": " and ".join([_much(line) for line in mine if line.restocked]) or None,
        "scrapped": " and ".join([_much(line) for line in mine if line.restocked is False]) or None,
        "id": ids.dashed(one.id),
    }


def _much(line: ShipmentLine | ReturnLine) -> str:
    return f"{text(line.quantity)} of {ids.dashed(line.line_id)}"


def _event(event: Event) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "type": event.type,
        "at": moment(event.at),
        "source": event.source,
        "actor": event.actor or None,
        "number": event.number,
    }
