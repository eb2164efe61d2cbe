"""Calls from outside by which an order comes to show each word, and what all dialects show then.

A test makes these calls of a running server, and reads each order in every dialect. Each word of
each axis is shown by one of the stories (tested). docs/lifecycle.md is printed from here.

`{id}`, `{line}` and `{return}` stand for the ids of the order, of its line and of its return.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

AXES = ("synq", "polinate_phase", "polinate_status", "konvo", "konvo_shipment")


class Call(NamedTuple):
    """A request of a dialect: what its body says beside what every such body has to say."""

    dialect: str
    method: str
    path: str
    body: Mapping[str, Any]


class Story(NamedTuple):
    """Calls, one after the other, and the word that the order shows then on each axis."""

    calls: tuple[Call, ...]
    words: Mapping[str, str]


def _placed(reference: str | None = "pi_1") -> Call:
    """A Synq client places an order; the sandbox goes by the reference."""
    return Call("synq", "POST", "/api/v1/oms/orders", {"payment_reference": reference})


def _polinate(**told: str) -> Call:
    return Call("polinate", "PATCH", "/api/v1/orders/{id}", {"order": told})


def _konvo(**told: str) -> Call:
    """A Konvo sender tells its order: with the first call it is there."""
    return Call("konvo", "POST", "/orders", told)


def _native(path: str, **told: Any) -> Call:
    return Call("native", "POST", path, told)


def _story(words: str, *calls: Call) -> Story:
    return Story(calls, dict(zip(AXES, words.split(), strict=True)))


_packed, _sent = _polinate(status="PACKED"), _polinate(status="IN_TRANSIT")
_arrived, _archived = _polinate(status="DELIVERED"), _polinate(phase="ARCHIVED")

# A part of an order ships, or is to come back: no dialect has a word that names lines.
_some: Any = [{"line_id": "{line}", "quantity": 1}]
_some_sent = _native("/v1/orders/{id}/shipments", lines=_some)
_some_asked = _native("/v1/orders/{id}/returns", lines=_some)

STORIES: tuple[Story, ...] = (
    _story("pending_payment PENDING UNASSIGNED open none", _placed("pending-1")),
    _story("confirmed ACTIVE ACCEPTED open confirmed", _placed()),
    _story("failed REJECTED UNASSIGNED cancelled none", _placed("declined-1")),
    _story("processing ACTIVE PACKED open confirmed", _placed(), _packed),
    _story("processing ACTIVE NOT_APPLICABLE open none",
           _placed(), _polinate(status="NOT_APPLICABLE")),
    _story("fulfilled ACTIVE IN_TRANSIT shipped in_transit", _placed(), _sent),
    _story("delivered ACTIVE DELIVERED fulfilled delivered", _placed(), _sent, _arrived),
    _story("completed ARCHIVED DELIVERED completed delivered", _placed(), _arrived, _archived),
    _story("completed DELETED DELIVERED completed delivered",
           _placed(), _arrived, _archived, _polinate(phase="DELETED")),
    _story("returned ACTIVE RETURNED fulfilled delivered",
           _placed(), _arrived, _polinate(status="RETURNED")),
    _story("cancelled CANCELLED ACCEPTED cancelled confirmed",
           _placed(), _polinate(phase="CANCELLED")),
    _story("cancelled REJECTED ACCEPTED cancelled confirmed",
           _placed(), _polinate(phase="REJECTED")),
    _story("partially_fulfilled ACTIVE IN_TRANSIT open in_transit", _placed(), _some_sent),
    _story("return_requested ACTIVE IN_TRANSIT shipped in_transit", _placed(), _sent, _some_asked),
    _story("partially_returned ACTIVE IN_TRANSIT shipped in_transit",
           _placed(), _sent, _some_asked, _native("/v1/returns/{return}/receive", restock=True)),
    # Orders that another system runs.
    _story("pending_payment PENDING UNASSIGNED open none", _konvo(status="open")),
    _story("pending_payment DRAFT UNASSIGNED open none",
           _konvo(status="open"), _polinate(phase="DRAFT")),
    _story("payment_authorized PENDING UNASSIGNED paid none",
           _konvo(status="paid"), _polinate(phase="PENDING")),
    _story("confirmed ACTIVE ACCEPTED paid confirmed",
           _konvo(status="paid", shipmentStatus="confirmed")),
    _story("fulfilled ACTIVE IN_TRANSIT paid in_transit",
           _konvo(status="paid", shipmentStatus="in_transit")),
    _story("fulfilled ACTIVE IN_TRANSIT shipped out_for_delivery",
           _konvo(status="shipped", shipmentStatus="out_for_delivery")),
    _story("fulfilled ACTIVE IN_TRANSIT shipped attempted_delivery",
           _konvo(status="shipped", shipmentStatus="attempted_delivery")),
    _story("fulfilled ACTIVE IN_TRANSIT shipped ready_for_pickup",
           _konvo(status="shipped", shipmentStatus="ready_for_pickup")),
    _story("fulfilled ACTIVE IN_TRANSIT shipped failure",
           _konvo(status="shipped", shipmentStatus="failure")),
    _story("delivered ACTIVE DELIVERED fulfilled delivered",
           _konvo(status="fulfilled", shipmentStatus="delivered")),
    _story("completed ARCHIVED DELIVERED completed delivered",
           _konvo(status="completed", shipmentStatus="delivered")),
    _story("cancelled CANCELLED UNASSIGNED cancelled none", _konvo(status="cancelled")),
    _story("confirmed ACTIVE ACCEPTED disputed confirmed",
           _konvo(status="paid", shipmentStatus="confirmed"), _konvo(status="disputed")),
    _story("refunded ACTIVE DELIVERED refunded delivered",
           _konvo(status="fulfilled", shipmentStatus="delivered"), _konvo(status="refunded")),
    _story("partially_refunded ACTIVE DELIVERED partially_refunded delivered",
           _konvo(status="fulfilled", shipmentStatus="delivered"),
           _konvo(status="partially_refunded")),
)  # fmt: skip
