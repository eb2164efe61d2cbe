"""A book in memory: it takes commands as a batch does, and checks the book's laws after each."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.core import laws
from tests.core.frozen import frozen
from tests.quantities import much, units

from entrepot.core import ids, shipments
from entrepot.core.changes import Changes
from entrepot.core.commands import Command, CustomerRef, DraftLine, VariantRef
from entrepot.core.contacts import STEADY
from entrepot.core.decide import decide
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.notify import NotifyOrder
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.facts import Facts
from entrepot.core.kinds import Location
from entrepot.core.money import Amount
from entrepot.core.order import Event, Job, Level, Order, Reservation, Variant
from entrepot.core.payment import Payment
from entrepot.core.refusal import Refusal
from entrepot.core.reservations import STATE_MOVES as RESERVATION_MOVES
from entrepot.core.results import Decision, OrderResult, OrdersResult, Result, StepResult
from entrepot.core.returns import RETURNS
from entrepot.core.returns import STATE_MOVES as RETURN_MOVES
from entrepot.core.seen import OrgFacts
from entrepot.core.shipments import SHIPMENTS

ORG = 7
GUEST, LIST = b"g" * 16, b"l" * 16
HERE, THERE = b"H" * 16, b"T" * 16
NOWHERE = b"N" * 16
TRACKED, SCARCE, LOOSE = b"v" * 16, b"s" * 16, b"u" * 16  # LOOSE is a variant nobody tracks
ENTRY = {id_: b"e" + id_[1:] for id_ in (TRACKED, SCARCE, LOOSE)}
PRICE = Amount(1250, 2)
START = 1_700_000_000_000_000


def counted() -> Callable[[], bytes]:
    """Ids that rise, as UUIDv7 do."""
    numbers = itertools.count(1)
    return lambda: next(numbers).to_bytes(16, "big")


SERVICES, SANDBOX, SECRET = frozenset({"adyen"}), "sandbox", b"of this test"
# Wishes of a dialect for the lines that it places.
WANTS: dict[str, dict[str, Any]] = {
    "polinate": {"from_default_location": True, "one_line_an_entry": True, "one_currency": True},
}

# All that a batch can know. What nobody has asked for yet is made when a test looks at it.
_KNOWN = sorted({
    *vars(Facts(START, counted())),
    *[name for name, one in vars(Facts).items() if name[0] != "_" and not callable(one)],
})  # fmt: skip


class Book:
    """One organization's facts through a row of commands."""

    def __init__(self, *, hard: bool = True, has_source: bool = False, leased: int = 0) -> None:
        self.facts = Facts(now=START, new_id=counted(), leased_until=leased)
        self.facts.orgs[ORG] = OrgFacts(ORG, GUEST, HERE, LIST, hard, has_source)
        self.facts.accounts[ORG] = frozenset(SERVICES)
        self.facts.chosen.add(ORG)
        self.facts.locations.read([Location(ORG, HERE, "here"), Location(ORG, THERE, "there")])
        for id_ in (TRACKED, SCARCE, LOOSE):
            name = id_[:1].decode()
            variant = Variant(
                ORG, id_, id_, ENTRY[id_], f"SKU-{name}", name, "EUR", PRICE, tracked=False,
                created_at=START,
            )  # fmt: skip
            self.facts.variants.read([variant])
            self.facts.by_entry[ORG, ENTRY[id_]] = id_

    # --- asking

    def judge(self, command: Command) -> Decision | Refusal:
        """The decision, not yet taken over. Deciding changes no fact, whatever it comes to."""
        before = {name: frozen(getattr(self.facts, name)) for name in _KNOWN}
        outcome = decide(command, self.facts)
        after = {name: frozen(getattr(self.facts, name)) for name in _KNOWN}
        assert after == before
        return outcome

    def attempted(self, command: Command) -> Result | Refusal:
        """The result of the command once its changes are in the book, or why it was refused."""
        self.facts.now += 1_000
        outcome = self.judge(command)
        if isinstance(outcome, Refusal):
            return outcome
        before, told = self._states(), len(self.facts.events)
        owned = {one.id: laws.owned(one) for one in self.facts.orders.values()}
        self.facts.absorb(outcome.changes)
        for table, (known, moves) in self._states().items():
            for key, state in known.items():
                was = before[table][0].get(key, state)
                # A decision may go two moves: what was told ahead ships what it commits.
                there = {was, *moves[was]}.union(*[moves[one] for one in moves[was]])
                assert state in there, (table, was, state)
        changed = {one.subject_id for one in self.facts.events[told:] if one.type not in STEADY}
        for one in self.facts.orders.values():
            assert one.id in changed or owned.get(one.id) == laws.owned(one)
        laws.check(self)
        return outcome.result

    def done(self, command: Command) -> Result:
        """The result of a command that has to be accepted."""
        result = self.attempted(command)
        assert not isinstance(result, Refusal), result
        return result

    def refused(self, command: Command) -> Refusal:
        """Why a command was refused that has to be."""
        outcome = self.attempted(command)
        assert isinstance(outcome, Refusal), outcome
        return outcome

    def changes(self, command: Command) -> Changes:
        """The changes of an accepted command."""
        outcome = self.judge(command)
        assert isinstance(outcome, Decision), outcome
        return outcome.changes

    def _states(self) -> dict[str, tuple[dict[Any, str], dict[str, frozenset[str]]]]:
        """The state of every part that has a table of moves, and that table."""
        kinds = {
            "reservation": (self.facts.reservations, RESERVATION_MOVES),
            "shipment": (self.facts.of(SHIPMENTS), shipments.STATE_MOVES),
            "return": (self.facts.of(RETURNS), RETURN_MOVES),
        }
        return {
            name: ({key: row.state for key, row in rows.items()}, moves)
            for name, (rows, moves) in kinds.items()
        }

    # --- commands, said shortly

    def stock(self, variant: bytes = TRACKED, delta: int | str = 10, place: bytes = HERE) -> Result:
        return self.done(self.taking(variant, delta, place))

    def taking(self, variant: bytes, delta: int | str, place: bytes = HERE) -> AdjustStock:
        return AdjustStock(ORG, variant, place, much(delta), "count")

    def placed(self, *lines: DraftLine, source: str = "synq", **said: Any) -> Order:
        lines = lines or (line(),)
        wants = WANTS.get(source, {})
        return one(self.done(PlaceOrder(ORG, source, "EUR", lines, said=said, **wants)))

    def mirrored(self, *told: tuple[str, str], sender: str = "k-1", **draft: Any) -> Order:
        """A mirrored order as `sender` tells it; another content every time."""
        return one(self.done(self.mirroring(*told, sender=sender, **draft)))

    def mirroring(self, *told: tuple[str, str], sender: str = "k-1", **draft: Any) -> MirrorOrders:
        self.facts.by_text.update({(ORG, ids.dashed(key[1])): key[1] for key in self.facts.orders})
        return MirrorOrders(ORG, "konvo", (told_as(*told, sender=sender, **draft),))

    def told(self, order: Order, *told: tuple[str, str], source: str = "polinate") -> Order:
        return one(self.done(telling(order, *told, source=source)))

    def reserved(self, order: Order, stand_in: str | None = SANDBOX) -> StepResult:
        return step(self.done(self.reserving(order)._replace(stand_in=stand_in)))

    def reserving(self, order: Order, fence: int | None = None) -> ReserveStock:
        job = self.job(order)
        held = job.fence if fence is None else fence
        return ReserveStock(
            ORG, order.id, job.id, held, SECRET, SERVICES, self.facts.now + 10, SANDBOX
        )

    def settled(self, order: Order, outcome: str, detail: str = "") -> StepResult:
        return step(self.done(self.settling(order, outcome, detail)))

    def settling(
        self, order: Order, outcome: str, detail: str = "", fence: int | None = None,
        job: Job | None = None,
    ) -> SettlePayment:  # fmt: skip
        job = job or self.job(order)
        held = job.fence if fence is None else fence
        funds = self.facts.funds_of((ORG, order.id))
        of = funds and funds.for_step(job.kind)
        number = of.payment.number if of else 1
        return SettlePayment(
            ORG, order.id, job.id, held, outcome, detail, f"ref-{number}", payment=number
        )

    def confirmed(self, *lines: DraftLine, paid: bool = True) -> Order:
        """An order that the pipeline has brought to its end."""
        order = self.placed(*lines, **({"payment_provider": "stripe"} if paid else {}))
        self.reserved(order)
        if paid:
            self.settled(order, "authorized")
        assert self.order(order).facets.stage == "confirmed"
        return self.order(order)

    # --- looking

    def order(self, order: Order) -> Order:
        return self.facts.orders[ORG, order.id]

    def job(self, order: Order) -> Job:
        """The one job of the order."""
        [job] = self.jobs(order)
        return job

    def jobs(self, order: Order) -> list[Job]:
        return [job for job in self.facts.jobs.values() if job.order_id == order.id]

    def level(self, variant: bytes = TRACKED, place: bytes = HERE) -> Level:
        """A level as people count it, in whole units where it can be."""
        level = self.facts.levels[ORG, variant, place]
        return level._replace(on_hand=units(level.on_hand), reserved=units(level.reserved))

    def payment(self, order: Order) -> Payment:
        return self.facts.payments[ORG, order.id, 1]

    def asked(self, order: Order) -> list[tuple[str, str]]:
        """Requests to the order's provider, and their outcomes."""
        its = sorted(self.facts.operations.of((ORG, order.id)), key=lambda one: one[2:4])
        return [(one.kind, one.state) for one in its]

    def reservations(self, order: Order) -> list[Reservation]:
        return list(self.facts.reservations.of((ORG, order.id)))

    def events(self, order: Order) -> list[Event]:
        return [event for event in self.facts.events if event.subject_id == order.id]

    def types(self, order: Order) -> list[str]:
        return [event.type for event in self.events(order)]


def one(result: Result) -> Order:
    """The order that a command came to."""
    if isinstance(result, OrdersResult):
        return result.orders[-1]
    assert isinstance(result, OrderResult)
    return result.order


def step(result: Result) -> StepResult:
    """The step that a pipeline's command came to."""
    assert isinstance(result, StepResult)
    return result


def line(variant: bytes = TRACKED, quantity: int | str | Decimal = 1, **said: Any) -> DraftLine:
    """A wanted line, from HERE if not said otherwise."""
    said = {"location_id": HERE, "price": Amount(1000, 2)} | said
    return DraftLine("items[0]", VariantRef(variant_id=variant), much(quantity), **said)


def telling(order: Order, *told: tuple[str, str], source: str = "polinate") -> AmendOrder:
    """Tell words of an order."""
    return AmendOrder(ORG, source, order.id, words=told)


_DIGESTS = itertools.count(1)


def told_as(*told: tuple[str, str], sender: str = "k-1", **draft: Any) -> OrderDraft:
    """An order as another system tells it; its digest is new unless said."""
    base = OrderDraft(
        where="[0]",
        sender_id=sender,
        digest=next(_DIGESTS).to_bytes(32, "big"),
        currency="EUR",
        total=Amount(2000, 2),
        lines=(named("sku-1"),),
        customer=CustomerRef(identifiers=(("email", "ada@example.org"),), first_name="Ada"),
        words=told,
        said={},
    )
    return base._replace(**draft)


def named(sku: str, quantity: int = 2, price: Amount = PRICE) -> DraftLine:
    """A line by a name that only its sender knows."""
    return DraftLine(
        "[0].items[0]", VariantRef(names=(("sku", sku),)), much(quantity), price, title=sku
    )


def notice(text: str) -> NotifyOrder:
    """Somebody says that an order exists."""
    return NotifyOrder(ORG, "polinate", text)
