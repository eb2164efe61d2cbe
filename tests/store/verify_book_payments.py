"""Orders of the healthy book that have further payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.quantities import much

from entrepot.core.commands import LineChange
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.choose import ChangeSettings
from entrepot.core.decide.lapse import HoldLapses
from entrepot.core.results import OrderResult

if TYPE_CHECKING:
    from tests.store.verify_book import Healthy

_SOFT = 2  # the organization that has its holds renewed


async def paid_more(book: Healthy) -> None:
    """More is added to paid orders: it is asked for, held, declined, and amended back."""
    for name, outcome in (
        ("adding", None), ("added", "authorized"), ("not_added", "declined"), ("added_back", None),
    ):  # fmt: skip
        await book.settled(name, book.placing("soft", 1), "authorized")
        await _wants(book, name, 3)
        if name == "added_back":
            await _wants(book, name, 1)
        if outcome is not None:
            await book.settle(_SOFT, book.ids[name], outcome, payment=2)


async def renewed(book: Healthy) -> None:
    """Holds end soon: they are asked for anew, renewed, and not renewed."""
    await book.tell(ChangeSettings(_SOFT, lapsing="renew"))
    for name, *outcomes in (
        ("renewing",), ("letting_go", "authorized"), ("renewed", "authorized", "voided"),
        ("not_renewed", "declined"),
    ):  # fmt: skip
        order_id = await book.settled(name, book.placing("soft", 1), "authorized")
        await book.tell(HoldLapses(_SOFT, order_id, 1, book.now(), several=True))
        for outcome in outcomes:
            await book.settle(_SOFT, order_id, outcome, payment=1 if outcome == "voided" else 2)


async def _wants(book: Healthy, name: str, quantity: int) -> None:
    """So many pieces of the first line are wanted."""
    told = await book.tell(AmendOrder(_SOFT, "polinate", book.ids[name]))
    assert isinstance(told, OrderResult)
    change = LineChange("u", told.order.lines[0].id, quantity=much(quantity))
    await book.tell(AmendOrder(_SOFT, "polinate", book.ids[name], update_lines=(change,)))
