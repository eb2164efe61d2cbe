"""Facts 431 to 448: Synq's adjustment of stock."""

from __future__ import annotations

import re
import uuid

import httpx
from tests.contracts.facts import Facts, House

from entrepot.testing.clients import ADJUST, Body, accepted, assert_envelope

facts = Facts("synq inventory")
PAGES = "page api/inventory, guides/inventory"


def body(house: House, delta: object = 1, **changes: object) -> Body:
    wanted = {
        "variant_id": house.world.variants[0]["id"],
        "location_id": house.world.synq.location_id,
        "quantity_delta": delta,
    }
    return {k: v for k, v in (wanted | changes).items() if v is not ...}


def adjust(house: House, delta: object = 1, **changes: object) -> httpx.Response:
    return house.world.synq.http.post(ADJUST, json=body(house, delta, **changes))


def refused(answer: httpx.Response, status: int, word: str = "") -> None:
    assert answer.status_code == status, answer.text
    assert_envelope("synq", answer, word)


@facts(431, "POST /api/v1/inventory/adjust 200", PAGES)
@facts(437, "entry.quantity_delta integer", PAGES)
@facts(438, "transaction_type `adjustment`, notes `API Adjustment`", PAGES)
@facts(439, "created_at ISO 8601", PAGES)
def _(house: House) -> None:
    entry = accepted(adjust(house), 200)
    assert entry["quantity_delta"] == 1
    assert (entry["transaction_type"], entry["notes"]) == ("adjustment", "API Adjustment")
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", entry["created_at"])


IDS: list[tuple[object, ...]] = [
    (name,) for name in ("id", "org_id", "tenant_id", "variant_id", "location_id")
]


@facts.each(432, IDS, "entry.{} UUID", PAGES)
def _(house: House, member: str) -> None:
    entry = accepted(adjust(house), 200)
    assert str(uuid.UUID(entry[member])) == entry[member]


REQUIRED: list[tuple[object, ...]] = [("variant_id",), ("location_id",), ("quantity_delta",)]


@facts.each(440, REQUIRED, "{} required", PAGES)
def _(house: House, member: str) -> None:
    refused(adjust(house, **{member: ...}), 400, member)


@facts(443, "negative removes", PAGES)
@facts(444, "0 is a no-op", PAGES)
def _(house: House) -> None:
    variant = str(uuid.uuid4())
    for delta, status in ((5, 200), (-5, 200), (0, 200), (-1, 409)):
        assert adjust(house, delta, variant_id=variant).status_code == status


@facts(445, "variant/location not UUID 400", "code")
def _(house: House) -> None:
    for member in ("variant_id", "location_id"):
        refused(adjust(house, **{member: "x"}), 400, member)


@facts(446, "int32", "code")
def _(house: House) -> None:
    for delta in (2**31, -(2**31) - 1, 1.5, "1"):
        refused(adjust(house, delta), 400, "quantity_delta")


@facts(447, "a variant that the organization does not have yet can be adjusted", PAGES)
def _(house: House) -> None:
    variant = str(uuid.uuid4())
    assert accepted(adjust(house, 3, variant_id=variant), 200)["variant_id"] == variant
    line = house.world.synq_line(0, quantity=3) | {"variant_id": variant}
    order = house.world.synq_created(uuid.uuid4().hex, items=[line])
    assert order["status"] == "confirmed"


@facts(448, "VIEWER 403", "page api/organization")
def _(house: House) -> None:
    viewer = house.member("VIEWER")
    refused(viewer.http.post(ADJUST, json=body(house)), 403)
