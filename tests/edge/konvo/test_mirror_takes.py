"""A mirror takes what the seed's schema allows: currencies, nulls, empty and long texts."""

from __future__ import annotations

from typing import Any

import pytest
from tests.quantities import units

from entrepot.core.commands import VariantRef
from entrepot.core.money import Amount
from entrepot.core.refusal import Refused

from .samples import Body, address, command, customer, draft, item, order, told, with_token


def test_an_item_has_a_currency_of_its_own() -> None:
    only = draft(currency="USD", items=[item(currency="EUR"), item(currency="JPY"), item()])
    told = [(line.currency, line.price) for line in only.lines]
    assert told == [("EUR", Amount(2999, 2)), ("JPY", Amount(2999, 0)), ("USD", Amount(2999, 2))]
    assert only.currency == "USD"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("usd", "USD"),
        ("BGN", "BGN"),
        ("hrk", "HRK"),
        ("ITL", "ITL"),
        ("BTC", "BTC"),
        ("ZZZ", "ZZZ"),
        ("XAU", "XAU"),
        ("", ""),
        ("EURO", "EURO"),
        ("Points", "Points"),
        ("US", "US"),
        ("U$D", "U$D"),
        ("\u20ac", "\u20ac"),
        ("x" * 10_000, "x" * 10_000),
    ],
)
def test_a_currency_is_a_text_that_its_sender_chooses(told: str, kept: str) -> None:
    only = draft(currency=told, items=[item(currency=told)])
    assert (only.currency, only.lines[0].currency) == (kept, kept)


@pytest.mark.parametrize(
    "told", ["\u017fek", "u\u017fd", "\u212ardw", "\uff25\uff35\uff32", "ma\u0131", "E\u00dfP"]
)
def test_letters_that_only_look_like_a_code_are_refused(told: str) -> None:
    changed: tuple[Body, ...] = ({"currency": told}, {"items": [item(currency=told)]})
    for changes in changed:
        with pytest.raises(Refused) as refused:
            draft(**changes)
        assert refused.value.refusal.field in ("[0].currency", "[0].items[0].currency")


ITEM_OPTIONAL = ("available", "inventoryQuantity", "quantity")
ORDER_OPTIONAL = (
    "externalId", "metadata", "status", "shipmentStatus", "source", "trackingUrl", "address",
)  # fmt: skip
ADDRESS_OPTIONAL = ("state", "latitude", "longitude", "company", "phone")


@pytest.mark.parametrize(
    "body",
    [
        order(**dict.fromkeys(ORDER_OPTIONAL)),
        order(items=[item(**dict.fromkeys(ITEM_OPTIONAL)), item()]),
        order(customer=customer() | {"userIds": None}),
        order(address=address(**dict.fromkeys(ADDRESS_OPTIONAL))),
    ],
    ids=["order", "item", "customer", "address"],
)
def test_null_for_what_may_be_absent_is_absent(body: Body) -> None:
    [found] = command(told(body)).drafts
    [without] = command(told(stripped(body))).drafts
    assert found == without


def stripped(value: Any) -> Any:
    """The same JSON without the members that are null."""
    if isinstance(value, dict):
        return {name: stripped(one) for name, one in value.items() if one is not None}
    return [stripped(one) for one in value] if isinstance(value, list) else value


def test_null_within_metadata_is_kept_with_every_digit_beside_it() -> None:
    text = '{"a":null,"b":[1.10,12345678901234567.89,null]}'
    body = with_token(("metadata",), text).replace(b'"quantity": 1', b'"quantity": null')
    [only] = command(body).drafts
    assert (only.said["metadata"], units(only.lines[0].quantity)) == (text, 1)


EMPTY_ITEM = item(id="", sku="", name="", description="", imageUrl="")


def test_empty_texts_are_taken() -> None:
    only = draft(
        id="", externalId="", friendlyName="", trackingUrl="", items=[EMPTY_ITEM],
        customer=customer(id="", firstName="", lastName=""),
        address=dict.fromkeys(address(), ""),
    )  # fmt: skip
    assert (only.sender_id, only.said["external_id"], only.said["external_name"]) == ("", "", "")
    assert only.said["tracking_url"] == ""
    # An empty id says nothing of who ordered, nor of what.
    assert only.customer.identifiers == ()
    assert only.lines[0].variant == VariantRef(names=(("title", ""),))


def test_an_item_without_an_id_is_known_by_its_sku() -> None:
    [line] = draft(items=[item(id="")]).lines
    assert line.variant == VariantRef(names=(("sku", "SHIRT-BLU-M"),))


def test_long_texts_are_taken() -> None:
    long = "x" * 10_000
    only = draft(
        friendlyName=long, trackingUrl=long, customer=customer(id=long, firstName=long),
        items=[item(id=long, sku=long, name=long, imageUrl=long, description=long * 10)],
        id="x" * 500, externalId="y" * 500, address=address(countryCode="USA", city=long),
    )  # fmt: skip
    assert only.said["external_name"] == long
    assert only.lines[0].title == long


@pytest.mark.parametrize("status", ["PAID", "Paid", "PARTIALLY_REFUNDED"])
def test_a_status_as_it_is_shown_is_told_back(status: str) -> None:
    assert draft(status=status).words == (("konvo", status.lower()),)
