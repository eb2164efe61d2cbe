"""The part of the healthy book that is invoices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from tests.store.verify_book_merging import merged

from entrepot.core.decide.bill import ChangeInvoice
from entrepot.core.decide.choose import ChangeSettings
from entrepot.store import schema

if TYPE_CHECKING:
    from tests.store.verify_book import Healthy


async def billed(book: Healthy) -> None:
    """Two orders with invoices: one of which something was told, and one that was cancelled."""
    await book.tell(ChangeSettings(1, invoices="confirmation"))
    made, c = schema.invoices.c, {}
    for name in ("billed", "voided"):
        order_id = await book.reserved(name, book.placing("hard", 1, paid=False))
        its = select(made.id).where(made.org == 1, made.order_id == order_id)
        c[name] = await book.database.read(lambda conn, its=its: conn.execute(its).scalar_one())  # type: ignore[misc]
    book.ids |= {"invoice": c["billed"], "voided_invoice": c["voided"]}
    told = ChangeInvoice(1, "polinate", c["billed"], {"status": "OVERDUE"}, {"xero": {"no": 7}})
    await book.tell(told)
    await book.words("voided", ("polinate_phase", "CANCELLED"))
    await merged(book)
