"""Notifications, and the keys of all writes: their syntax, and what content a key stands for."""

import hashlib
from typing import Any

import pytest
from msgspec import Raw

from entrepot.core.ids import dashed
from entrepot.core.order import StoredAnswer
from entrepot.core.refusal import Reason
from entrepot.edge.keys import idempotency_key
from entrepot.edge.polinate.orders import wire
from entrepot.edge.polinate.orders.read import notify_order, posted
from entrepot.writer.envelope import Outcome
from entrepot.writer.idempotency import replay

from .samples import BUSINESS, LINE_ID, ORG_ID, PRINCIPAL, Body, new_line, new_order, told
from .test_read import amended, created, refusal


def notified(body: Body, key: str | None = None) -> Any:
    note = posted(told(body))
    assert isinstance(note, wire.NotifyOrder)
    return notify_order(note, key, PRINCIPAL)


# --- notifications


@pytest.mark.parametrize("body", [{}, {"businessId": BUSINESS}])
def test_what_is_neither_body_is_told_what_the_published_one_requires(body: Body) -> None:
    assert refusal(posted, told(body)).field == "orderId"


def notice(**changes: object) -> Body:
    return {"orderId": "ord_123", "businessId": BUSINESS} | changes


@pytest.mark.parametrize("business", [BUSINESS, BUSINESS.upper(), ORG_ID.hex(), dashed(ORG_ID)])
def test_a_notification(business: str) -> None:
    command, idempotency = notified(notice(businessId=business))
    assert (command.org, command.source, command.order_text) == (7, "polinate", "ord_123")
    assert idempotency is None


def test_the_notifications_key_is_the_formulas() -> None:
    key = hashlib.sha256(f"ord_123-{BUSINESS}-order-integration".encode()).hexdigest()
    _, idempotency = notified(notice(), key)
    assert (idempotency.key, idempotency.operation) == (key, "polinate.notifyOrder")
    assert not idempotency.store_refusals
    for wrong in (key.upper(), key[:-1], "0" * 64, f"ord_123-{BUSINESS}-order-integration"):
        found = refusal(notified, notice(), wrong)
        assert (found.reason, found.field) == (Reason.KEY_MALFORMED, "Idempotency-Key")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"orderId": ""}, "orderId"),
        ({"orderId": 7}, "orderId"),
        ({"orderId": None}, "orderId"),
        ({"orderId": "x" * 501}, "orderId"),
        ({"businessId": ""}, "businessId"),
        ({"businessId": "bus_" + "0" * 32}, "businessId"),
        ({"businessId": "prt_" + ORG_ID.hex()}, "businessId"),
        ({"businessId": None}, "businessId"),
    ],
)
def test_a_notification_is_refused(changes: Body, field: str) -> None:
    found = refusal(notified, notice(**changes))
    assert (found.reason, found.field) == (Reason.INVALID, field)


def test_a_notification_needs_both_members() -> None:
    found = refusal(posted, told({"orderId": "ord_123"}))
    assert (found.reason, found.field) == (Reason.INVALID, "businessId")


def test_a_refusal_names_the_members_of_a_change_as_they_are_sent() -> None:
    paths = amended({})[0].paths
    order = {f"order.{name}" for name in wire.OrderChanges.__struct_encode_fields__}
    assert {paths.total, paths.currency, paths.shipped_at, paths.delivered_at} <= order
    assert paths.order == "order"
    assert paths.new_lines in wire.UpdateOrder.__struct_encode_fields__
    assert {paths.variant, paths.entry} <= set(wire.LineChanges.__struct_encode_fields__)


# --- keys


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("k", "k"),
        (" k\t", "k"),
        ('"k"', "k"),
        ('"', '"'),
        ("a, b", "a, b"),
        ("k" * 255, "k" * 255),
        ("k" * 256, None),
        ("", None),
        ('""', None),
        ("caf\u00e9", None),
        ("one\ntwo", None),
        ('"one"\n"two"', None),
    ],
)
def test_the_key_of_the_header(sent: str, key: str | None) -> None:
    headers = {"idempotency-key": sent}
    if key is not None:
        assert idempotency_key(headers) == key
        return
    found = refusal(idempotency_key, headers)
    assert (found.reason, found.field) == (Reason.KEY_MALFORMED, "Idempotency-Key")


def test_without_the_header_there_is_no_key() -> None:
    assert idempotency_key({}) is None
    assert created(new_order())[1] is None
    assert amended({})[1] is None


# --- what a key stands for


@pytest.mark.parametrize(
    "member", ["partnershipId", "notes", "currency", "totalAmount", "properties", "orderItems"]
)
def test_a_creations_content_is_told_apart_by_member(member: str) -> None:
    values: Body = {
        "partnershipId": "prt_" + "03" * 16, "notes": "x", "currency": "NZD",
        "totalAmount": "1", "properties": {"a": 1}, "orderItems": [new_line(quantity=3)],
    }  # fmt: skip
    first = created(new_order(), "k")[1]
    other = created(new_order(**{member: values[member]}), "k")[1]
    assert first.operation == "polinate.createOrder"
    assert differing(first, other) == [member]
    turned = created(dict(reversed(new_order().items())), "k")[1]
    assert turned.fingerprint == first.fingerprint


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"order": {"notes": None}}, "order"),
        ({"createOrderItems": [new_line()]}, "createOrderItems"),
        ({"updateOrderItems": [{"id": LINE_ID, "cost": "1"}]}, "updateOrderItems"),
        ({"deleteOrderItems": [LINE_ID]}, "deleteOrderItems"),
    ],
)
def test_a_changes_content_is_told_apart_by_member(body: Body, member: str) -> None:
    first, other = amended({}, "k")[1], amended(body, "k")[1]
    assert (first.operation, first.store_refusals) == ("polinate.updateOrder", True)
    assert differing(first, other) == [member]


EQUAL = [
    ("1", "1.0"),
    ("1", "10e-1"),
    ("100", "1e2"),
    ("1.50", "1.5"),
    ("-0.0", "0"),
    ("0.3", "3e-1"),
]
OTHER = [("1", "2"), ("12345678901234567.89", "12345678901234567.9"), ("1", "-1"), ("1", '"1"')]


def in_properties(number: str) -> Body:
    return {"properties": Raw(f'{{"a":[{{"n":{number}}}]}}'.encode())}


def keyed(changed: Body) -> tuple[Any, Any]:
    """The keys of a creation and of changes with these members."""
    line = {name: changed[name] for name in ("quantity", "price") if name in changed}
    order = {name: changed[name] for name in ("totalAmount", "properties") if name in changed}
    made = created(new_order(**order, orderItems=[new_line(**line)]), "k")[1]
    body = (
        {"order": order, "updateOrderItems": [{"id": LINE_ID, **line}]}
        if line
        else {"order": order}
    )
    return made, amended(body, "k")[1]


def same(first: Any, repeat: Any) -> list[bool]:
    """Whether the repeat says the same as what each version has stored of the first one."""
    stored = [first.fingerprint, *(make() for make in first.older)]
    stored.append(stored[-1][1:])
    answers = [StoredAnswer(7, "k", first.operation, one, 201, b"{}", None, 1) for one in stored]
    return [isinstance(replay(repeat, answer), Outcome) for answer in answers]


@pytest.mark.parametrize(("number", "equal"), EQUAL)
def test_numbers_that_are_equal_are_one_content(number: str, equal: str) -> None:
    for first, repeat in zip(
        keyed(in_properties(number)), keyed(in_properties(equal)), strict=True
    ):
        assert same(first, first) == [True, True, True]
        assert first.fingerprint == repeat.fingerprint


@pytest.mark.parametrize(("number", "other"), OTHER)
def test_numbers_that_differ_in_any_digit_are_another_content(number: str, other: str) -> None:
    for first, repeat in zip(
        keyed(in_properties(number)), keyed(in_properties(other)), strict=True
    ):
        assert first.fingerprint != repeat.fingerprint
        assert same(first, repeat)[0] is False


@pytest.mark.parametrize(
    "spellings",
    [
        [{"quantity": Raw(text)} for text in (b"2", b"2.0", b"20e-1")],
        [{"price": text} for text in ("10.5", "10.50", Raw(b"10.500"))],
        [{"totalAmount": text} for text in ("7", "7.00", Raw(b"7.0"))],
    ],
)
def test_a_quantity_or_an_amount_is_one_content_however_it_is_written(
    spellings: list[Body],
) -> None:
    for kind in range(2):
        assert len({keyed(spelling)[kind].fingerprint for spelling in spellings}) == 1


def test_an_answer_that_version_1_stored_is_found_by_the_same_body() -> None:
    """Version 1 told 1 from 1.0, which stays so for what is stored under it."""
    first, other = keyed(in_properties("1"))[0], keyed(in_properties("1.0"))[0]
    assert same(first, other) == [True, False, False]


def differing(first: Any, other: Any) -> list[str]:
    assert first.parts == other.parts
    return [
        name
        for place, name in enumerate(first.parts)
        if first.fingerprint[1 + place * 8 :][:8] != other.fingerprint[1 + place * 8 :][:8]
    ]
