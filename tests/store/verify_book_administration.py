"""What an organization of the healthy book is run by: its stock, its channels, its members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.quantities import much

from entrepot.core.commands import DraftLine, VariantRef
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.classify import MakeTaxon
from entrepot.core.decide.connect import Connect
from entrepot.core.decide.deliver_events import ClaimWebhook, Sent, SettleDeliveries
from entrepot.core.decide.hear import PLACED, Heard, KeepHeard, ReceiveOrder
from entrepot.core.decide.invite import InviteMember, JoinMember
from entrepot.core.decide.open_channel import MakeChannel
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.decide.stocking import MakeLocation
from entrepot.core.decide.subscribe import MakeWebhook
from entrepot.core.decide.watch_stock import WatchStock
from entrepot.core.integrations import key_of
from entrepot.core.money import Amount
from entrepot.core.quantity import NONE
from entrepot.core.results import ConnectionResult, TaxonResult, WebhookResult
from entrepot.store.reading import stock_watch
from entrepot.writer.envelope import Answer, Idempotency

if TYPE_CHECKING:
    from tests.store.verify_book import Healthy


async def running_low(book: Healthy) -> None:
    """A shelf that is low, with the draft of what would fill it."""
    await book.tell(RunStock(1, "operator", low_stock_threshold=50, auto_po=True))
    await book.tell(AdjustStock(1, book.ids["hard_tee"], book.ids["hard_place"], NONE, "count"))
    moved = await book.database.read(lambda conn: stock_watch.moved(conn, 1, 0, 500))
    await book.tell(WatchStock(1, 0, *moved))


async def valued(book: Healthy) -> None:
    """Stock that cost something when it came in: at the average, then first in, first out."""
    for cost, method in ((300, "FIFO"), (425, "FIFO")):
        shelf = (book.ids["hard_mug"], book.ids["hard_place"])
        stock = AdjustStock(1, *shelf, much(2), "bought", unit_cost=Amount(cost, 2), currency="EUR")
        await book.tell(stock)
        await book.tell(RunStock(1, "operator", costing=method))


async def manned(book: Healthy) -> None:
    """Channels, one of them closed, and members, one of whom has come."""
    await book.tell(MakeLocation(1, "Attic", "native"))
    for name, active in (("shop", True), ("attic", False)):
        await book.tell(MakeChannel(1, "synq", name, "EUR", active))
    for name in ("ada", "bob"):
        digest = name.encode().ljust(32)
        await book.tell(InviteMember(1, "synq", f"{name}@example.org", "EDITOR", digest, "synq"))
    await book.tell(JoinMember(1, "synq", "ada@example.org"))


async def sorted_(book: Healthy) -> None:
    """A category below another one, and one taxon of each other kind."""
    above = None
    for name in ("clothes", "shirts"):
        made = await book.tell(MakeTaxon(1, "synq", "category", name, parent_id=above))
        assert isinstance(made, TaxonResult)
        book.ids[name] = above = made.taxon.id
    for kind in ("brand", "attribute", "attribute_group", "template"):
        await book.tell(MakeTaxon(1, "synq", kind, "shirts"))


async def connected(book: Healthy) -> None:
    """A connection, an order that it told, and one that could not be placed."""
    made = await book.tell(Connect(1, "synq", "conn-1", "shopify", "commerce"))
    assert isinstance(made, ConnectionResult)
    connection = book.ids["connection"] = made.connection.id
    line = DraftLine("", VariantRef(names=(("title", "Poster"),)), much(1), Amount(5, 0), "EUR")
    key = key_of("conn-1", "shop-1")
    said = {"payment_provider": "shopify", "payment_reference": "shop-1", "external_id": "shop-1",
            "idempotency_key": key}  # fmt: skip
    placing = PlaceOrder(1, "synq", "EUR", (line,), places=2, said=said, paid_elsewhere=True)
    told = Heard("conn-1", "accounting.order.created", "shop-1")
    receive = ReceiveOrder(1, "synq", told, connection, "shop-1", b"d" * 16, placing)
    intent = Idempotency(key, "synq.receiveOrder", ("order",), b"87654321")
    await book.order(
        "of_shop", receive, idempotency=intent, answer=lambda _: Answer(200, PLACED.encode())
    )
    rejected = receive._replace(external_id="shop-2", placing=None, fault="no line")
    await book.tell(rejected)
    await book.tell(KeepHeard(1, "synq", Heard("conn-1", "item.created", "i-1", '{"id":"i-1"}')))


async def listening(book: Healthy) -> None:
    """A webhook that took an event, and takes no other."""
    made = await book.tell(MakeWebhook(1, "native", "https://a.example", (), "native", b"s" * 32))
    assert isinstance(made, WebhookResult)
    webhook = made.webhook
    book.ids["webhook"] = webhook.id
    await book.tell(ClaimWebhook(1, webhook.id, 1, book.now()))
    sent = (Sent(3, "stock.adjusted", 204, None), Sent(4, "stock.adjusted", 500, "answered 500"))
    await book.tell(SettleDeliveries(1, webhook.id, 2, 3, sent, retry_at=1))
