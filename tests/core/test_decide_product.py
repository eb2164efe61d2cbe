"""Products are made, amended and deleted with their variants; every change is told."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.core.book import NOWHERE, ORG, Book
from tests.quantities import much

from entrepot.core import products
from entrepot.core.commands import CustomerRef, DraftLine, VariantRef
from entrepot.core.decide import add_needs
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.product import AmendProduct, MakeProduct
from entrepot.core.decide.stocking import ChangeVariant, MakeVariant
from entrepot.core.decide.variants import NewVariant, VariantChange
from entrepot.core.expected import Expected
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.products import HANDLES, PRODUCTS, FullProduct
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import OrderResult, OrdersResult, ProductResult, VariantResult

NINE = Amount(950, 2)


def new(where: str = "[0]", sku: str | None = None, **said: Any) -> NewVariant:
    return NewVariant(where, "EUR", NINE, sku, said=said)


def made(book: Book, *variants: NewVariant, name: str = "Shirt", **said: Any) -> ProductResult:
    result = book.done(MakeProduct(ORG, "polinate", name, variants or (new(),), said))
    assert isinstance(result, ProductResult)
    return result


def amended(book: Book, product_id: bytes, **more: Any) -> FullProduct:
    result = book.done(AmendProduct(ORG, "native", product_id, **more))
    assert isinstance(result, ProductResult)
    return result.product


def body(book: Book) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(book.facts.events[-1].body)
    return told


def sold(book: Book, **named: Any) -> OrderResult | Refusal:
    line = DraftLine("items[0]", VariantRef(**named), much(1), NINE, "EUR")
    result = book.attempted(PlaceOrder(ORG, "synq", "EUR", (line,)))
    assert isinstance(result, OrderResult | Refusal)
    return result


def test_a_product_is_made_with_its_variants_in_the_order_of_the_request() -> None:
    book = Book()
    result = made(
        book, new("[0]", "S", name="Small", cost=Amount(5, 0)), new("[1]", "L", name="Large"),
        handle="shirt", brand="Acme",
    )  # fmt: skip
    shown = result.product
    assert [one.variant.id for one in shown.variants] == list(result.made)
    titles = [(one.variant.name, one.details.name, one.details.sequence) for one in shown.variants]
    assert titles == [("Shirt - Small", "Small", 1), ("Shirt - Large", "Large", 2)]
    assert {one.variant.item_id for one in shown.variants} == {shown.product.id}
    [event] = book.facts.events
    assert (event.type, event.subject, event.seq) == ("product.created", "product", 1)
    told = body(book)
    assert (told["name"], told["handle"], told["status"]) == ("Shirt", "shirt", "active")
    assert told["variants"][dashed(result.made[0])] == {
        "sku": "S", "title": "Shirt - Small", "currency": "EUR", "price": "9.50",
        "tracked": False, "name": "Small", "cost": "5", "sequence": 1,
    }  # fmt: skip


def test_what_cannot_be_made_is_refused_with_its_member_named() -> None:
    book = Book()
    made(book, new(sku="A"), handle="shirt")
    for command, reason, field in (
        (MakeProduct(ORG, "x", "P", ()), Reason.INVALID, "variants"),
        (MakeProduct(ORG, "x", "P", (new(),) * 501), Reason.INVALID, "variants"),
        (MakeProduct(ORG, "x", "P", (new("v[0]", "A"),)), Reason.DUPLICATE_ENTRY, "v[0].sku"),
        (MakeProduct(ORG, "x", "P", (new("v[0]", "B"), new("v[1]", "B"))),
         Reason.DUPLICATE_ENTRY, "v[1].sku"),
        (MakeProduct(ORG, "x", "P", (new(),), {"handle": "shirt"}), Reason.DUPLICATE_ENTRY,
         "handle"),
        (MakeProduct(ORG, "x", "P", (new(),), {"status": "deleted"}), Reason.INVALID, "status"),
        (MakeProduct(ORG, "x", "P", (new(),), {"status": "sold"}), Reason.INVALID, "status"),
    ):  # fmt: skip
        refusal = book.refused(command)
        assert (refusal.reason, refusal.field) == (reason, field)
    assert len(book.facts.events) == 1


def test_a_sku_is_one_in_every_spelling_of_its_letters() -> None:
    book = Book()
    made(book, new(sku="Caf\u00e9"), handle="shirt")
    other = made(book, new(sku="A"), handle="mug").product
    twin = "Cafe\u0301"
    change = ChangeVariant(ORG, "x", other.variants[0].variant.id, {"sku": twin})
    for command in (MakeProduct(ORG, "x", "P", (new("v[0]", twin),)), change):
        assert book.refused(command).reason is Reason.DUPLICATE_ENTRY
        needs = Needs()
        add_needs(command, needs)
        assert needs.variant_names == {(ORG, "sku", twin), (ORG, "sku", "Caf\u00e9")}


def test_an_amendment_deletes_changes_and_makes_variants_and_tells_of_it() -> None:
    book = Book()
    result = made(book, new("[0]", "S", name="Small"), new("[1]", "L", name="Large"))
    small, large = result.made
    change = VariantChange("", small, {"price": Amount(12, 0), "weight": "0.25"})
    after = amended(
        book, result.product.product.id, said={"brand": "Acme"}, delete=((large, ""),),
        change=(change,), make=(new("[2]", "L", name="Huge"),),
    )  # fmt: skip
    assert [one.variant.name for one in after.variants] == ["Shirt - Small", "Shirt - Huge"]
    assert after.variants[1].details.sequence == 3
    told = body(book)
    assert told["changed"] == {"brand": [None, "Acme"]}
    ids = [dashed(one) for one in (small, large, after.variants[1].variant.id)]
    assert told["variants"][ids[0]] == {"price": ["9.50", "12"], "weight": [None, "0.25"]}
    assert [told["variants"][ids[1]][1], told["variants"][ids[2]][0]] == [None, None]
    [price] = told["prices"]
    assert price == {
        "variant_id": ids[0],
        "from": {"price": "9.50", "currency": "EUR"},
        "to": {"price": "12", "currency": "EUR"},
    }
    assert after.product.version == book.facts.events[-1].seq == 2


def test_variants_change_their_skus_with_each_other() -> None:
    book = Book()
    result = made(book, new("[0]", "A"), new("[1]", "B"), new("[2]", "C"))
    first, second, third = result.made
    swap = (VariantChange("u[0]", first, {"sku": "B"}), VariantChange("u[1]", second, {"sku": "A"}))
    taken = (VariantChange("u[0]", first, {"sku": "C"}), *swap[1:])
    refused = book.refused(AmendProduct(ORG, "native", result.product.product.id, change=taken))
    assert (refused.reason, refused.field) == (Reason.DUPLICATE_ENTRY, "u[0].sku")
    after = amended(book, result.product.product.id, change=swap)
    assert [one.variant.sku for one in after.variants] == ["B", "A", "C"]
    names = book.facts.variant_names
    assert [names[ORG, "sku", sku].variant_id for sku in "ABC"] == [second, first, third]


def test_a_variant_comes_last_within_the_bounds_of_a_place() -> None:
    book, last = Book(), products.SEQUENCE_MAX
    result = made(book, new(sku="S", sequence=last - 1))
    shown = amended(book, result.product.product.id, make=(new("[0]", "A"), new("[1]", "B")))
    assert [one.details.sequence for one in shown.variants] == [last - 1, last, last]
    assert [one.variant.sku for one in shown.variants] == ["S", "A", "B"]


def test_what_is_as_it_was_changes_nothing() -> None:
    book = Book()
    result = made(book, new(sku="S", cost=Amount(5, 0)), brand="Acme", properties='{"a":1}')
    same = VariantChange("", result.made[0], {"price": Amount(95, 1), "cost": Amount(50, 1)})
    said = {"brand": "Acme", "properties": {"a": 1}}
    after = amended(book, result.product.product.id, said=said, change=(same,))
    assert after == result.product
    assert len(book.facts.events) == 1


def test_another_currency_is_told_with_the_price_and_the_cost() -> None:
    book = Book()
    result = made(book, new(sku="S", cost=Amount(5, 0)), new("[1]", "L"))
    costed, plain = result.made
    dollars = {"currency": "USD", "price": Amount(11, 0)}
    for commands in (
        lambda id_, said: ChangeVariant(ORG, "native", id_, said),
        lambda id_, said: AmendProduct(
            ORG, "polinate", result.product.product.id, change=(VariantChange("", id_, said),)
        ),
    ):
        refused = book.attempted(commands(costed, dollars))
        assert isinstance(refused, Refusal)
        assert (refused.field, refused.detail) == ("cost", "say the cost in USD")
    shown = amended(
        book, result.product.product.id,
        change=(VariantChange("[0]", costed, dollars | {"cost": Amount(55, 1)}),
                VariantChange("[1]", plain, dollars)),
    )  # fmt: skip
    assert [one.details.cost for one in shown.variants] == [Amount(55, 1), None]
    book.done(ChangeVariant(ORG, "native", costed, dollars | {"currency": "EUR", "cost": None}))
    told = VariantChange("", costed, {"cost": Amount(4, 0), "price": NINE})
    shown = amended(book, result.product.product.id, change=(told,))
    assert shown.variants[0].details.cost == Amount(4, 0)


def test_properties_are_merged_and_null_is_a_value() -> None:
    book = Book()
    made_ = made(book, properties='{"erp":{"no":1},"shop":{"id":"x"}}')
    merged = {"erp": {"at": None}}
    after = amended(book, made_.product.product.id, said={"properties": merged})
    assert after.product.properties == '{"erp":{"no":1,"at":null},"shop":{"id":"x"}}'


def test_a_product_keeps_a_variant_and_a_deleted_one_stays_deleted() -> None:
    book = Book()
    result = made(book, new(sku="S"), handle="shirt")
    id_, [variant] = result.product.product.id, result.made
    refusal = book.refused(AmendProduct(ORG, "x", id_, delete=((variant, "d[0]"),)))
    assert (refusal.reason, refusal.field) == (Reason.ILLEGAL_MOVE, "delete_variants")
    gone = amended(book, id_, said={"status": "deleted"})
    assert (gone.variants, gone.product.status) == ((), "deleted")
    assert gone.product.deleted_at is not None
    assert book.facts.events[-1].type == "product.deleted"
    assert amended(book, id_, said={"status": "deleted"}) == gone
    for more in ({"said": {"status": "active"}}, {"make": (new(),)}):
        assert book.refused(AmendProduct(ORG, "x", id_, **more)).reason is Reason.ILLEGAL_MOVE  # type: ignore[arg-type]
    # Its names are free again.
    again = made(book, new(sku="S"), handle="shirt")
    assert again.product.product.handle == "shirt"


def test_orders_keep_a_deleted_variant_and_a_new_order_cannot_name_it() -> None:
    book = Book()
    result = made(book, new("[0]", "S", name="Small"), new("[1]", "L", name="Large"))
    small = result.product.variants[0].variant
    assert isinstance(sold(book, variant_id=small.id), OrderResult)
    amended(book, result.product.product.id, delete=((small.id, ""),))
    for named in (
        {"variant_id": small.id},
        {"entry_id": small.entry_id},
        {"names": (("sku", "S"),), "known": True},
    ):
        refusal = sold(book, **named)
        assert isinstance(refusal, Refusal)
        assert refusal.reason is Reason.UNKNOWN_VARIANT
    assert isinstance(sold(book, variant_id=result.made[1]), OrderResult)


def test_a_sender_who_tells_an_order_again_keeps_its_deleted_variants() -> None:
    book = Book()
    result = made(book, new("[0]", "S", name="Small"), new("[1]", "L", name="Large"))
    small = result.product.variants[0].variant

    def told(turn: int) -> OrderDraft:
        line = DraftLine("[0].items[0]", VariantRef(small.id), much(1 + turn), NINE, "EUR")
        return OrderDraft(
            "[0]", f"K-{turn // 2}", bytes([turn]) * 16, "EUR", NINE, (line,), CustomerRef(),
            (("konvo", "open"),), {},
        )  # fmt: skip

    book.done(MirrorOrders(ORG, "konvo", (told(0),)))
    amended(book, result.product.product.id, delete=((small.id, ""),))
    again = book.done(MirrorOrders(ORG, "konvo", (told(1),)))
    assert isinstance(again, OrdersResult)
    [line] = again.orders[0].lines
    assert (line.variant_id, line.quantity) == (small.id, much(2))
    assert book.refused(MirrorOrders(ORG, "konvo", (told(2),))).reason is Reason.UNKNOWN_VARIANT


def test_a_title_follows_the_names_until_somebody_sets_it() -> None:
    book = Book()
    result = made(book, new("[0]", "S", name="Small"), new("[1]", "L", name="Large"))
    id_, (small, large) = result.product.product.id, result.made
    set_ = VariantChange("", large, {"title": "The large one"})
    amended(book, id_, change=(set_, VariantChange("", small, {"name": "Tiny"})))
    after = amended(book, id_, said={"name": "Blouse"})
    assert [one.variant.name for one in after.variants] == ["Blouse - Tiny", "The large one"]


def test_a_single_variant_is_changed_as_its_product() -> None:
    book = Book()
    done = book.done(MakeVariant(ORG, "native", "CUP", "Cup", "EUR", NINE))
    assert isinstance(done, VariantResult)
    changed = book.done(ChangeVariant(ORG, "native", done.variant.id, {"title": "Mug"}))
    assert isinstance(changed, VariantResult)
    assert changed.variant.name == "Mug"
    product = book.facts.of(PRODUCTS)[ORG, done.variant.item_id]
    assert (product.name, product.version) == ("Mug", 2)
    assert [event.type for event in book.facts.events] == ["product.created", "product.updated"]
    assert body(book)["changed"] == {"name": ["Cup", "Mug"]}
    unknown = book.refused(ChangeVariant(ORG, "native", b"n" * 16, {"title": "x"}))
    assert unknown.reason is Reason.UNKNOWN_VARIANT


def test_only_the_version_that_is_meant_is_changed() -> None:
    book = Book()
    shirt = made(book).product
    product, meant = shirt.product, Expected(frozenset({products.revision(shirt)}))
    now = amended(book, product.id, said={"brand": "A"}, expected=meant)
    refusal = book.refused(AmendProduct(ORG, "x", product.id, {"brand": "B"}, expected=meant))
    assert refusal.reason is Reason.CHANGED_MEANWHILE
    assert refusal.version == products.revision(now)
    assert book.refused(AmendProduct(ORG, "x", b"n" * 16)).reason is Reason.UNKNOWN_PRODUCT


def test_a_product_whose_stock_is_counted_from_now_on_is_another_version() -> None:
    book = Book()
    result = made(book, new(sku="S"), new("[1]", "L"))
    product_id, versions = result.product.product.id, [products.revision(result.product)]
    for variant_id in (*result.made, result.made[0]):
        book.done(AdjustStock(ORG, variant_id, NOWHERE, much(1), "counted"))
        versions.append(products.revision(amended(book, product_id)))
    assert len({*versions[:3]}) == 3
    assert versions[3] == versions[2], "goods that come later change nothing of the product"
    before = Expected(frozenset(versions[:2]))
    stale = AmendProduct(ORG, "x", product_id, {"brand": "A"}, expected=before)
    assert book.refused(stale).reason is Reason.CHANGED_MEANWHILE


_SKUS = st.sampled_from([None, "A", "B", "C"])
_HANDLES = st.sampled_from([None, "a", "b"])
_STEP = st.tuples(st.integers(0, 3), _SKUS, _HANDLES, st.booleans(), st.integers(0, 2))


@given(st.lists(_STEP, max_size=20))
def test_names_lead_to_one_live_variant_and_one_live_product(steps: list[Any]) -> None:
    book = Book()
    for which, sku, handle, ends, variant in steps:
        known = sorted(book.facts.of(PRODUCTS).now)
        if which >= len(known):
            book.attempted(MakeProduct(ORG, "x", "P", (new("", sku),), {"handle": handle}))
            continue
        (_, id_) = known[which]
        its = [one.id for one in book.facts.variants.values() if one.item_id == id_]
        named = its[variant % len(its)]
        said: dict[str, Any] = {"status": "deleted"} if ends else {"handle": handle}
        change = (VariantChange("", named, {"sku": sku}),) if variant else ()
        delete = () if variant else ((named, ""),)
        make = () if ends else (new("", sku),)
        book.attempted(AmendProduct(ORG, "x", id_, said, make, change, delete))
    _consistent(book)


def _consistent(book: Book) -> None:
    live = {one.id: one for one in book.facts.variants.values() if one.deleted_at is None}
    told = [one for one in live.values() if one.item_id in {k for _, k in book.facts.of(PRODUCTS)}]
    skus = [one.sku for one in told if one.sku is not None]
    assert len(skus) == len(set(skus))
    for one in told:
        if one.sku is not None:
            assert book.facts.variant_names[ORG, "sku", one.sku].variant_id == one.id
    for product in book.facts.of(PRODUCTS).values():
        its = [one for one in told if one.item_id == product.id]
        ended = product.status == "deleted"
        assert bool(its) != ended
        events = [one.seq for one in book.facts.events if one.subject_id == product.id]
        assert events == list(range(1, product.version + 1))
        if product.handle is not None and not ended:
            assert book.facts.of(HANDLES)[ORG, product.handle].product_id == product.id
    named = [one.product_id for one in book.facts.of(HANDLES).values()]
    assert len(named) == len(set(named))
