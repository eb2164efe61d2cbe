"""Facts 182 to 312: what Konvo's POST /orders takes."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
from tests.contracts import Shape, konvo
from tests.contracts.facts import Facts, House
from tests.contracts.facts.house import valid
from tests.contracts.facts.konvo_sample import KONVO_SAMPLE

from entrepot.testing.clients import KONVO_ORDERS, Body, accepted, assert_envelope

facts = Facts("konvo orders")
JSON = {"Content-Type": "application/json"}

# The position of each schema of the seed in the sample.
PLACES: dict[str, tuple[str | int, ...]] = {
    "OrderInput": (),
    "OrderCustomer": ("customer",),
    "OrderUserId": ("customer", "userIds", 0),
    "OrderedItem": ("items", 0),
    "OrderAddress": ("address",),
}
WRONG: dict[str, tuple[object, ...]] = {
    "string": (1, True, [], {}),
    "number": ("1", True, [], {}),
    "boolean": (1, "true", [], {}),
    "object": ("x", 1, []),
    "array": ("x", 1, {}),
}


def sample(**changes: object) -> Body:
    """The seed's sample order under an id of its own."""
    return copy.deepcopy(KONVO_SAMPLE) | {"id": str(uuid.uuid4())} | changes


def at(order: Body, schema: str) -> Body:
    """The part of an order that a schema describes."""
    part: Any = order
    for step in PLACES[schema]:
        part = part[step]
    found: Body = part
    return found


def refused(answer: httpx.Response, field: str = "") -> None:
    assert answer.status_code == 400, answer.text
    assert_envelope("konvo", answer, field)
    valid(answer.json(), konvo.ERROR)


@facts(182, "POST /orders 201", "seed 003")
@facts(186, "201 {count integer,result array}", "seed 003")
def _(house: House) -> None:
    body = accepted(house.world.konvo.post(sample(), sample()))
    assert body["count"] == 2
    assert len(body["result"]) == 2


@facts(183, "x-api-key in header", "seed 003")
def _(house: House) -> None:
    for headers in ({}, {"x-api-key": "wrong"}):
        answer = httpx.post(house.server.url + KONVO_ORDERS, json=[sample()], headers=headers)
        assert answer.status_code == 401
        assert_envelope("konvo", answer)


@facts(184, "body is an array", "seed 003")
@facts(185, "minItems 1", "seed 003")
def _(house: House) -> None:
    for body in (sample(), [], "x", None):
        refused(house.world.konvo.http.post(KONVO_ORDERS, json=body, headers=JSON))


@facts(187, "400 Error {error int32, message string}", "seed 003")
def _(house: House) -> None:
    order = sample()
    del order["friendlyName"]
    answer = house.world.konvo.post(order)
    refused(answer, "friendlyName")
    assert answer.json()["error"] == 400


@facts.each(
    188, [("no", None), ("wrong", "text/plain")], "only 400 for a bad request: {0} Content-Type",
    "seed 003",
)  # fmt: skip
def _(house: House, _says: str, media: str | None) -> None:
    headers = {} if media is None else {"Content-Type": media}
    answer = house.world.konvo.http.post(KONVO_ORDERS, content=b"[]", headers=headers)
    refused(answer, "Content-Type")


def _type(schema: str, name: str, shape: Shape) -> None:
    @facts(_next(), f"{schema}.{name} is {shape.type}: another type is 400", "seed 003")
    def _(house: House) -> None:
        for wrong in WRONG[shape.type]:
            order = sample()
            at(order, schema)[name] = wrong
            refused(house.world.konvo.post(order), name)


def _required(schema: str, name: str) -> None:
    @facts(_next(), f"{schema}.{name} required", "seed 003")
    def _(house: House) -> None:
        order = sample()
        del at(order, schema)[name]
        refused(house.world.konvo.post(order), name)


def _optional(schema: str, name: str) -> None:
    @facts(_next(), f"{schema}.{name} optional", "seed 003")
    def _(house: House) -> None:
        order = sample()
        del at(order, schema)[name]
        accepted(house.world.konvo.post(order))


def _word(schema: str, name: str, word: str) -> None:
    @facts(_next(), f"{schema}.{name} takes `{word}`", "seed 003")
    def _(house: House) -> None:
        order = sample()
        at(order, schema)[name] = word
        accepted(house.world.konvo.post(order))


def _no_other_word(schema: str, name: str) -> None:
    @facts(_next(), f"{schema}.{name} takes no other word", "seed 003")
    def _(house: House) -> None:
        for wrong in ("zzz", "", "Paid_"):
            order = sample()
            at(order, schema)[name] = wrong
            refused(house.world.konvo.post(order), name)


_numbers: Iterator[int] = iter(range(190, 300))


def _next() -> int:
    return next(_numbers)


# Every member of every schema of the request, in the order of the seed.
SCHEMAS = {
    "OrderInput": konvo.ORDER_INPUT,
    "OrderCustomer": konvo.CUSTOMER,
    "OrderUserId": konvo.USER_ID,
    "OrderedItem": konvo.ITEM,
    "OrderAddress": konvo.ADDRESS,
}
for _schema, _of in SCHEMAS.items():
    assert _of.members is not None
    for _name, _shape in _of.members.items():
        _type(_schema, _name, _shape)
        if _name in _of.required:
            _required(_schema, _name)
        else:
            _optional(_schema, _name)
        for _enum in _shape.enum:
            _word(_schema, _name, _enum)
        if _shape.enum:
            _no_other_word(_schema, _name)
assert next(_numbers, None) is None, "the facts 190 to 299 are the members of the request"

OPEN: list[tuple[object, ...]] = [
    ("orderTotal is a number: 10.5 is schema-valid", "OrderInput", {"orderTotal": 10.5}),
    ("orderTotal is a number: -5 is schema-valid", "OrderInput", {"orderTotal": -5}),
    ("price is a number: 29.5 is schema-valid", "OrderedItem", {"price": 29.5}),
    ("price is a number: negative (a discount line)", "OrderedItem", {"price": -500}),
]


@facts.each(300, OPEN, "{0}", "seed 003")
def _(house: House, _says: str, schema: str, changes: Body) -> None:
    order = sample()
    at(order, schema).update(changes)
    accepted(house.world.konvo.post(order))


@facts(304, "quantity is a number: 1.5 is schema-valid", "seed 003")
def _(house: House) -> None:
    order = sample()
    at(order, "OrderedItem")["quantity"] = 1.5
    accepted(house.world.konvo.post(order))


FREE: list[tuple[object, ...]] = [
    ("quantity is a number: 0 is schema-valid", "OrderedItem", {"quantity": 0}),
    ("inventoryQuantity any number", "OrderedItem", {"inventoryQuantity": -3.5}),
    ("items may be empty", "OrderInput", {"items": []}),
    ("an item's currency is a string of its own", "OrderedItem", {"currency": "EUR"}),
    ("currency in lower case (the response example's `eur`)", "OrderInput", {"currency": "eur"}),
]


@facts.each(305, FREE, "{0}", "seed 003")
def _(house: House, _says: str, schema: str, changes: Body) -> None:
    order = sample()
    at(order, schema).update(changes)
    accepted(house.world.konvo.post(order))


@facts(310, "id any string (not only a UUID)", "seed 003")
def _(house: House) -> None:
    for word in ("#abc/1", "order 7", "ä", "1" * 200):
        accepted(house.world.konvo.post(sample(id=f"{word}{uuid.uuid4()}")))


@facts(311, "additional members are open", "seed 003")
def _(house: House) -> None:
    for schema in PLACES:
        order = sample()
        at(order, schema)["extra"] = {"any": 1}
        accepted(house.world.konvo.post(order))


@facts(312, "the seed's whole example order", "seed 003")
def _(house: House) -> None:
    accepted(house.world.konvo.post(KONVO_SAMPLE))
