"""What a thing shows may come back in a change of it, whatever bounds a change has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.edge.native.asking import UUID, Asking, asking

from entrepot.core.refusal import Reason, Refused, refuse
from entrepot.edge.dialect import Replay
from entrepot.edge.native import as_read, bodies
from entrepot.edge.native.customers.wire import ChangeCustomer
from entrepot.edge.native.goods.wire import ChangeVariant
from entrepot.edge.native.orders.asked import AmendOrder
from entrepot.edge.native.products.wire import AmendProduct
from entrepot.writer.envelope import Answer, Idempotency
from entrepot.writer.idempotency import fingerprint

OTHER = "01981e6a-7c00-7000-8000-000000000002"
ORDER = {
    "number": 7, "external_id": "", "shipping_address": "a" * 80_000, "notes": None,
    "metadata": {"pan": "4242424242424242"},
    "lines": [{"id": UUID, "number": 1, "quantity": -2, "unit_price": "-5.50"},
              {"id": OTHER, "number": 2, "quantity": 0, "unit_price": "0.000001"}],
}  # fmt: skip
VARIANT = {
    "sku": " ",
    "name": "",
    "barcode": "",
    "currency": "EURO",
    "price": "-1",
    "options": {"a": 1},
}
PRODUCT = {"name": "n" * 9_000, "category": "\u200b", "variants": [VARIANT | {"id": UUID}]}
CUSTOMER = {
    "name": "",
    "legal_name": None,
    "locations": [{"id": UUID, "label": " ", "city": "Rome"}],
}
_ID_OF = {"id": f"oi_{UUID.replace('-', '').upper()}"}


async def told(shape: Any, thing: Any, body: Any, **how: bool) -> Any:
    async def look() -> Any:
        return thing

    return await as_read.read(asking(body), bodies.decoder(shape), look, lambda one: one, **how)


def without(thing: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name not in names}


ALL = [
    pytest.param(AmendOrder, ORDER, without(ORDER, "number", "lines"), id="order"),
    pytest.param(AmendProduct, PRODUCT, without(PRODUCT, "variants"), id="product"),
    pytest.param(ChangeVariant, VARIANT, VARIANT, id="variant"),
    pytest.param(ChangeCustomer, CUSTOMER, without(CUSTOMER, "locations"), id="customer"),
]


@pytest.mark.parametrize(("shape", "thing", "body"), ALL)
async def test_what_is_shown_is_no_fault_and_no_change(shape: Any, thing: Any, body: Any) -> None:
    found, sent = await told(shape, thing, body)
    assert found == shape()
    assert json.loads(sent.of(next(iter(body)))) == next(iter(body.values())), "a key covers it"
    for name in body:
        with pytest.raises(Refused) as refused:
            await told(shape, thing, body | {name: [5]})
        assert refused.value.refusal.field == name
        assert not refused.value.refusal.others, "the others are what is shown"


@pytest.mark.parametrize(
    ("shape", "thing", "name", "element", "changed"),
    [
        (AmendOrder, ORDER, "lines", _ID_OF | {"unit_price": "-5.50", "quantity": 3}, "quantity"),
        (AmendProduct, PRODUCT, "variants", VARIANT | {"id": UUID, "price": "2.00"}, "price"),
        (ChangeCustomer, CUSTOMER, "locations", {"id": UUID, "label": " ", "city": "Oslo"}, "city"),
    ],
)
async def test_an_element_of_a_list_is_known_by_its_id(
    shape: Any, thing: Any, name: str, element: Any, changed: str
) -> None:
    found, _ = await told(shape, thing, {name: {"change": [element]}})
    [one] = getattr(found, name).change
    only = type(one)(id=one.id)
    assert getattr(one, changed) != getattr(only, changed)
    setattr(only, changed, getattr(one, changed))
    assert one == only
    with pytest.raises(Refused) as refused:
        await told(shape, thing, {name: {"change": [element | {"id": OTHER[:-1] + "9"}]}})
    assert refused.value.refusal.field.startswith(f"{name}.change[0].")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"external_id": " "}, ["external_id"]),
        ({"number": 7}, ["number"]),
        ({"external_id": "", "number": 7, "notes": 5}, ["notes", "number"]),
        ({"lines": ORDER["lines"]}, ["lines"]),
        ({"lines": {"change": [{"id": UUID, "quantity": -3, "unit_price": "-5.50"}]}},
         ["lines.change[0].quantity"]),
        ({"lines": {"change": [{"id": OTHER, "number": 2, "quantity": 0}]}},
         ["lines.change[0].number"]),
        ({"lines": {"change": 5}}, ["lines.change"]),
        ({"lines": {"change": [5]}}, ["lines.change[0]"]),
        ([], [None]),
    ],
)  # fmt: skip
async def test_what_is_another_value_is_a_fault(body: Any, fields: list[str | None]) -> None:
    with pytest.raises(Refused) as refused:
        await told(AmendOrder, ORDER, body)
    one = refused.value.refusal
    assert sorted([one.field, *[other.field for other in one.others]], key=str) == fields


async def test_a_thing_that_is_not_there_and_a_body_that_is_no_json_are_refused_as_before() -> None:
    for always in (False, True):
        with pytest.raises(Refused) as refused:
            await told(AmendOrder, None, {"external_id": ""}, always=always)
        assert refused.value.refusal.field == "external_id"
        assert (await told(AmendOrder, None, {"notes": "x"}, always=always))[0].notes == "x"
    call = asking()
    call.body = b'{"a":'

    async def look() -> Any:
        raise AssertionError("nothing is asked of the book")

    with pytest.raises(Refused):
        await as_read.read(call, bodies.decoder(AmendOrder), look, lambda one: one)


async def test_nothing_is_looked_at_where_a_body_has_no_fault_unless_always() -> None:
    looked = []

    async def look() -> Any:
        looked.append(1)
        return CUSTOMER

    for always, name in ((False, "Bo"), (True, "Bo"), (True, "")):
        call = asking()
        call.body = json.dumps({"name": name}).encode()
        found, _ = await as_read.read(
            call, bodies.decoder(ChangeCustomer), look, lambda one: one, always=always
        )
        assert found == (ChangeCustomer(name=name) if name else ChangeCustomer())
    assert len(looked) == 2


class Repeating(Asking):
    """A request whose key was used before, for a request with the fingerprint that is `known`."""

    known: bytes = b""

    async def repeat_or(self, refused: Refused, idempotency: Idempotency | None) -> Exception:
        assert idempotency is not None
        if idempotency.fingerprint == self.known:
            return Replay(Answer(200, b"first"))
        return refused


async def changing(
    body: Any, known: bytes, thing: Any = ORDER, reason: Reason = Reason.INVALID, **how: bool
) -> Any:
    call = asking(body, made=Repeating)
    assert isinstance(call, Repeating)
    call.headers, call.known = {"idempotency-key": "k"}, known

    async def look() -> Any:
        return thing

    def make(told: AmendOrder) -> Any:
        if told.notes == "refused":
            raise refuse(reason)
        return told

    def keyed(body: bodies.Body) -> Idempotency | None:
        return bodies.keyed(call, "amendOrder", ("external_id", "notes"), body, b"o")

    return await as_read.changing(
        call, bodies.decoder(AmendOrder), look, lambda one: one, keyed, make, **how
    )


@pytest.mark.parametrize("body", [{"external_id": ""}, {"external_id": " "}, {"notes": "refused"}])
async def test_a_repeat_has_its_first_answer_whatever_the_thing_shows(body: Any) -> None:
    _, key = await changing({"external_id": ""}, b"")
    parts = (body.get("external_id"), body.get("notes"))
    known = fingerprint(
        (b"o", *[b"" if part is None else json.dumps(part).encode() for part in parts])
    )
    assert key.fingerprint != known or body == {"external_id": ""}
    shown: Any = ORDER | {"external_id": "other"}
    for thing in (shown, None):
        with pytest.raises(Replay) as repeat:
            await changing(body, known, thing)
        assert repeat.value.answer == Answer(200, b"first")
    with pytest.raises(Refused):
        await changing(body, b"another request", shown)
    with pytest.raises(Refused):
        await changing(body, known, shown, dry=True)


async def test_a_repeat_of_what_the_key_may_not_do_any_more_is_refused() -> None:
    known = fingerprint((b"o", b"", b'"refused"'))
    with pytest.raises(Refused) as refused:
        await changing({"notes": "refused"}, known, reason=Reason.FORBIDDEN)
    assert refused.value.refusal.reason is Reason.FORBIDDEN
    for body in ([], 5):
        with pytest.raises(Refused):
            await changing(body, known)
