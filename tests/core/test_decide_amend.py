"""Amending: words, fields and lines together, all or nothing; properties merge deeply."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.book import ENTRY, LOOSE, ORG, SCARCE, TRACKED, Book, line, named, telling
from tests.core.laws import fold
from tests.quantities import much, units

from entrepot.core import properties
from entrepot.core.commands import DraftLine, LineChange, VariantRef
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.amended_lines import LINES_MAX
from entrepot.core.facets import Facets
from entrepot.core.money import UNITS_MAX, Amount
from entrepot.core.order import Order
from entrepot.core.refusal import Reason
from entrepot.core.results import OrderResult
from entrepot.core.shown import external_id
from entrepot.core.words import shown

PACKED = ("polinate_status", "PACKED")
IN_TRANSIT = ("polinate_status", "IN_TRANSIT")
CANCELLED = ("polinate_phase", "CANCELLED")


def changing(order: Order, **change: Any) -> AmendOrder:
    return AmendOrder(ORG, "polinate", order.id, one_line_an_entry=True, **change)


def created(variant: bytes = LOOSE, quantity: int = 1, **said: Any) -> DraftLine:
    ref = VariantRef(entry_id=ENTRY[variant], field="itemListEntryId")
    return line(quantity=quantity, **said)._replace(where="createOrderItems[0]", variant=ref)


def quantity(order: Order, wanted: int, place: int = 0) -> tuple[LineChange, ...]:
    return (LineChange("updateOrderItems[0]", order.lines[place].id, much(wanted)),)


def unpaid(on_hand: int = 10) -> tuple[Book, Order]:
    """A confirmed order without payment: 4 of TRACKED, and one that needs no stock."""
    book = Book()
    book.stock(TRACKED, on_hand)
    book.stock(SCARCE, 2)
    return book, book.confirmed(line(quantity=4), line(LOOSE), paid=False)


def test_everything_changes_together() -> None:
    book, order = unpaid()
    changed = book.done(
        changing(
            order,
            words=(PACKED,),
            said={"notes": "new", "external_reference": "PO-7"},
            properties={"a": {"b": 1}},
            create_lines=(created(SCARCE, 2, price=Amount(1, 0)),),
            update_lines=quantity(order, 3),
            delete_lines=(("deleteOrderItems[0]", order.lines[1].id),),
        )
    )
    after = book.order(order)
    assert changed == OrderResult(after)
    assert (after.notes, after.external_reference, after.properties) == (
        "new",
        "PO-7",
        '{"a":{"b":1}}',
    )
    assert [(row.number, units(row.quantity)) for row in after.lines] == [(1, 3), (3, 2)]
    assert after.lines[0].id == order.lines[0].id
    assert after.subtotal == after.total == Amount(3200, 2)
    assert after.facets.fulfilment == "packed"
    assert after.updated_at > order.updated_at
    assert book.types(order)[-2:] == ["order.amended", "order.moved"]
    assert (book.level().reserved, book.level(SCARCE).reserved) == (3, 2)


def test_a_change_that_changes_nothing_is_not_told() -> None:
    book, order = unpaid()
    changes = book.changes(changing(order, said={"notes": order.notes}))
    assert [*changes.orders, *changes.events] == []


def test_a_word_alone_is_kept_without_an_event() -> None:
    book = Book()
    order = book.mirrored(("konvo", "paid"), ("konvo_shipment", "in_transit"))
    assert order.words["konvo"] == "paid"
    book.told(order, ("konvo", "shipped"))
    assert book.order(order).words["konvo"] == "shipped"
    assert book.order(order).version == order.version


def test_the_total_told_wins_over_the_sum() -> None:
    book, order = unpaid()
    book.done(changing(order, total=Amount(99, 0), update_lines=quantity(order, 3)))
    after = book.order(order)
    assert (after.total, after.subtotal) == (Amount(99, 0), Amount(4000, 2))


def test_a_line_is_replaced_by_another_of_the_same_entry() -> None:
    book, order = unpaid()
    gone = (("deleteOrderItems[0]", order.lines[0].id),)
    book.done(changing(order, delete_lines=gone, create_lines=(created(TRACKED, 6),)))
    after = book.order(order)
    assert [row.number for row in after.lines] == [2, 3]
    assert book.level().reserved == 6
    states = sorted(row.state for row in book.reservations(order))
    assert states == ["committed", "released"]


def test_lines_of_an_order_that_is_not_reserved_yet_claim_nothing() -> None:
    book = Book()
    book.stock(TRACKED, 10)
    order = book.placed(line(quantity=4))
    book.done(changing(order, update_lines=quantity(order, 6)))
    assert book.level().reserved == 0
    book.reserved(order)
    assert book.level().reserved == 6


Refused = tuple[dict[str, Any], Reason, str | None]


def refusals(order: Order) -> list[Refused]:
    unknown = b"?" * 16
    return [
        ({"create_lines": (created(TRACKED),)}, Reason.DUPLICATE_ENTRY,
         "createOrderItems[0].itemListEntryId"),
        ({"create_lines": (created(SCARCE), created(SCARCE))}, Reason.DUPLICATE_ENTRY,
         "createOrderItems[0].itemListEntryId"),
        ({"create_lines": (created()._replace(variant=VariantRef(entry_id=unknown)),)},
         Reason.UNKNOWN_VARIANT, "createOrderItems[0].variant_id"),
        ({"update_lines": (LineChange("updateOrderItems[0]", unknown, much(1)),)},
         Reason.UNKNOWN_LINE, "updateOrderItems[0].id"),
        ({"delete_lines": (("deleteOrderItems[0]", unknown),)}, Reason.UNKNOWN_LINE,
         "deleteOrderItems[0]"),
        ({"delete_lines": (("deleteOrderItems[0]", order.lines[0].id),),
          "update_lines": quantity(order, 1)}, Reason.UNKNOWN_LINE, "updateOrderItems[0].id"),
        ({"update_lines": (*quantity(order, 5), LineChange("second", order.lines[0].id, much(6)))},
         Reason.INVALID, "second.id"),
        ({"update_lines": quantity(order, 11)}, Reason.OUT_OF_STOCK, None),
        ({"create_lines": (created(SCARCE, 3),)}, Reason.OUT_OF_STOCK, None),
        ({"update_lines": (LineChange("u", order.lines[0].id, much(9),
                                      price=Amount(UNITS_MAX, 0)),)},
         Reason.INVALID, "total"),
        ({"update_lines": (LineChange("u", order.lines[0].id, currency="USD"),)}, Reason.INVALID,
         "u.currency"),
        ({"create_lines": tuple(named(f"n{i}") for i in range(LINES_MAX))}, Reason.INVALID,
         "new_lines"),
        ({"words": (("polinate_phase", "DRAFT"),)}, Reason.ILLEGAL_MOVE, "order"),
        ({"words": (("polinate_phase", "ARCHIVED"),)}, Reason.ILLEGAL_MOVE, "order"),
    ]  # fmt: skip


@pytest.mark.parametrize("case", range(14))
def test_one_fault_leaves_everything_as_it_was(case: int) -> None:
    book, order = unpaid()
    change, reason, field = refusals(order)[case]
    good = {"said": {"notes": "must not stay"}, "properties": {"x": 1}}
    refusal = book.refused(changing(order, **good, **change))
    assert (refusal.reason, refusal.field) == (reason, field)
    assert book.order(order) == order


def test_goods_that_are_only_told_to_arrive_were_packed_on_the_way() -> None:
    """Synq's documented row holds: `confirmed` becomes `processing`, whoever moves the order."""
    book, order = unpaid()
    known = len(book.events(order))
    book.done(changing(order, words=(("polinate_status", "DELIVERED"),)))
    stands = [fold([event])[0] for event in book.events(order)[known:]]
    words = list(dict.fromkeys(shown(facets, "")["synq"] for facets in stands))
    assert words == ["processing", "delivered"]
    assert book.level().reserved == 0


def test_a_second_line_of_one_entry_is_taken_where_the_dialect_does_not_forbid_it() -> None:
    book, order = unpaid()
    lines = (created(TRACKED),)
    refusal = book.refused(changing(order, create_lines=lines))
    assert refusal.reason is Reason.DUPLICATE_ENTRY
    result = book.done(changing(order, create_lines=lines)._replace(one_line_an_entry=False))
    assert isinstance(result, OrderResult)
    [first, *_, last] = result.order.lines
    assert (first.entry_id, first.id) != (last.entry_id, last.id)
    assert first.entry_id == last.entry_id


def test_an_unknown_order_is_refused() -> None:
    book, order = unpaid()
    refusal = book.refused(AmendOrder(ORG, "polinate", b"?" * 16, said={"notes": "n"}))
    assert refusal.reason is Reason.UNKNOWN_ORDER
    foreign = book.refused(AmendOrder(8, "polinate", order.id, said={"notes": "n"}))
    assert foreign.reason is Reason.UNKNOWN_ORDER


def test_a_payment_that_is_under_way_fixes_lines_total_and_currency_but_nothing_else() -> None:
    book = Book()
    book.stock(TRACKED, 10)
    order = book.placed(line(quantity=4), line(LOOSE), payment_provider="stripe")
    book.reserved(order)
    for change in (
        {"update_lines": quantity(order, 3)},
        {"create_lines": (created(SCARCE),)},
        {"delete_lines": (("deleteOrderItems[0]", order.lines[0].id),)},
        {"total": Amount(1, 0)},
        {"said": {"currency": "USD"}},
    ):
        assert book.refused(changing(order, **change)).reason is Reason.AMOUNT_FIXED
    note = (LineChange("u", order.lines[0].id, unit_of_measure="kg", properties={"n": 1}),)
    book.done(changing(order, said={"notes": "n"}, update_lines=note))
    after = book.order(order)
    assert (after.notes, after.lines[0].unit_of_measure) == ("n", "kg")
    assert (after.total, book.level().reserved) == (order.total, 4)


@pytest.mark.parametrize("told", [(IN_TRANSIT,), (("polinate_phase", "CANCELLED"),)])
def test_lines_of_an_order_that_left_or_ended_do_not_change(
    told: tuple[tuple[str, str], ...],
) -> None:
    book, order = unpaid()
    if told == (IN_TRANSIT,):
        book.told(order, PACKED)
    book.told(order, *told)
    refusal = book.refused(changing(order, update_lines=quantity(order, 1)))
    assert refusal.reason is Reason.ILLEGAL_MOVE
    note = (LineChange("u", order.lines[0].id, properties={"n": 1}),)
    book.done(changing(order, update_lines=note))
    assert book.order(order).lines[0].properties == '{"n":1}'
    assert book.level().reserved == 0


# Lines and words of one command: what the lines claim is what the move releases or ships.


@pytest.mark.parametrize("wanted", [2, 4, 7])
def test_lines_and_cancelling_in_one_command(wanted: int) -> None:
    book, order = unpaid()
    lines = {"update_lines": quantity(order, wanted), "create_lines": (created(SCARCE, 1),)}
    book.done(changing(order, words=(CANCELLED,), **lines))
    assert (book.level().reserved, book.level(SCARCE).reserved) == (0, 0)
    assert {row.state for row in book.reservations(order)} == {"released"}


@pytest.mark.parametrize("wanted", [2, 4, 7])
def test_lines_and_shipping_in_one_command(wanted: int) -> None:
    book, order = unpaid()
    book.told(order, PACKED)
    lines = {"update_lines": quantity(order, wanted), "create_lines": (created(SCARCE, 1),)}
    book.done(changing(order, words=(IN_TRANSIT,), **lines))
    assert (book.level().on_hand, book.level(SCARCE).on_hand) == (10 - wanted, 1)
    assert (book.level().reserved, book.level(SCARCE).reserved) == (0, 0)


def test_what_the_payment_fixes_can_be_told_as_it_is() -> None:
    """The same amounts, however they are written, are no change of an authorised order."""
    book = Book()
    book.stock(TRACKED, 10)
    order = book.confirmed(line(quantity=4))
    [only] = order.lines
    same = LineChange("u[0]", only.id, much(4), only.unit_of_measure, only.currency,
                      Amount(only.price.units * 100, only.price.scale + 2), only.cost)  # fmt: skip
    total = Amount(order.total.units * 10, order.total.scale + 1)
    for change in (
        {"update_lines": (same,)},
        {"total": total},
        {"said": {"currency": order.currency}},
        {"update_lines": (same,), "total": total, "said": {"currency": order.currency}},
    ):
        book.done(changing(order, **change))
        assert book.order(order) == order
    # Beside them, what a payment does not fix changes.
    book.done(changing(order, total=total, said={"notes": "new"}))
    after = book.order(order)
    assert (after.notes, after.total, after.lines) == ("new", order.total, order.lines)


def test_a_total_that_is_told_stays_when_lines_change() -> None:
    book, order = unpaid()
    told = Amount(order.total.units * 10, order.total.scale + 1)
    book.done(changing(order, update_lines=quantity(order, 1), total=told))
    assert book.order(order).total == order.total


def test_a_currency_is_the_whole_orders() -> None:
    book, order = unpaid()
    book.done(changing(order, said={"currency": "USD"}))
    after = book.order(order)
    assert {after.currency, *(row.currency for row in after.lines)} == {"USD"}
    assert after.total == order.total


# --- properties: they are merged deeply (docs/dialects/polinate.md, "Changing")


@pytest.mark.parametrize(
    ("old", "new", "merged"),
    [
        ({"unleashed": {"guid": "1"}}, {"sage": {"no": 4}},
         {"unleashed": {"guid": "1"}, "sage": {"no": 4}}),
        ({"sage": {"no": 4}}, {"sage": {"invoice": 5}}, {"sage": {"no": 4, "invoice": 5}}),
        ({"sage": {"no": 4}}, {"sage": {"no": None}}, {"sage": {"no": None}}),
        ({"sage": {"no": 4}}, {"sage": None}, {"sage": None}),
        ({"list": [1, 2]}, {"list": [3]}, {"list": [3]}),
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": 9}}}, {"a": {"b": {"c": 9, "d": 2}}}),
        ({"a": 1}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {}, {"a": 1}),
        ({}, {"a": 1}, {"a": 1}),
    ],
)  # fmt: skip
def test_properties_are_merged_as_documented(
    old: dict[str, Any], new: dict[str, Any], merged: dict[str, Any]
) -> None:
    book = Book()
    order = book.placed(line(properties=json.dumps(old)), properties=json.dumps(old))
    change = LineChange("u", order.lines[0].id, properties=new)
    book.done(changing(order, properties=new, update_lines=(change,)))
    after = book.order(order)
    assert json.loads(after.properties or "") == merged
    assert json.loads(after.lines[0].properties or "") == merged


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
KEYS = st.sampled_from("abc")
TREES = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=2),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, TREES, max_size=3)


@given(OBJECTS, OBJECTS)
@settings(max_examples=300)
def test_merging_keeps_what_was_not_sent_and_has_what_was(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    def agrees(merged: Any, before: Any, sent: Any) -> bool:
        if not isinstance(sent, dict):
            return bool(merged == sent)
        kept = before if isinstance(before, dict) else {}
        return set(merged) == {*kept, *sent} and all(
            agrees(merged[key], kept.get(key), sent[key]) if key in sent
            else merged[key] == kept[key]
            for key in merged
        )  # fmt: skip

    copy = json.dumps(old)
    merged = properties.merged(old, new)
    assert agrees(merged, old, new)
    assert properties.merged(merged, new) == merged
    assert json.dumps(old) == copy


def test_a_managed_order_keeps_its_stage_over_field_changes() -> None:
    book, order = unpaid()
    book.done(changing(order, said={"notes": "n"}))
    assert book.order(order).facets == Facets("confirmed", fulfilment="accepted")
    assert book.refused(telling(order, ("konvo", "paid"))).reason is Reason.ILLEGAL_MOVE


def test_a_time_that_is_told_as_it_is_shown_is_no_change() -> None:
    """Times are shown to the millisecond, and kept to the microsecond."""
    book, order = unpaid()
    exact = order.created_at + 60_000_123
    book.done(changing(order, said={"expected_at": exact}))
    known = book.order(order)
    book.done(changing(order, said={"expected_at": exact // 1000 * 1000}))
    assert book.order(order) == known
    book.done(changing(order, said={"expected_at": exact + 1000}))
    assert book.order(order).expected_at == exact + 1000


def test_an_external_id_as_it_is_shown_is_not_told() -> None:
    """The order shows the reference that somebody wrote on it, and goes on following it."""
    book, order = unpaid()
    book.done(changing(order, said={"external_reference": "PO-7"}))
    before = book.order(order)
    assert external_id(before) == "PO-7"
    native = AmendOrder(ORG, "native", order.id, said={"external_id": "PO-7"})
    book.done(native)
    assert book.order(order) == before
    book.done(changing(order, said={"external_reference": "PO-8"}))
    assert external_id(book.order(order)) == "PO-8"
    book.done(native)
    assert external_id(book.order(order)) == "PO-7"
