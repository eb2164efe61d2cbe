"""Buyers and partnerships: who may be changed, one primary a kind, and which orders are taken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.book import GUEST, LIST, ORG, Book, line, one

from entrepot.core import events
from entrepot.core.buyers import EMAIL, PHONE, Partner
from entrepot.core.commands import CustomerRef
from entrepot.core.contacts import asked_for, exactly, terms_of
from entrepot.core.decide.buyer import ChangeBuyer, MakeBuyer
from entrepot.core.decide.buyer_parts import (
    PARTS_MAX,
    Address,
    BuyerParts,
    ContactChange,
    NewContact,
    PlaceChange,
    Primary,
    Removal,
)
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.expected import Expected
from entrepot.core.kinds import CUSTOMERS
from entrepot.core.order import Customer
from entrepot.core.partnerships import STATUSES
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import PartnerResult


def at(value: str, kind: str = EMAIL) -> Address:
    return Address(value, value.lower(), (kind, value.lower()))


def new(value: str, kind: str = EMAIL, **more: Any) -> NewContact:
    return NewContact(f"create[{value}]", kind, at(value, kind), **more)


def told(book: Book, command: MakeBuyer | ChangeBuyer) -> Partner:
    result = book.done(command)
    assert isinstance(result, PartnerResult)
    return result.partner


def made(book: Book, *contacts: NewContact, **more: Any) -> Partner:
    return told(book, MakeBuyer(ORG, "polinate", "Acme", parts=BuyerParts(contacts), **more))


def changing(buyer: Partner, **parts: Any) -> ChangeBuyer:
    return ChangeBuyer(ORG, "polinate", buyer.customer.id, parts=BuyerParts(**parts), field="parts")


def told_by_another(book: Book) -> bytes:
    """A customer whom an order brought."""
    who = CustomerRef(identifiers=(("email", "ada@example.org"),), first_name="Ada")
    return one(book.done(PlaceOrder(ORG, "native", "EUR", (line(),), who))).customer_id


def types(book: Book, id_: bytes) -> list[tuple[int, str]]:
    return [(event.seq, event.type) for event in book.facts.events if event.subject_id == id_]


def test_a_buyer_is_a_customer_with_an_active_partnership_and_the_default_list() -> None:
    book = Book()
    buyer = made(book, new("A@x.org"), new("123456", PHONE))
    who = buyer.customer
    assert (who.name, who.last_name, who.email, who.phone) == ("Acme", "Acme", "A@x.org", "123456")
    assert (buyer.partnership.status, buyer.list_id) == ("active", LIST)
    assert types(book, who.id) == [(1, events.CUSTOMER_CREATED)]
    # What names the customer leads orders to the customer.
    ref = CustomerRef(identifiers=(("email", "a@x.org"),), last_name="Acme")
    assert one(book.done(PlaceOrder(ORG, "native", "EUR", (line(),), ref))).customer_id == who.id


def test_a_mailbox_stays_with_the_customer_who_had_it_first() -> None:
    book = Book()
    first = told_by_another(book)
    buyer = made(book, new("ada@example.org"))
    assert buyer.customer.id != first
    name = book.facts.customer_names[ORG, "email", "ada@example.org"]
    assert name.customer_id == first


def test_the_first_contact_is_primary_unless_told_otherwise() -> None:
    for flag, primary in ((None, True), (False, False), (True, True)):
        buyer = made(Book(), new("a@x.org", is_primary=flag), new("b@x.org"))
        assert [one.is_primary for one in buyer.of(EMAIL)] == [primary, False]
        assert buyer.customer.email == ("a@x.org" if primary else None)


def test_the_only_contact_is_primary_however_it_took_the_place_of_another() -> None:
    book = Book()
    buyer = made(book, new("a@x.org"))
    [first] = buyer.of(EMAIL)
    gone = (Removal("d", EMAIL, first.id),)
    after = told(book, changing(buyer, removed=gone, new=(new("b@x.org"),)))
    assert [(one.value, one.is_primary) for one in after.of(EMAIL)] == [("b@x.org", True)]
    assert after.customer.email == "b@x.org"


def test_contacts_change_their_addresses_with_each_other() -> None:
    book = Book()
    buyer = made(book, new("a@x.org"), new("b@x.org"))
    first, second = buyer.of(EMAIL)
    both = (
        ContactChange("u[0]", EMAIL, first.id, at("b@x.org")),
        ContactChange("u[1]", EMAIL, second.id, at("a@x.org")),
    )
    refused = book.refused(changing(buyer, changed=both[:1]))
    assert (refused.reason, refused.field) == (Reason.DUPLICATE_ENTRY, "u[0].email")
    after = told(book, changing(buyer, changed=both))
    assert [one.value for one in after.of(EMAIL)] == ["b@x.org", "a@x.org"]
    assert after.customer.email == "b@x.org"


def test_parts_are_deleted_updated_and_made_together() -> None:
    book = Book()
    buyer = made(book, new("a@x.org"), new("b@x.org", contact_name="Bo"))
    first, second = buyer.of(EMAIL)
    change = changing(
        buyer,
        removed=(Removal("delete[0]", EMAIL, first.id),),
        changed=(
            ContactChange("update[0]", EMAIL, second.id, at("a@x.org"), {"is_primary": True}),
        ),
        new=(new("c@x.org"),),
        new_places=(PlaceChange("places[0]", {"city": "Sydney"}),),
    )
    after = told(book, change)
    assert [(one.value, one.is_primary, one.sequence) for one in after.of(EMAIL)] == [
        ("a@x.org", True, 2), ("c@x.org", False, 3),
    ]  # fmt: skip
    [place] = after.locations
    assert (place.city, place.status, place.label) == ("Sydney", "ACTIVE", None)
    after = told(
        book, changing(after, changed_places=(PlaceChange("u", {"city": None}, place.id),))
    )
    assert after.locations[0].city is None
    after = told(book, changing(after, removed=(Removal("d", None, place.id),)))
    assert after.locations == ()
    assert types(book, buyer.customer.id) == [
        (1, events.CUSTOMER_CREATED), *[(seq, events.CUSTOMER_UPDATED) for seq in (2, 3, 4)],
    ]  # fmt: skip


def test_what_is_as_it_was_is_no_event() -> None:
    book = Book()
    buyer = made(book, new("a@x.org"), properties={"erp": {"no": 1}})
    same = ContactChange("u", EMAIL, buyer.of(EMAIL)[0].id, at("a@x.org"), {"is_primary": True})
    change = changing(buyer, changed=(same,), primary=(Primary("p", EMAIL, at("A@x.org")),))
    change = change._replace(said={"name": "Acme", "properties": {"erp": {}}}, status="active")
    # The primary mailbox is written in another way.
    after = told(book, change)
    assert after.customer.email == "A@x.org"
    again = told(book, change._replace(parts=BuyerParts()))
    assert again == after
    assert len(types(book, buyer.customer.id)) == 2


def test_a_primary_address_by_itself_is_a_contact() -> None:
    book = Book()
    buyer = made(book, new("a@x.org"))
    after = told(book, changing(buyer, primary=(Primary("p", EMAIL, at("b@x.org")),)))
    assert [(one.value, one.is_primary) for one in after.of(EMAIL)] == [
        ("a@x.org", False), ("b@x.org", True),
    ]  # fmt: skip
    after = told(book, changing(after, primary=(Primary("p", EMAIL, at("a@x.org")),)))
    assert (after.primary(EMAIL), after.customer.email) == ("a@x.org", "a@x.org")
    after = told(book, changing(after, primary=(Primary("p", EMAIL, None),)))
    assert (after.primary(EMAIL), after.customer.email) == (None, None)
    assert len(after.of(EMAIL)) == 2


NOBODYS = b"?" * 16
REFUSED: dict[str, tuple[dict[str, Any], Reason, str]] = {
    "an address twice": (
        {"new": (new("A@x.org"),)}, Reason.DUPLICATE_ENTRY, "create[A@x.org].email",
    ),
    "two primary ones": (
        {"new": (new("b@x.org", is_primary=True), new("c@x.org", is_primary=True))},
        Reason.INVALID, "create[c@x.org].is_primary",
    ),
    "another primary one by itself": (
        {"new": (new("b@x.org", is_primary=True),),
         "primary": (Primary("p", EMAIL, at("c@x.org")),)},
        Reason.INVALID, "p",
    ),
    "no primary one, and one": (
        {"new": (new("b@x.org", is_primary=True),), "primary": (Primary("p", EMAIL, None),)},
        Reason.INVALID, "p",
    ),
    "an unknown contact": (
        {"changed": (ContactChange("u", EMAIL, NOBODYS),)}, Reason.INVALID, "u.id",
    ),
    "an unknown contact to delete": (
        {"removed": (Removal("d", EMAIL, NOBODYS),)}, Reason.INVALID, "d",
    ),
    "an unknown location": (
        {"changed_places": (PlaceChange("u", {}, NOBODYS),)}, Reason.INVALID, "u.id",
    ),
    "an unknown location to delete": (
        {"removed": (Removal("d", None, NOBODYS),)}, Reason.INVALID, "d",
    ),
    "a contact too many": (
        {"new": tuple(new(f"{n}@x.org") for n in range(PARTS_MAX))},
        Reason.INVALID, f"create[{PARTS_MAX - 1}@x.org]",
    ),
    "a location too many": (
        {"new_places": (PlaceChange("l", {"city": "X"}),) * (PARTS_MAX + 1)}, Reason.INVALID, "l",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_leaves_the_buyer_as_it_was(name: str) -> None:
    parts, reason, field = REFUSED[name]
    book = Book()
    buyer = made(book, new("a@x.org"))
    refusal = book.refused(changing(buyer, **parts))
    assert (refusal.reason, refusal.field) == (reason, field)


def test_a_phone_is_no_mailbox() -> None:
    book = Book()
    buyer = made(book, new("a@x.org"), new("123456", PHONE))
    phone = buyer.of(PHONE)[0].id
    assert book.refused(changing(buyer, removed=(Removal("d", EMAIL, phone),))).field == "d"


def test_of_a_customer_whom_others_told_only_the_partnership_is_changed() -> None:
    book = Book()
    id_ = told_by_another(book)
    refusal = book.refused(ChangeBuyer(ORG, "polinate", id_, {"name": "Bo"}, field="buyer.name"))
    assert (refusal.reason, refusal.field) == (Reason.FORBIDDEN, "buyer.name")
    after = told(book, ChangeBuyer(ORG, "polinate", id_, status="paused"))
    assert (after.partnership.status, after.buyer) == ("paused", None)
    assert types(book, id_) == [(1, events.PARTNERSHIP_UPDATED)]
    assert book.refused(ChangeBuyer(ORG, "polinate", NOBODYS)).reason is Reason.NO_SUCH_CUSTOMER


def test_nobody_owns_the_partnership_of_the_guest() -> None:
    book = Book()
    guest = Customer(ORG, GUEST, "Guest", None, None, None, None, 1, 1)
    book.facts.of(CUSTOMERS).read([guest])
    refusal = book.refused(ChangeBuyer(ORG, "polinate", GUEST, status="paused", status_field="s"))
    assert (refusal.reason, refusal.field) == (Reason.FORBIDDEN, "s")


def test_a_change_of_another_version_is_refused() -> None:
    book = Book()
    buyer = made(book)
    change = changing(buyer)._replace(
        said={"name": "Bo"}, expected=Expected(frozenset({buyer.revision}))
    )
    after = told(book, change)
    assert (after.customer.name, after.revision) != ("Acme", buyer.revision)
    assert book.refused(change).reason is Reason.CHANGED_MEANWHILE


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("looks", [True, False])
def test_only_an_active_partnership_accepts_orders(status: str, looks: bool) -> None:
    book = Book()
    buyer = made(book, status=status)
    ref = CustomerRef(customer_id=buyer.customer.id, field="partnershipId")
    order = PlaceOrder(ORG, "polinate", "EUR", (line(),), ref, looks_at_partnership=looks)
    outcome = book.attempted(order)
    if status == "active" or not looks:
        assert one(outcome).customer_id == buyer.customer.id  # type: ignore[arg-type]
    else:
        assert isinstance(outcome, Refusal)
        assert (outcome.reason, outcome.field) == (Reason.PARTNERSHIP_CLOSED, "partnershipId")
    # What another system tells is taken as it is.
    book.mirrored(("konvo", "open"), customer=ref)


def test_a_buyer_is_found_by_every_name_mailbox_and_number() -> None:
    buyer = made(
        Book(), new("a@x.org"), new("B@x.org"), new("+61 2 9999 0000", PHONE), legal_name="Zed Ltd"
    )
    assert buyer.buyer is not None
    names = (buyer.buyer.name, buyer.buyer.legal_name)
    terms = set(terms_of(buyer.customer, buyer.contacts, names).split("\n"))
    for asked in (
        ("A@X.ORG", None, None), ("b@x.org", "0061 2 9999 0000", None), (None, "0299990000", "zed"),
    ):  # fmt: skip
        assert set(exactly(*asked)) <= terms
    assert exactly(None, "+61 (0)2 9999 0000", None) == ("61299990000",)
    assert asked_for("+61 (0)2 9999 0000") == ("61299990000",)
    assert exactly(None, None, "the acme co") == ("acme", "the", "co")


_MAILBOXES = st.sampled_from([f"{name}@x.org" for name in "abcd"])
_FLAGS = st.sampled_from([None, True, False])
_STEPS = st.one_of(
    st.tuples(st.just("new"), _MAILBOXES, _FLAGS),
    st.tuples(st.just("change"), _MAILBOXES, st.booleans()),
    st.tuples(st.just("move"), _MAILBOXES, _MAILBOXES),
    st.tuples(st.just("remove"), _MAILBOXES, st.none()),
    st.tuples(st.just("primary"), _MAILBOXES, st.booleans()),
)


@settings(max_examples=200)
@given(st.lists(st.lists(_STEPS, min_size=1, max_size=4), max_size=6))
def test_whatever_is_told_one_contact_is_primary_and_none_stands_twice(
    changes: list[list[tuple[str, str, Any]]],
) -> None:
    book = Book()
    buyer = made(book)
    for steps in changes:
        outcome = book.attempted(changing(buyer, **_parts(buyer, steps)))
        if isinstance(outcome, Refusal):
            continue
        assert isinstance(outcome, PartnerResult)
        buyer = outcome.partner
        rows = buyer.of(EMAIL)
        primary = [one.value for one in rows if one.is_primary]
        assert len(primary) <= 1
        assert len({one.compared for one in rows}) == len(rows)
        assert buyer.customer.email == (primary[0] if primary else None)
        told_so_far = types(book, buyer.customer.id)
        assert [seq for seq, _ in told_so_far] == list(range(1, buyer.partnership.version + 1))


def _parts(buyer: Partner, steps: list[tuple[str, str, Any]]) -> dict[str, Any]:
    ids = {one.compared: one.id for one in buyer.of(EMAIL)}
    parts: dict[str, tuple[Any, ...]] = {"new": (), "changed": (), "removed": (), "primary": ()}
    for what, mailbox, more in steps:
        known = ids.get(mailbox, NOBODYS)
        if what == "new":
            parts["new"] += (new(mailbox, is_primary=more),)
        elif what == "change":
            parts["changed"] += (ContactChange("u", EMAIL, known, None, {"is_primary": more}),)
        elif what == "move":
            parts["changed"] += (ContactChange("u", EMAIL, known, at(more)),)
        elif what == "remove":
            parts["removed"] += (Removal("d", EMAIL, known),)
        elif not parts["primary"]:
            parts["primary"] = (Primary("p", EMAIL, at(mailbox) if more else None),)
    return parts
