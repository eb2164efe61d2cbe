"""The customers of the healthy book whom the organization knows by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entrepot.core.buyers import EMAIL, PHONE
from entrepot.core.decide.buyer import ChangeBuyer, MakeBuyer
from entrepot.core.decide.buyer_parts import Address, BuyerParts, NewContact, PlaceChange
from entrepot.core.decide.price import DraftEntry, MakePriceList
from entrepot.core.decide.reprice import AmendPriceList
from entrepot.core.money import Amount
from entrepot.core.results import PartnerResult, PriceListResult

if TYPE_CHECKING:
    from tests.store.verify_book import Healthy


def address(kind: str, value: str) -> Address:
    """An address that names somebody, compared as it is written."""
    return Address(value, value, (kind, value))


async def traded(book: Healthy) -> None:
    """A buyer with two mailboxes, a telephone and a warehouse; the partnership is paused, and has a
    list.
    """
    parts = BuyerParts(
        new=(
            NewContact("emails[0]", EMAIL, address(EMAIL, "buyer@example.org")),
            NewContact("emails[1]", EMAIL, address(EMAIL, "orders@example.org")),
            NewContact("phones[0]", PHONE, address(PHONE, "61299990000")),
        ),
        new_places=(PlaceChange("locations[0]", {"label": "Dock", "city": "Sydney"}),),
    )
    made = await book.tell(MakeBuyer(1, "polinate", "Acme Cafe", "Acme Pty Ltd", parts=parts))
    assert isinstance(made, PartnerResult)
    book.ids["buyer"] = made.partner.customer.id
    book.ids["second_mailbox"] = made.partner.of(EMAIL)[1].id
    await book.tell(ChangeBuyer(1, "polinate", book.ids["buyer"], status="paused"))
    entry = DraftEntry("entries[0]", book.ids["hard_mug"], Amount(1100, 2))
    listed = await book.tell(
        MakePriceList(1, "polinate", "Trade", (entry,), (book.ids["buyer"],), -50_000,
                      places={"EUR": 2})
    )  # fmt: skip
    assert isinstance(listed, PriceListResult)
    less = AmendPriceList(1, "native", listed.price_list.id, {"adjustment": -60_000})
    await book.tell(less)
    book.ids["list"], [book.ids["entry"]] = listed.price_list.id, listed.entries
