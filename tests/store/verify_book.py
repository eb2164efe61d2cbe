"""A healthy book with orders in every stand, told through the real writer."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from tests.quantities import much
from tests.store.verify_book_administration import (
    connected,
    listening,
    manned,
    running_low,
    sorted_,
    valued,
)
from tests.store.verify_book_contacts import followed, touched
from tests.store.verify_book_goods import gone_and_back, held
from tests.store.verify_book_invoices import billed
from tests.store.verify_book_partners import traded
from tests.store.verify_book_payments import paid_more, renewed
from tests.store.verify_book_products import catalogued

from entrepot.core import payment_keys
from entrepot.core.commands import Command, CustomerRef, DraftLine, LineChange, VariantRef
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.keys import MakeKey
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.note import NoteOrder
from entrepot.core.decide.notice import KeepNotice
from entrepot.core.decide.notify import NotifyOrder
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.steps import DeferJob, ResumeOrder
from entrepot.core.decide.take_back import TakeBack
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.notice import Topics
from entrepot.core.order import Job, Variant, sealed_digest
from entrepot.core.payment import Operation
from entrepot.core.refusal import Refusal
from entrepot.core.results import OrderResult, OrdersResult, Result
from entrepot.core.shipments import Carriage, Part
from entrepot.store import accounts, schema
from entrepot.store.engine import Database
from entrepot.store.keeping import migrate, retention
from entrepot.store.writing import allocation as allocations
from entrepot.store.writing import processes
from entrepot.testing import furnishing
from entrepot.writer.envelope import Answer, Envelope, Idempotency
from entrepot.writer.writer import Writer

NOBODY, START = Carriage(), 1_750_000_000_000_000
SECOND, ORGS, SECRET = 1_000_000, (1, 2), b"of this test"


def key_of(org: int, order_id: bytes, number: int) -> str:
    """The key of a payment's authorisation under this test's secret."""
    return payment_keys.authorisation_key(SECRET, org, order_id, number)


def operation_key(operation: Operation, first: str) -> str:
    org, order_id, kind = operation.org, operation.order_id, operation.kind
    if kind == "authorise" and operation.payment == 1:
        return key_of(org, order_id, 1)
    number = operation.payment if kind == "authorise" else operation.number
    return payment_keys.operation_key(first, org, order_id, kind, number)


@dataclass
class Healthy:
    """The book and the ids of what is in it, by name."""

    database: Database
    ids: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ticks = itertools.count(START, SECOND)
        numbers = itertools.count(1)
        # Rising ids, as the program's are.
        self.new_id: Callable[[], bytes] = lambda: b"\x01" + next(numbers).to_bytes(15, "big")
        self.writer = Writer(self.database, now=self.now, new_id=self.new_id)

    def now(self) -> int:
        return next(self._ticks)

    async def tell(self, command: Command, **more: Any) -> Result:
        outcome = await self.writer.submit(Envelope(command, **more))
        assert not isinstance(outcome.result, Refusal), outcome.result
        return outcome.result

    async def order(self, name: str, command: Command, **more: Any) -> bytes:
        result = await self.tell(command, **more)
        made = result.orders[-1] if isinstance(result, OrdersResult) else None
        if isinstance(result, OrderResult):
            made = result.order
        assert made is not None
        self.ids[name] = made.id
        return made.id

    async def job(self, order_id: bytes) -> Job:
        c = schema.jobs.c
        statement = select(schema.jobs).where(c.order_id == order_id, c.org.in_(ORGS))
        row = await self.database.read(lambda conn: conn.execute(statement).one())
        return schema.JOBS.from_row(tuple(row))

    async def organization(self, name: str, allocation: str) -> accounts.Organization:
        made = await self.database.write(
            lambda conn: accounts.create_organization(conn, name, self.now(), self.new_id)
        )

        def furnish(conn: Any) -> list[bytes]:
            variants = []
            for sku in ("MUG", "TEE"):
                variant = Variant(
                    made.org, self.new_id(), self.new_id(), self.new_id(), sku, sku, "EUR",
                    Amount(1250, 2), tracked=True, created_at=self.now(),
                )  # fmt: skip
                furnishing.add_variant(conn, made, variant)
                variants.append(variant.id)
            allocations.write(conn, made.org, hard=allocation == "HARD")
            named = (f"s-{name}", "synq", "ADMIN", name)
            key = furnishing.NewCredential(made.org, self.new_id(), *named)
            furnishing.add_credential(conn, key, self.now())
            return variants

        variants = await self.database.write(furnish)
        for variant, count in zip(variants, (100, 10), strict=True):
            await self.tell(
                AdjustStock(made.org, variant, made.default_location, much(count), "count")
            )
        self.ids |= {f"{name}_mug": variants[0], f"{name}_tee": variants[1]}
        self.ids |= {f"{name}_place": made.default_location}
        return made

    async def ship(self, name: str, *quantities: int, carriage: Carriage = NOBODY) -> None:
        """So much of each line leaves; all that is left where nothing is said."""
        parts = await self._parts(name, quantities)
        await self.tell(ShipOrder(1, "native", self.ids[name], parts or None, carriage))

    async def parcels(self, name: str) -> list[bytes]:
        """The ids of an order's shipments."""
        return await self._ids(schema.shipments, name)

    async def returns(self, name: str) -> list[bytes]:
        """The ids of an order's returns."""
        return await self._ids(schema.returns, name)

    async def _ids(self, table: Any, name: str) -> list[bytes]:
        of_order = (table.c.order_id == self.ids[name], table.c.org.in_(ORGS))
        listed = select(table.c.id).where(*of_order).order_by(table.c.number)
        return list(await self.database.read(lambda conn: conn.execute(listed).scalars().all()))

    async def _parts(self, name: str, quantities: tuple[int, ...]) -> tuple[Part, ...]:
        lines = schema.order_lines.c
        of_order = select(lines.id).where(lines.order_id == self.ids[name], lines.org.in_(ORGS))
        listed = of_order.order_by(lines.number)
        found = await self.database.read(lambda conn: conn.execute(listed).scalars().all())
        return tuple(map(Part, found, map(much, quantities)))

    async def take_back(self, name: str, *quantities: int, restock: bool = True) -> None:
        """So much of each line comes back; all that is out where nothing is said."""
        parts = await self._parts(name, quantities)
        await self.tell(TakeBack(1, "native", self.ids[name], parts or None, restock))

    # --- managed orders, step by step

    def placing(self, org: str, *quantities: int, paid: bool = True, **said: Any) -> PlaceOrder:
        goods = [self.ids[f"{org}_mug"], self.ids[f"{org}_tee"]]
        lines = tuple(
            DraftLine(
                f"items[{n}]", VariantRef(variant_id=goods[n]), much(quantity),
                Amount(125 + n, 1 + n),
                location_id=self.ids[f"{org}_place"],
            )
            for n, quantity in enumerate(quantities)
        )  # fmt: skip
        said = ({"payment_provider": "stripe", "payment_reference": "tok"} if paid else {}) | said
        return PlaceOrder(1 if org == "hard" else 2, "synq", "EUR", lines, said=said)

    async def reserved(self, name: str, command: PlaceOrder) -> bytes:
        order_id = await self.order(name, command)
        job = await self.job(order_id)
        await self.tell(
            ReserveStock(
                command.org, order_id, job.id, job.fence, SECRET, frozenset(),
                self.now() + 3600 * SECOND, "sandbox",
            )
        )  # fmt: skip
        return order_id

    async def settled(self, name: str, command: PlaceOrder, outcome: str) -> bytes:
        order_id = await self.reserved(name, command)
        await self.settle(command.org, order_id, outcome)
        return order_id

    async def settle(self, org: int, order_id: bytes, outcome: str, payment: int = 1) -> None:
        job = await self.job(order_id)
        reference = f"ref-{order_id.hex()}-{payment}" if outcome == "authorized" else None
        told = SettlePayment(org, order_id, job.id, job.fence, outcome, "", reference)
        await self.tell(told._replace(payment=payment))

    async def words(self, name: str, *told: tuple[str, str]) -> None:
        for one in told:
            await self.tell(AmendOrder(1, "polinate", self.ids[name], words=(one,)))

    async def park(self, name: str) -> None:
        order_id = self.ids[name]
        job = await self.job(order_id)
        await self.tell(
            DeferJob(1, job.id, job.fence, self.now(), "down", parked=True, order_id=order_id)
        )

    async def mirror(self, name: str, sender: str, *told: tuple[str, str], turn: int = 0) -> None:
        line = DraftLine(
            "[0]", VariantRef(names=(("sku", sender),)), much(2), Amount(999, 2), title="x"
        )
        digest = sealed_digest(sender, bytes([turn]) * 16)
        draft = OrderDraft(
            "[0]", sender, digest, "EUR", Amount(1998 + turn, 2), (line,),
            CustomerRef(identifiers=(("email", "ada@example.org"),), first_name="Ada"),
            told, {"properties": '{"erp":{"no":7,"ok":true},"tags":[1]}'},
        )  # fmt: skip
        await self.order(name, MirrorOrders(1, "konvo", (draft,)))


async def healthy_book(database: Database) -> Healthy:
    """Two organizations, HARD and SOFT, and an order in each stand that the parts can bring."""
    await migrate.upgrade(database)
    book = Healthy(database)
    await book.organization("hard", "HARD")
    await book.organization("soft", "SOFT")
    await book.tell(MakeKey(2, "native", b"d" * 32, "native", "orders:read", "till"))
    await running_low(book)
    await valued(book)
    await manned(book)
    await sorted_(book)
    await listening(book)
    await _archived(book)
    await _managed(book)
    await _ended(book)
    await _parked(book)
    await _amended(book)
    await _told_ahead(book)
    await paid_more(book)
    await renewed(book)
    await held(book)
    await connected(book)
    await book.mirror("mirrored", "k-1", ("konvo", "paid"))
    await touched(book)
    await catalogued(book)
    await traded(book)
    await book.mirror("told", "k-2", ("konvo", "open"))
    await book.mirror("told", "k-2", ("konvo", "completed"), ("konvo_shipment", "none"), turn=1)
    await book.mirror("deleted", "k-3", ("konvo", "open"))
    await book.words("deleted", ("polinate_phase", "DELETED"))
    await book.tell(NotifyOrder(1, "polinate", dashed(book.ids["mirrored"])))

    def source(conn: Any) -> None:
        accounts.set_source(conn, 1, "http://127.0.0.1/{orderId}", None)
        account = {"org": 1, "service": "stripe", "sealed": b"\1" + b"\2" * 63, "added_at": 1}
        conn.execute(schema.provider_accounts.insert().values(account))
        chosen = {"org": 1, "capture": "shipment", "lapsing": "alarm", "attribution_days": 7}
        conn.execute(schema.organization_settings.insert().values(chosen))

    await database.write(source)
    await billed(book)
    await book.tell(KeepNotice(1, "stripe", "evt_1", ("pi_1",), b"{}", Topics(money=True)))
    await book.tell(NotifyOrder(1, "polinate", "not-known-yet"))
    await database.write(lambda conn: processes.beat(conn, 1, book.now()))
    await followed(book)
    return book


async def _archived(book: Healthy) -> None:
    """A finished order whose first events are in the archive, and walks over all that is older."""
    await book.settled("archived", book.placing("hard", 1), "declined")
    before = book.now()

    def sweep(conn: Any) -> int:
        retention.claim(conn, retention.Sweep(1, retention.KEYS), before, before)
        held = retention.claim(conn, retention.Sweep(1, retention.EVENTS), before, before)
        part = retention.read_events(conn, held, before, 10, 10)
        return retention.remove_events(conn, held, part, before)

    assert await book.database.write(sweep) > 1


async def _managed(book: Healthy) -> None:
    await book.order("placed", book.placing("hard", 1))
    await book.reserved("authorising", book.placing("hard", 2, 1))
    await book.settled("confirmed", book.placing("hard", 3, 1), "authorized")
    await book.tell(NoteOrder(1, book.ids["confirmed"], "Ada", "A gift: no invoice, please."))
    await book.reserved("unpaid", book.placing("hard", 1, paid=False))
    await book.settled("oversold", book.placing("soft", 1, 12), "authorized")
    await book.settled("shipped", book.placing("hard", 4), "authorized")
    await gone_and_back(book)
    await book.words("shipped", ("polinate_status", "PACKED"), ("polinate_status", "IN_TRANSIT"))
    await book.settled("completed", book.placing("hard", 1), "authorized")
    await book.words(
        "completed",
        ("polinate_status", "PACKED"),
        ("polinate_status", "IN_TRANSIT"),
        ("polinate_status", "DELIVERED"),
        ("konvo", "completed"),
    )
    intent = Idempotency("intent-1", "synq.createOrder", ("all",), b"12345678")
    await book.order(
        "keyed", book.placing("hard", 1, idempotency_key="intent-1"), idempotency=intent,
        answer=_created,
    )  # fmt: skip


def _created(result: Result | Refusal) -> Answer:
    assert isinstance(result, OrderResult)
    return Answer(201, f'{{"order_id":"{dashed(result.order.id)}"}}'.encode())


async def _ended(book: Healthy) -> None:
    await book.settled("declined", book.placing("hard", 1), "declined")
    await book.settled("expired", book.placing("hard", 1), "expired")
    await book.reserved("out_of_stock", book.placing("hard", 10_000))
    await book.settled("cancelled", book.placing("hard", 1), "authorized")
    await book.words("cancelled", ("synq", "cancelled"))
    await book.settle(1, book.ids["cancelled"], "voided")
    await book.settled("voiding", book.placing("hard", 1), "authorized")
    await book.words("voiding", ("synq", "cancelled"))
    await book.reserved("late", book.placing("hard", 1))
    await book.words("late", ("synq", "cancelled"))
    await book.settle(1, book.ids["late"], "authorized")
    await book.settle(1, book.ids["late"], "voided")


async def _parked(book: Healthy) -> None:
    await book.order("parked", book.placing("hard", 1))
    await book.park("parked")
    await book.reserved("retried", book.placing("hard", 1))
    await book.park("retried")
    await book.tell(ResumeOrder(1, book.ids["retried"]))
    await book.order("parked_cancelled", book.placing("hard", 1))
    await book.park("parked_cancelled")
    await book.words("parked_cancelled", ("synq", "cancelled"))
    await book.settled("parked_void", book.placing("hard", 1), "authorized")
    await book.words("parked_void", ("synq", "cancelled"))
    await book.park("parked_void")
    await book.settled("unparked", book.placing("hard", 1), "authorized")
    await book.words("unparked", ("synq", "cancelled"))
    await book.park("unparked")
    await book.tell(ResumeOrder(1, book.ids["unparked"]))
    await book.settle(1, book.ids["unparked"], "voided")


async def _amended(book: Healthy) -> None:
    await book.reserved("amended", book.placing("hard", 2, 1, paid=False))
    result = await book.tell(AmendOrder(1, "polinate", book.ids["amended"], properties={"a": 1}))
    assert isinstance(result, OrderResult)
    first, second = [line.id for line in result.order.lines]
    price = Amount(3333, 3)
    await book.tell(
        AmendOrder(
            1, "polinate", book.ids["amended"], said={"notes": "n"},
            properties={"a": {"b": None}, "c": 1.5},
            update_lines=(LineChange("u", first, quantity=much(5), price=price),),
            delete_lines=(("d", second),),
            create_lines=(DraftLine("c", VariantRef(variant_id=book.ids["hard_tee"]), much(2)),),
        )
    )  # fmt: skip


async def _told_ahead(book: Healthy) -> None:
    """A telling before the confirmation waits, comes true, or is dropped."""
    leaves, over = ("polinate_status", "IN_TRANSIT"), ("polinate_phase", "ARCHIVED")
    arrives, gone = ("polinate_status", "DELIVERED"), ("polinate_phase", "DELETED")
    for name, words in (("ahead", (leaves,)), ("ahead_gone", (arrives, over, gone))):
        await book.reserved(name, book.placing("hard", 1))
        await book.words(name, *words)
        await book.settle(1, book.ids[name], "authorized")
    await book.reserved("ahead_dropped", book.placing("hard", 1))
    await book.words("ahead_dropped", arrives)
    await book.settle(1, book.ids["ahead_dropped"], "declined")
    await book.order("ahead_waits", book.placing("hard", 1))
    await book.words("ahead_waits", leaves)
    await book.settled("turned_down", book.placing("hard", 1), "authorized")
    await book.words("turned_down", ("polinate_phase", "REJECTED"))
