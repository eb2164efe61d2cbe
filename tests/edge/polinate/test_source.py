"""An order of another system, in Polinate's schema, to be mirrored."""

import hashlib
import json

import pytest
from tests.quantities import much

from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.money import Amount
from entrepot.core.refusal import Reason, Refused
from entrepot.edge.polinate.orders.source import mirror_from_source

from .samples import Body, source_line, source_order, told

MADE = JANUARY = 1_736_937_000_000_000  # 2025-01-15 10:30 UTC in microseconds


def test_a_whole_order() -> None:
    document = told(source_order())
    draft = mirror_from_source(document, "ord_123", 7)
    assert (draft.where, draft.sender_id) == ("", "ord_123")
    assert draft.digest[:16] == hashlib.blake2b(document, digest_size=16).digest()
    assert (draft.currency, draft.total) == ("AUD", Amount(25000, 2))
    assert draft.words == (("polinate_phase", "ACTIVE"), ("polinate_status", "ACCEPTED"))
    assert draft.customer == CustomerRef(own=("polinate", "prt_123"), field="partnershipId")
    assert draft.said == {
        "external_name": "INT-1",
        "external_reference": "PO-2025-001",
        "membership_id": None,
        "integration_id": "int_1",
        "notes": None,
        "delivery_address": "Pier 4",
        "properties": '{"unleashed":{"guid":"123"}}',
        "expected_at": JANUARY,
        "shipped_at": 1_736_812_800_000_000,
        "delivered_at": None,
        "made_at": MADE,
        "ingested": True,
    }
    assert draft.lines == (
        DraftLine(
            "orderItems[0]", VariantRef(names=(("polinate", "var_abc"),)), much(10),
            Amount(2500, 2), "AUD", title="var_abc", unit_of_measure="kg", cost=Amount(7125, 3),
            properties='{"lot":"A"}',
        ),
    )  # fmt: skip


def test_only_what_is_required() -> None:
    required = (
        "id", "partnershipId", "internalReference", "expectedDeliveryAt", "currency",
        "totalAmount", "createdAt", "updatedAt",
    )  # fmt: skip
    body = source_order()
    draft = mirror_from_source(told({name: body[name] for name in required}), "ord_123", 7)
    assert (draft.words, draft.lines) == ((), ())
    others = dict.fromkeys(body.keys() - set(required))
    without = mirror_from_source(told({name: body[name] for name in required} | others), "INT-1", 7)
    assert (without.words, without.lines, without.said) == ((), (), draft.said)


@pytest.mark.parametrize("entry", ["ile_1", ""])
def test_goods_without_an_id_are_known_by_their_entry(entry: str) -> None:
    """The schema asks for a text, and an empty one is a text."""
    goods = {"itemVariantId": "", "itemVariant": {"itemId": ""}}
    body = source_order(orderItems=[source_line(itemListEntryId=entry, itemListEntry=goods)])
    [line] = mirror_from_source(told(body), "ord_123", 7).lines
    assert (line.variant, line.title) == (VariantRef(names=(("title", entry),)), entry)


@pytest.mark.parametrize("asked", ["ord_123", "INT-1", "PO-2025-001"])
def test_the_order_may_be_asked_for_by_any_of_its_names(asked: str) -> None:
    assert mirror_from_source(told(source_order()), asked, 7).sender_id == "ord_123"


LINE = "orderItems[0]"
REFUSED: list[tuple[Body, str]] = [
    ({"id": "ord_124", "internalReference": "I", "externalReference": None}, "id"),
    ({"id": None}, "id"),
    ({"id": ""}, "id"),
    ({"partnershipId": None}, "partnershipId"),
    ({"expectedDeliveryAt": None}, "expectedDeliveryAt"),
    ({"expectedDeliveryAt": "soon"}, "expectedDeliveryAt"),
    ({"shippedAt": "soon"}, "shippedAt"),
    ({"currency": "\u017fek"}, "currency"),
    ({"totalAmount": "much"}, "totalAmount"),
    ({"totalAmount": True}, "totalAmount"),
    ({"totalAmount": 1e300}, "totalAmount"),
    ({"phase": "OPEN"}, "phase"),
    ({"status": "OPEN"}, "status"),
    ({"properties": 1}, "properties"),
    ({"orderItems": [source_line()] * 501}, "orderItems"),
    ({"orderItems": [source_line(quantity=1.00001)]}, f"{LINE}.quantity"),
    ({"orderItems": [source_line(price=[25])]}, f"{LINE}.price"),
    ({"orderItems": [source_line(cost="x")]}, f"{LINE}.cost"),
    ({"orderItems": [source_line(currency=None)]}, f"{LINE}.currency"),
    ({"orderItems": [source_line(itemListEntry={})]}, f"{LINE}.itemListEntry.itemVariantId"),
]


@pytest.mark.parametrize(("changes", "field"), REFUSED)
def test_a_document_is_refused(changes: Body, field: str) -> None:
    with pytest.raises(Refused) as refused:
        mirror_from_source(told(source_order(**changes)), "ord_123", 7)
    assert (refused.value.refusal.reason, refused.value.refusal.field) == (Reason.INVALID, field)


@pytest.mark.parametrize("document", [b"", b"<html>", b"{}", b"[]", b"null"])
def test_what_is_no_order_is_refused(document: bytes) -> None:
    with pytest.raises(Refused) as refused:
        mirror_from_source(document, "ord_123", 7)
    assert refused.value.refusal.reason is Reason.INVALID


def test_the_same_document_has_the_same_digest_and_another_has_another() -> None:
    first, again, other = (
        mirror_from_source(json.dumps(source_order(notes=notes)).encode(), "ord_123", 7).digest
        for notes in (None, None, "x")
    )
    assert first == again != other
