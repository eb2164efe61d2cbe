"""The customers of the healthy book whom the organization knows by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from entrepot.core.buyers import EMAIL, PHONE
from entrepot.core.decide.buyer import ChangeBuyer, MakeBuyer
from entrepot.core.decide.buyer_parts import Address, BuyerParts, NewContact, PlaceChange
from entrepot.core.results import PartnerResult
from entrepot.store import schema

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
    list_id = select(schema.organizations.c.default_list).where(schema.organizations.c.org == 1)
    tied = schema.partnerships
    assigned = update(tied).where(tied.c.org == 1).values(list_id=list_id.scalar_subquery())
    await book.database.write(lambda conn: conn.execute(assigned))
