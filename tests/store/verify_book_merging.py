"""The part of the healthy book that is orders that became one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entrepot.core.commands import CustomerRef
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.merge import MergeOrders

if TYPE_CHECKING:
    from tests.store.verify_book import Healthy

DAY = 86_400_000_000


async def merged(book: Healthy) -> None:
    """Three orders of one buyer: the first takes the lines of the second, and then of the third,
    which has one line in common with it and one more.
    """
    await book.tell(ChangeSettings(1, invoices="never", merging="same_day"))
    for name, quantities in (("taker", (1,)), ("merged", (2, 1)), ("merged_too", (1,))):
        placing = book.placing("hard", *quantities, paid=False, expected_at=20_000 * DAY)
        who = CustomerRef(own=("polinate", "bo"), first_name="Bo")
        await book.reserved(name, placing._replace(source="polinate", customer=who))
    for name in ("merged", "merged_too"):
        await book.tell(MergeOrders(1, "polinate", book.ids["taker"], book.ids[name]))
