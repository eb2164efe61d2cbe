"""What the native API shows beside orders may come back as it was read."""

from __future__ import annotations

import json

from tests.edge.native.asking import UUID

from entrepot.core.expected import ANY
from entrepot.edge.access import Principal
from entrepot.edge.native.bodies import decoder
from entrepot.edge.native.broadcasts import read as broadcasts
from entrepot.edge.native.broadcasts import wire as of_broadcasts
from entrepot.edge.native.customers import read as customers
from entrepot.edge.native.products import read as products
from entrepot.edge.native.products import wire as of_products
from entrepot.edge.times import microseconds, millis_text


def test_properties_that_nobody_told_are_null_and_null_takes_them_away() -> None:
    told = decoder(of_products.AmendProduct).decode(b'{"properties": null}')
    command = products.amend_product(told, b"p" * 16, Principal(7, b"", b"", ""), ANY)
    assert command.said == {"properties": None}


def test_the_time_of_a_broadcast_is_kept_as_it_is_shown() -> None:
    shape = decoder(of_broadcasts.ChangeBroadcast)
    body = b'{"scheduled_at": "2026-03-01T12:00:00.123456+02:00"}'
    at = broadcasts.said(shape.decode(body))["scheduled_at"]
    assert millis_text(at) == "2026-03-01T10:00:00.123Z"
    assert microseconds(millis_text(at)) == at


def test_lines_of_a_location_may_be_as_long_as_polinate_takes_them() -> None:
    line = "l" * 10_000
    place = {"change": [{"id": UUID, "line1": line, "line2": line}]}
    told = customers.CHANGE.decode(json.dumps({"locations": place}).encode())
    [change] = customers.change_customer(told, 7, b"c" * 16, ANY).parts.changed_places
    assert change.said == {"line1": line, "line2": line}
