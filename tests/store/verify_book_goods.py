"""Orders of the healthy book whose goods left or came back, and orders that somebody holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from entrepot.core.decide.ask_return import ApproveReturn, RefuseReturn, RequestReturn
from entrepot.core.decide.complete import CompleteOrder
from entrepot.core.decide.deliver import DeliverShipment, LoseShipment
from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.take_back import ReceiveReturn
from entrepot.core.shipments import Carriage

if TYPE_CHECKING:
    from tests.store.verify_book import Healthy


async def gone_and_back(book: Healthy) -> None:
    """Goods leave whole and in parts, arrive or get lost, and come back or do not."""
    await book.settled("parts", book.placing("hard", 4, 2), "authorized")
    await book.ship("parts", 1, carriage=Carriage("DHL", "00340", "https://dhl.example/00340"))
    await book.ship("parts", 1, 2)
    await book.settled("arrived", book.placing("hard", 1), "authorized")
    await book.ship("arrived")
    await book.tell(DeliverShipment(1, "native", (await book.parcels("arrived"))[0]))
    await book.tell(CompleteOrder(1, "native", book.ids["arrived"]))
    await book.settled("lost", book.placing("hard", 1, 1), "authorized")
    await book.ship("lost", 1)
    await book.ship("lost")
    first, second = await book.parcels("lost")
    await book.tell(DeliverShipment(1, "native", first))
    await book.tell(LoseShipment(1, "native", second))
    sold = book.placing("hard", 3, paid=False)
    loose = tuple(line._replace(location_id=None) for line in sold.lines)
    await book.reserved("loose", sold._replace(lines=loose))
    await book.ship("loose")
    await book.settled("back", book.placing("hard", 5, 1), "authorized")
    await book.words("back", ("polinate_status", "PACKED"), ("polinate_status", "IN_TRANSIT"))
    await book.take_back("back", 3)
    await book.take_back("back", 1, restock=False)
    await book.settled("all_back", book.placing("hard", 1), "authorized")
    await book.ship("all_back")
    await book.take_back("all_back")
    for name in ("asked", "not_taken", "received"):
        await book.settled(name, book.placing("hard", 2), "authorized")
        await book.ship(name)
        await book.tell(RequestReturn(1, "native", book.ids[name], reason="too small"))
    await book.tell(ApproveReturn(1, "native", (await book.returns("asked"))[0]))
    await book.tell(RefuseReturn(1, "native", (await book.returns("not_taken"))[0]))
    await book.tell(ReceiveReturn(1, "native", (await book.returns("received"))[0], restock=False))


async def held(book: Healthy) -> None:
    """An order stands still before its confirmation, another before its goods leave."""
    await book.reserved("held", book.placing("hard", 1))
    await book.tell(HoldOrder(1, "native", book.ids["held"], "is it fraud?"))
    await book.settled("held_back", book.placing("hard", 1), "authorized")
    await book.tell(HoldOrder(1, "native", book.ids["held_back"]))
    await book.reserved("released", book.placing("hard", 1))
    await book.tell(HoldOrder(1, "native", book.ids["released"], "asked"))
    await book.tell(ReleaseOrder(1, "native", book.ids["released"]))
    await book.settle(1, book.ids["released"], "authorized")
