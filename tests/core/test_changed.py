"""An amendment's event tells what changed, from what to what, and who changed it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.book import ENTRY, LOOSE, ORG, TRACKED, Book, line, named
from tests.quantities import much, units

from entrepot.core import actor, ids, properties
from entrepot.core.changed import TOLD_MAX, changed
from entrepot.core.commands import DraftLine, LineChange, VariantRef
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.money import Amount
from entrepot.core.order import Order


def created(variant: bytes, **said: Any) -> DraftLine:
    ref = VariantRef(entry_id=ENTRY[variant], field="itemListEntryId")
    return line(**said)._replace(where="createOrderItems[0]", variant=ref)


def a_book() -> tuple[Book, Order]:
    """A confirmed order of two lines, which has no payment: everything of it can be amended."""
    book = Book()
    book.stock(TRACKED, 1_000)
    return book, book.confirmed(line(quantity=4), line(LOOSE), paid=False)


def amended(book: Book, order: Order, **change: Any) -> Any:
    """The changes in the event of an amendment; None if it tells none."""
    book.done(AmendOrder(ORG, "polinate", order.id, **change))
    last = book.events(order)[-1]
    return json.loads(last.body).get("changed") if last.type == "order.amended" else None


def test_a_member_that_changed_is_told_with_both_values() -> None:
    book, order = a_book()
    assert amended(book, order, said={"notes": "ring twice"}) == {"notes": [None, "ring twice"]}
    told = {"notes": "ring once", "external_reference": "PO-7", "expected_at": 5_000_000}
    expected = order.expected_at
    assert amended(book, order, said=told) == {
        "notes": ["ring twice", "ring once"],
        "external_reference": [None, "PO-7"],
        "expected_at": [expected, 5_000_000],
    }


def test_amounts_are_told_as_texts_with_all_that_follows_from_them() -> None:
    book, order = a_book()
    assert order.total == Amount(5_000, 2)
    assert amended(book, order, total=Amount(4_000, 2)) == {
        "total": ["50.00", "40.00"], "discount": ["0", "10.00"],
    }  # fmt: skip


def test_lines_are_told_by_their_ids() -> None:
    book, order = a_book()
    kept, gone = order.lines
    told = amended(
        book, order,
        update_lines=(LineChange("updateOrderItems[0]", kept.id, much(3)),),
        delete_lines=(("deleteOrderItems[0]", gone.id),),
        create_lines=(created(LOOSE, quantity=2, price=Amount(1, 0)),),
    )  # fmt: skip
    [new] = [one for one in book.order(order).lines if one.id != kept.id]
    lines = told["lines"]
    assert lines.keys() == {ids.dashed(one.id) for one in (kept, gone, new)}
    assert lines[ids.dashed(kept.id)] == {"quantity": [4, 3]}
    before, nothing = lines[ids.dashed(gone.id)]
    assert (before["quantity"], before["price"], nothing) == (1, "10.00", None)
    nothing, after = lines[ids.dashed(new.id)]
    assert (after["quantity"], after["price"], nothing) == (2, "1", None)


def test_a_json_object_is_told_by_its_members_to_the_digit() -> None:
    book, order = a_book()
    amended(book, order, properties={"a": {"b": 1}, "c": "x", "yes": True})
    before = properties.parse('{"c": "x", "n": 1.50}')
    told = amended(book, order, properties=before | {"a": {"d": 2}, "yes": 1})
    assert told == {"properties": {"n": [None, 1.5], "a": [{"b": 1}, {"b": 1, "d": 2}],
                                   "yes": [True, 1]}}  # fmt: skip
    assert '"n":[null,1.50]' in book.events(order)[-1].body


def test_of_a_long_value_its_beginning_and_a_digest_are_told() -> None:
    book, order = a_book()
    long = "n" * (TOLD_MAX + 1)
    told = amended(book, order, said={"notes": long}, properties={"p": long, long: 1})
    _, notes = told["notes"]
    digest = hashlib.sha256(long.encode()).hexdigest()
    assert notes == "n" * TOLD_MAX + f"... ({TOLD_MAX + 1} characters, sha256 {digest})"
    assert max(len(name) for name in told["properties"]) < TOLD_MAX + 200
    _, inner = told["properties"]["p"]
    assert len(inner) < TOLD_MAX + 200


def test_what_its_sender_tells_anew_is_told_as_well() -> None:
    book = Book()
    known = book.mirrored(sender="k-1", lines=(named("A-1", 2),), said={"notes": "as first"})
    told = book.mirroring(sender="k-1", lines=(named("A-1", 3),), said={"notes": "as then"})
    book.done(told)
    [body] = [one.body for one in book.events(known) if one.type == "order.amended"]
    [line_] = known.lines
    found = json.loads(body)["changed"]
    assert found["notes"] == ["as first", "as then"]
    assert found["lines"] == {ids.dashed(line_.id): {"quantity": [2, 3]}}


def test_an_order_that_differs_in_nothing_told_changed_in_nothing() -> None:
    _, order = a_book()
    later = order.changed(version=9, updated_at=9, sender_digest=b"d", parked=True)
    assert changed(order, order) == changed(order, later) == {}


# ------------------------------------------------------------------ the log says the row

NAMES = ("notes", "external_reference", "delivery_address", "channel")
TEXT = st.none() | st.sampled_from(["", "a", "b", "c"])


@settings(max_examples=60)
@given(
    st.lists(
        st.fixed_dictionaries({}, optional={
            "said": st.dictionaries(st.sampled_from(NAMES), TEXT, max_size=3),
            "quantity": st.integers(1, 5),
            "properties": st.dictionaries(
                st.sampled_from("pqr"), st.sampled_from([1, "1", True, None, {"in": 2}])
            ),
            "more": st.just(True),
            "less": st.just(True),
        }),
        max_size=6,
    )
)  # fmt: skip
def test_the_row_can_be_folded_from_what_amendments_tell(steps: list[dict[str, Any]]) -> None:
    book, first = a_book()
    for step in steps:
        order, change = book.order(first), {}
        if "said" in step:
            change["said"] = step["said"]
        if "properties" in step:
            change["properties"] = step["properties"]
        if "quantity" in step:
            tracked = order.lines[0].id
            change["update_lines"] = (LineChange("update[0]", tracked, much(step["quantity"])),)
        if "more" in step and all(one.entry_id != ENTRY[LOOSE] for one in order.lines):
            change["create_lines"] = (created(LOOSE),)
        if "less" in step and len(order.lines) > 1:
            change["delete_lines"] = (("delete[0]", order.lines[-1].id),)
        book.done(AmendOrder(ORG, "polinate", order.id, **change))
    state = stands(first)
    for event in book.events(first):
        fold(state, json.loads(event.body).get("changed", {}))
    assert state == stands(book.order(first))


def stands(order: Order) -> dict[str, Any]:
    """The members that amendments of this test can change."""
    return {
        **{name: getattr(order, name) for name in NAMES},
        "properties": json.loads(order.properties or "{}"),
        "lines": {ids.dashed(one.id): units(one.quantity) for one in order.lines},
    }


def fold(state: dict[str, Any], told: dict[str, Any]) -> None:
    """Take a change over. It changes from the state that the changes before it led to."""
    for name, change in told.items():
        if name == "properties":
            for member, (before, after) in change.items():
                assert state[name].get(member) == before
                state[name][member] = after
        elif name == "lines":
            for line_id, one in change.items():
                fold_line(state[name], line_id, one)
        elif name in state:
            assert state[name] == change[0]
            state[name] = change[1]


def fold_line(lines: dict[str, int], line_id: str, told: Any) -> None:
    before, after = told["quantity"] if isinstance(told, dict) else [
        one and one["quantity"] for one in told
    ]  # fmt: skip
    assert lines.pop(line_id, None) == before
    if after is not None:
        lines[line_id] = after


# ------------------------------------------------------------------ who


def test_an_event_says_who_sent_the_command() -> None:
    book = Book()
    book.facts.actor = actor.credential(b"k" * 16)
    order = book.placed()
    book.facts.actor = actor.operator("retry")
    book.told(order, ("polinate_phase", "CANCELLED"))
    first, *others = book.events(order)
    assert first.actor == "key:6b6b6b6b-6b6b-6b6b-6b6b-6b6b6b6b6b6b"
    assert {one.actor for one in others} == {"operator:retry"}
    assert {one.subject for one in book.events(order)} == {"order"}


def test_a_providers_answer_is_told_as_the_providers() -> None:
    book = Book()
    book.stock()
    book.facts.actor = actor.step("authorise")
    paid = book.confirmed()
    declined = book.placed(payment_provider="stripe")
    book.reserved(declined)
    book.settled(declined, "declined")
    expired = book.placed(payment_provider="stripe")
    book.reserved(expired)
    book.settled(expired, "expired")
    told = [
        (event.type, event.actor)
        for order in (paid, declined, expired)
        for event in book.events(order)
        if event.type.startswith(("payment", "order.confirmed"))
    ]
    assert told == [
        ("payment.authorized", "provider:sandbox"), ("order.confirmed", "step:authorise"),
        ("payment.declined", "provider:sandbox"), ("payment.expired", "step:authorise"),
    ]  # fmt: skip


def test_the_subject_of_a_token_prints() -> None:
    assert actor.subject("alice@example.com") == "token:alice@example.com"
    assert actor.subject("a\x00\x1b[2J\ud800b\n") == "token:a[2Jb"
    assert actor.subject("x" * 100) == f"token:{'x' * 64}"
    assert actor.subject(None) == actor.subject("") == actor.subject(7) == "token:-"
