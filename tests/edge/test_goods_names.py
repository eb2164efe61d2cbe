"""One name of goods is one variant, whichever dialect tells it, and books keep what they have."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any

import msgspec
import pytest
from tests.core.book import ORG, Book, named
from tests.edge.konvo import samples

from entrepot.core.commands import VariantRef
from entrepot.core.needs import Needs
from entrepot.edge import goods_names
from entrepot.edge.access import Principal
from entrepot.edge.dialect import read_json
from entrepot.edge.native import bodies
from entrepot.edge.native.orders import read as native
from entrepot.edge.native.orders import wire
from entrepot.edge.synq.integrations import read as integrations
from entrepot.edge.synq.integrations.wire import Line
from entrepot.edge.synq.orders import read as synq

PRINCIPAL = Principal(7, b"o" * 16, b"t" * 16, "EDITOR")
NEW_LINE = bodies.decoder(wire.NewLine)


class Shop:
    """A connection, of which a line needs the name."""

    name = "shop"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def from_konvo(**said: str) -> VariantRef:
    [line] = samples.draft(items=[samples.item(**{"id": "", "sku": ""} | said)]).lines
    return line.variant


def from_synq(sku: str = "", name: str = "Mug") -> VariantRef:
    line = {"product_title": name, "unit_price": 1, "quantity": 1, "sku": sku}
    body = {"idempotency_key": "k", "payment_provider": "stripe", "payment_reference": "pi_1"}
    sent = json.dumps(body | {"items": [line]}).encode()
    [draft] = synq.place_order(read_json(sent, synq.CREATE_ORDER), PRINCIPAL)[0].lines
    return draft.variant


def from_a_shop(sku: str = "", name: str = "Mug") -> VariantRef:
    said: dict[str, Any] = {"name": name, "sku": sku, "unit_amount": 1, "quantity": 1}
    line = msgspec.json.decode(json.dumps(said).encode(), type=Line)
    shop: Any = Shop()
    return integrations._line(line, "line_items[0]", "EUR", shop).variant


def from_native(sku: str) -> VariantRef:
    told = NEW_LINE.decode(json.dumps({"sku": sku, "quantity": 1}).encode())
    return native.new_line(told, "lines[0]", "EUR").variant


@pytest.mark.parametrize("length", [1, 200, 201, 255])
def test_a_sku_is_one_name_in_every_dialect(length: int) -> None:
    sku = "s" * length
    older = (("sku", digest(sku)),) if length > 200 else ()
    for ref in (from_konvo(sku=sku), from_synq(sku), from_a_shop(sku), from_native(sku)):
        assert (ref.names, ref.older) == ((("sku", sku),), older)
    assert from_konvo(id="1", sku=sku).skus == (sku, *[name for _, name in older])


@pytest.mark.parametrize("length", [200, 201, 1_000])
def test_a_title_is_one_name_in_every_dialect(length: int) -> None:
    title = "t" * length
    name, older = (digest(title), (("title", title),)) if length > 200 else (title, ())
    for ref in (from_konvo(name=title), from_synq(name=title), from_a_shop(name=title)):
        assert (ref.names, ref.older) == ((("title", name),), older)


def test_what_is_too_long_for_a_variants_sku_is_a_digest() -> None:
    long = "s" * 256
    ref = from_konvo(sku=long)
    assert (ref.names, ref.older) == ((("sku", digest(long)),), ())


def test_a_book_keeps_the_variant_that_it_has_by_the_older_name() -> None:
    book, sku = Book(), "s" * 201
    before = book.mirrored(("konvo", "paid"), lines=(named(digest(sku)),)).lines[0]
    ref = VariantRef(names=(goods_names.name("sku", sku),), older=goods_names.older("sku", sku))
    line = named(sku)._replace(variant=ref)
    after = book.mirrored(("konvo", "paid"), sender="k-2", lines=(line,)).lines[0]
    assert after.variant_id == before.variant_id
    id_known = VariantRef(names=(("konvo", "1"),), skus=(sku, digest(sku)))
    line = named(sku)._replace(variant=id_known)
    third = book.mirrored(("konvo", "paid"), sender="k-3", lines=(line,)).lines[0]
    assert third.variant_id == before.variant_id


def test_a_new_variant_has_the_name_alone() -> None:
    book, sku = Book(), "s" * 201
    line = named(sku)._replace(variant=from_konvo(sku=sku))
    made = book.mirrored(("konvo", "paid"), lines=(line,)).lines[0]
    named_so = [
        one for one in book.facts.variant_names.values() if one.variant_id == made.variant_id
    ]
    assert [one.value for one in named_so] == [sku]


def test_both_names_are_looked_for() -> None:
    needs, sku = Needs(), "s" * 201
    needs.of_lines(ORG, [named(sku)._replace(variant=from_konvo(sku=sku))], stock=False)
    assert needs.variant_names == {(ORG, "sku", sku), (ORG, "sku", digest(sku))}


def test_a_filter_by_sku_finds_what_the_index_may_have() -> None:
    assert goods_names.of_sku(None) == ()
    assert goods_names.of_sku("S") == ("S",)
    assert goods_names.of_sku("S" * 255) == ("S" * 255, digest("S" * 255))


@pytest.mark.parametrize("kind", ["sku", "title"])
@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")], ids="-".join)
def test_two_spellings_of_a_letter_are_one_name_of_goods(kind: str, forms: tuple[str, str]) -> None:
    """A line that told the SKU in combining marks made a second variant, which has no stock."""
    first, second = (unicodedata.normalize(form, "Caf\u00e9 M\u00fccke") for form in forms)
    book = Book()
    made = {"sku": "", "name": "x", kind.replace("title", "name"): first}
    twin = {"sku": "", "name": "x", kind.replace("title", "name"): second}
    before = book.mirrored(
        ("konvo", "paid"), lines=(named(first)._replace(variant=from_konvo(**made)),)
    ).lines[0]
    for at, ref in enumerate([from_konvo(**twin), from_synq(**twin), from_a_shop(**twin)]):
        line = named(second)._replace(variant=ref)
        after = book.mirrored(("konvo", "paid"), sender=f"k-{at}", lines=(line,)).lines[0]
        assert after.variant_id == before.variant_id
    needs = Needs()
    needs.of_lines(ORG, [named(second)._replace(variant=from_konvo(**twin))], stock=False)
    assert needs.variant_names == {(ORG, kind, first), (ORG, kind, second)}
    assert set(goods_names.of_sku(second)) == {first, second}
