"""What people find by its name has a name that can be seen."""

from __future__ import annotations

import pytest
from tests.core.book import ORG, TRACKED, Book

from entrepot.core.decide.illustrate import AddMedium
from entrepot.core.decide.invite import InviteMember
from entrepot.core.decide.price import MakePriceList, PriceListPaths
from entrepot.core.decide.product import AmendProduct, MakeProduct, ProductPaths
from entrepot.core.decide.reprice import AmendPriceList
from entrepot.core.decide.stocking import MakeLocation
from entrepot.core.decide.variants import NewVariant, VariantChange
from entrepot.core.money import Amount
from entrepot.core.naming import capitals
from entrepot.core.price_lists import PRICE_LISTS
from entrepot.core.products import PRODUCTS
from entrepot.core.results import LocationResult, ProductResult

BLANK = ["", " ", "\u00a0\t", "\u200b", "\u202e\u2060", "\u3164", "\u2800\ufe0f"]


@pytest.mark.parametrize("name", BLANK)
def test_a_name_without_anything_to_see_is_refused_and_named(name: str) -> None:
    book = Book()
    for command, field in (
        (MakeLocation(ORG, name, "native"), "name"),
        (
            MakeProduct(
                ORG, "polinate", name, (), paths=ProductPaths(name="item.name"), bare=True
            ),
            "item.name",
        ),
        (
            MakePriceList(
                ORG, "polinate", name, (), (), None, None, {},
                PriceListPaths(name="itemList.name"),
            ),
            "itemList.name",
        ),
    ):  # fmt: skip
        refused = book.refused(command)
        assert (refused.reason.code, refused.field, refused.detail) == (
            "invalid", field, "must not be blank",
        )  # fmt: skip


@pytest.mark.parametrize("name", BLANK)
def test_a_product_and_a_price_list_keep_the_name_that_can_be_seen(name: str) -> None:
    book = Book()
    book.done(MakeProduct(ORG, "polinate", "Shirts", (), paths=ProductPaths(), bare=True))
    book.done(MakePriceList(ORG, "polinate", "Friends", (), (), None, None, {}))
    [product], [prices] = book.facts.of(PRODUCTS).values(), book.facts.of(PRICE_LISTS).values()
    for command, field in (
        (
            AmendProduct(
                ORG, "polinate", product.id, {"name": name}, paths=ProductPaths(name="item.name")
            ),
            "item.name",
        ),
        (
            AmendPriceList(
                ORG, "native", prices.id, {"name": name}, paths=PriceListPaths(name="list.name")
            ),
            "list.name",
        ),
    ):
        refused = book.refused(command)
        assert (refused.reason.code, refused.field, refused.detail) == (
            "invalid", field, "must not be blank",
        )  # fmt: skip
    assert book.facts.of(PRODUCTS).get((ORG, product.id)) == product
    assert book.facts.of(PRICE_LISTS).get((ORG, prices.id)) == prices


@pytest.mark.parametrize("name", ["-", "\u5927", " a ", "\u200bb"])
def test_any_other_name_is_kept_as_it_was_told(name: str) -> None:
    made = Book().done(MakeLocation(ORG, name, "native"))
    assert isinstance(made, LocationResult)
    assert made.location.name == name


@pytest.mark.parametrize("url", ["http://[::1", "https://a:99999/", "https://a:b/", "http://:80/x"])
def test_an_address_that_is_none_is_no_medium(url: str) -> None:
    book = Book()
    refused = book.refused(AddMedium(ORG, "synq", url, variant_id=TRACKED))
    assert (refused.reason.code, refused.field) == ("invalid", "url")
    book.done(AddMedium(ORG, "synq", "https://[::1]:80/a.png", variant_id=TRACKED))


@pytest.mark.parametrize("name", BLANK[1:])
def test_a_handle_a_sku_and_a_variants_name_can_be_seen(name: str) -> None:
    book = Book()
    paths = ProductPaths("item.handle")
    said = {"name": name}

    def new(where: str, sku: str | None = None, **said: str) -> NewVariant:
        return NewVariant(where, "EUR", Amount(1, 0), sku, said=said, name_field="variantName")

    made = book.done(MakeProduct(ORG, "polinate", "Shirt", (new("[0]"),), paths=paths))
    assert isinstance(made, ProductResult)
    product, [variant] = made.product.product, made.made
    changes = (
        VariantChange("u[0]", variant, {"sku": name}),
        VariantChange("u[0]", variant, said, name_field="variantName"),
    )
    for command, field in (
        (MakeProduct(ORG, "polinate", "S", (new("[0]", name),), paths=paths), "[0].sku"),
        (MakeProduct(ORG, "polinate", "S", (new("[0]", **said),), paths=paths), "[0].variantName"),
        (MakeProduct(ORG, "polinate", "S", (new("[0]"),), {"handle": name}, paths), "item.handle"),
        (AmendProduct(ORG, "polinate", product.id, change=changes[:1]), "u[0].sku"),
        (AmendProduct(ORG, "polinate", product.id, change=changes[1:]), "u[0].variantName"),
    ):  # fmt: skip
        refused = book.refused(command)
        assert (refused.field, refused.detail) == (field, "must not be blank")


@pytest.mark.parametrize("role", ["v\u0131ewer", "adm\u0131n"])
def test_a_word_with_letters_beyond_ascii_is_no_word_of_a_list(role: str) -> None:
    refused = Book().refused(InviteMember(ORG, "synq", "a@x.org", role, b"d" * 32, "synq"))
    assert refused.field == "role"
    assert capitals("viewer") == "VIEWER"
