"""Facts 632 to 652: Polinate's invoices, which Entrepot makes of confirmed orders."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
from tests.acceptance.test_invoices import INVOICES, change, listed, made
from tests.contracts.facts import Facts, House

from entrepot.core.invoices import STATUSES
from entrepot.testing.clients import Body, World, accepted, assert_envelope, neighbour

LIST = "page invoices/list-invoices"
UPDATE = "page invoices/update-an-invoice-partial"
facts = Facts("polinate invoices")


def billed(house: House) -> World:
    """An organization whose orders get invoices, with a variant that nobody counts."""
    known: World | None = getattr(house, "billed", None)
    if known is None:
        known = house.enter(neighbour(house.server, "Billed"))
        do = known.native.send
        accepted(do("PATCH", "/settings", {"invoices": "confirmation"}), 200)
        vase = {"sku": "VASE", "name": "Vase", "currency": "EUR", "price": "5", "tracked": False}
        known.variants = [accepted(do("POST", "/variants", vase))]
        house.billed = known  # type: ignore[attr-defined]
    return known


def sample(house: House) -> tuple[Body, Body]:
    """An invoice with an artefact and a number of Xero's, and one with neither."""
    known: tuple[Body, Body] | None = getattr(house, "invoice_sample", None)
    if known is None:
        world = billed(house)
        one, two = made(world), made(world)
        properties = {"invoiceArtefact": {"url": "https://example.org/1.pdf"},
                      "xero": {"invoiceId": "X-1"}}  # fmt: skip
        one = accepted(change(world, one, {"properties": properties}), 200)
        known = house.invoice_sample = (one, two)  # type: ignore[attr-defined]
    return known


def ids(house: House, **query: Any) -> set[str]:
    """The ids of the sample's invoices that a list has."""
    both = {one["id"] for one in sample(house)}
    return {one["id"] for one in listed(billed(house), limit=100, **query)["items"]} & both


def refused(answer: httpx.Response, field: str) -> None:
    assert answer.status_code == 400, answer.text
    assert_envelope("polinate", answer, field)


@facts(632, "GET /api/v1/invoices 200", LIST)
def _(house: House) -> None:
    assert len(ids(house)) == 2


@facts(633, "page: integer above 0", LIST)
def _(house: House) -> None:
    sample(house)
    first, second = (listed(billed(house), limit=1, page=page)["items"] for page in (1, 2))
    assert first[0]["id"] != second[0]["id"]
    refused(billed(house).polinate.get(INVOICES, page=0), "page")


@facts(634, "limit: integer above 0", LIST)
def _(house: House) -> None:
    sample(house)
    assert len(listed(billed(house), limit=1)["items"]) == 1
    refused(billed(house).polinate.get(INVOICES, limit=0), "limit")


@facts(635, "createdSince: by the time of the making", LIST)
def _(house: House) -> None:
    one, _two = sample(house)
    assert one["id"] not in ids(house, createdSince=one["createdAt"])
    assert one["id"] in ids(house, createdSince="2020-01-01T00:00:00Z")


@facts(636, "hasArtefact=true: with the property invoiceArtefact", LIST)
def _(house: House) -> None:
    assert ids(house, hasArtefact="true") == {sample(house)[0]["id"]}


@facts(637, "hasArtefact=false: without the property invoiceArtefact", LIST)
def _(house: House) -> None:
    assert ids(house, hasArtefact="false") == {sample(house)[1]["id"]}


@facts(638, "status: one of eleven words", LIST)
def _(house: House) -> None:
    world = billed(house)
    one = made(world)
    for word in STATUSES:
        assert accepted(change(world, one, {"status": word}), 200)["status"] == word
        found = {i["id"]: i["status"] for i in listed(world, status=word, limit=100)["items"]}
        assert one["id"] in found
        assert set(found.values()) == {word}


@facts(639, "propertyPath: a dot path such as xero.invoiceId", LIST)
def _(house: House) -> None:
    there = ids(house, propertyPath="xero.invoiceId", propertyExists="true")
    assert there == {sample(house)[0]["id"]}


@facts(640, "propertyValue: exact match", LIST)
def _(house: House) -> None:
    assert ids(house, propertyPath="xero.invoiceId", propertyValue="X-1") == {
        sample(house)[0]["id"]
    }
    assert ids(house, propertyPath="xero.invoiceId", propertyValue="X-") == set()


@facts(641, "propertyExists: presence", LIST)
def _(house: House) -> None:
    absent = ids(house, propertyPath="xero.invoiceId", propertyExists="false")
    assert absent == {sample(house)[1]["id"]}


@facts(642, "propertyValue and propertyExists exclude each other", LIST)
def _(house: House) -> None:
    both = {"propertyPath": "a", "propertyValue": "1", "propertyExists": "true"}
    refused(billed(house).polinate.get(INVOICES, **both), "propertyValue")


@facts(643, "propertyPath takes precedence over hasArtefact", LIST)
def _(house: House) -> None:
    asked = {"propertyPath": "xero.invoiceId", "propertyExists": "false", "hasArtefact": "true"}
    assert ids(house, **asked) == {sample(house)[1]["id"]}


@facts(644, "there is no updatedSince and no modifiedSince", LIST)
def _(house: House) -> None:
    document = billed(house).polinate.get("/openapi/polinate.json").json()
    names = {one["name"] for one in document["paths"][INVOICES]["get"]["parameters"]}
    assert not {"updatedSince", "modifiedSince"} & names


@facts(645, "items, total, page, pageSize, all required", LIST)
def _(house: House) -> None:
    assert set(listed(billed(house))) == {"items", "total", "page", "pageSize"}


@facts(646, "PATCH /api/v1/invoices/{id}: the status", UPDATE)
def _(house: House) -> None:
    world = billed(house)
    one = made(world)
    told = accepted(change(world, one, {"status": "OVERDUE"}), 200)
    assert told == one | {"status": "OVERDUE", "updatedAt": told["updatedAt"]}


@facts.each(647, [("reference", "INV-2030-1"), ("notes", "Paid in cash")], "PATCH: {0}", UPDATE)
def _(house: House, member: str, value: str) -> None:
    world = billed(house)
    one = made(world)
    told = accepted(change(world, one, {member: value}), 200)
    assert told == one | {member: value, "updatedAt": told["updatedAt"]}


@facts(649, "PATCH: properties of a provider", UPDATE)
def _(house: House) -> None:
    world = billed(house)
    one = made(world)
    accepted(change(world, one, {"properties": {"xero": {"invoiceId": "1"}}}), 200)
    told = accepted(change(world, one, {"properties": {"sage": {"no": 2}}}), 200)
    assert told["properties"] == {"xero": {"invoiceId": "1"}, "sage": {"no": 2}}


@facts(650, "PATCH with a repeated Idempotency-Key gives the first result", UPDATE)
def _(house: House) -> None:
    world, key = billed(house), uuid.uuid4().hex
    one = made(world)
    first = change(world, one, {"notes": "once"}, key)
    accepted(change(world, one, {"notes": "twice"}), 200)
    assert change(world, one, {"notes": "once"}, key).content == first.content


@facts(651, "an invoice is attached to the partnership of its order", "page guides/buyers")
def _(house: House) -> None:
    world = billed(house)
    one = made(world)
    assert one["partnershipId"] == world.polinate.order(one["orderId"])["partnershipId"]


@facts(652, "GET lists no Idempotency-Key, and needs both headers", LIST)
def _(house: House) -> None:
    document = billed(house).polinate.get("/openapi/polinate.json").json()
    parameters = document["paths"][INVOICES]["get"]["parameters"]
    headers = {one["name"] for one in parameters if one["in"] == "header"}
    assert headers == {"X-Business-Id", "X-API-Key"}
    assert httpx.get(f"{house.server.url}{INVOICES}").status_code == 401
