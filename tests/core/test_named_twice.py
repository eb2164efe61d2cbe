"""A request that changes one element twice: one of the two changes would be lost."""

from __future__ import annotations

from tests.core.book import ORG, Book
from tests.core.test_decide_buyers import at, made, new
from tests.core.test_decide_product import NINE
from tests.core.test_decide_product import made as product
from tests.core.test_price_lists import LOOSE, with_a_list

from entrepot.core.buyers import EMAIL
from entrepot.core.commands import Command
from entrepot.core.decide.buyer import ChangeBuyer
from entrepot.core.decide.buyer_parts import BuyerParts, ContactChange, PlaceChange
from entrepot.core.decide.product import AmendProduct
from entrepot.core.decide.reprice import AmendPriceList, EntryChange
from entrepot.core.decide.variants import VariantChange
from entrepot.core.money import Amount
from entrepot.core.results import PartnerResult


def refused(book: Book, command: Command, sentence: str) -> None:
    assert book.refused(command).sentence == sentence


def test_a_variant_of_a_product() -> None:
    book = Book()
    result = product(book)
    [id_] = result.made
    twice = tuple(VariantChange(f"[{at}]", id_, {"price": NINE}) for at in range(2))
    command = AmendProduct(ORG, "x", result.product.product.id, change=twice)
    refused(book, command, "[1].id: is the variant of [0] too")


def test_a_contact_and_a_place_of_a_buyer() -> None:
    book = Book()
    buyer = made(book, new("a@x.org"))
    id_ = buyer.customer.id
    [mailbox] = buyer.contacts
    twice = tuple(ContactChange(f"e[{n}]", EMAIL, mailbox.id, at("b@x.org")) for n in range(2))
    command = ChangeBuyer(ORG, "x", id_, field="emails", parts=BuyerParts(changed=twice))
    refused(book, command, "e[1].id: is the contact of e[0] too")
    dock = BuyerParts(new_places=(PlaceChange("[0]", {"label": "Dock"}),))
    result = book.done(command._replace(parts=dock))
    assert isinstance(result, PartnerResult)
    [place] = result.partner.locations
    told = tuple(PlaceChange(f"p[{n}]", {"city": f"{n}"}, place.id) for n in range(2))
    command = command._replace(parts=BuyerParts(changed_places=told))
    refused(book, command, "p[1].id: is the location of p[0] too")


def test_an_entry_of_a_price_list_and_an_equal_price() -> None:
    book, its, _ = with_a_list()
    command = AmendPriceList(ORG, "native", its.list_id, places={"EUR": 2})
    first = EntryChange("c[0]", LOOSE, {"price": Amount(7, 0)})
    twice = command._replace(change=(first, first._replace(where="c[1]")))
    refused(book, twice, "c[1].variant_id: is the variant of c[0] too")
    book.done(command._replace(change=(first,)))
    told = len(book.facts.events)
    book.done(command._replace(change=(first._replace(said={"price": Amount(700, 2)}),)))
    assert len(book.facts.events) == told, "an equal price with other places is no change"
