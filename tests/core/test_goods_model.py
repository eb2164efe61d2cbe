"""Any sequence of shipping, returning, amending and cancelling agrees with a model of the goods.

The model knows quantities only: of each line how much is wanted, has left and is back, and of each
shelf how much is free. It says of every command whether the command is taken.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from tests.core.book import LOOSE, ORG, SCARCE, TRACKED, Book, line
from tests.quantities import much, units

from entrepot.core.commands import LineChange
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.ship import ShipOrder
from entrepot.core.decide.take_back import TakeBack
from entrepot.core.refusal import Refusal
from entrepot.core.shipments import SHIPMENT_LINES, Part

STOCK = {TRACKED: 12, SCARCE: 6}
VARIANTS = (TRACKED, SCARCE, LOOSE)
QUANTITIES = st.integers(0, 5)


class Model:
    """One order: what is wanted of each line, what left, and whether the order is called off."""

    def __init__(self, wanted: list[int]) -> None:
        self.wanted, self.left, self.back = wanted, [0] * len(wanted), [0] * len(wanted)
        self.ended = False
        self.free = {variant: STOCK[variant] for variant in STOCK}
        for variant, quantity in zip(VARIANTS, wanted, strict=True):
            if variant in self.free:
                self.free[variant] -= quantity

    @property
    def rest(self) -> list[int]:
        return [wanted - left for wanted, left in zip(self.wanted, self.left, strict=True)]

    @property
    def out(self) -> list[int]:
        return [left - back for left, back in zip(self.left, self.back, strict=True)]

    @property
    def returns(self) -> str:
        if not any(self.back):
            return "none"
        return "returned" if self.back == self.wanted else "partial"

    @property
    def stands(self) -> str:
        if not any(self.left):
            return "accepted"
        return "partially_shipped" if any(self.rest) else "in_transit"

    def ships(self, parts: list[int]) -> bool:
        fits = all(part <= rest for part, rest in zip(parts, self.rest, strict=True))
        if self.ended or not any(parts) or not fits:
            return False
        self.left = [left + part for left, part in zip(self.left, parts, strict=True)]
        return True

    def takes_back(self, parts: list[int], *, restock: bool) -> bool:
        fits = all(part <= out for part, out in zip(parts, self.out, strict=True))
        if not any(parts) or not fits:
            return False
        self.back = [back + part for back, part in zip(self.back, parts, strict=True)]
        for variant, part in zip(VARIANTS, parts, strict=True):
            if restock and variant in self.free:
                self.free[variant] += part
        return True

    def amends(self, at: int, quantity: int) -> bool:
        variant, more = VARIANTS[at], quantity - self.wanted[at]
        if not more:
            return True  # nothing is said that the order does not say
        if self.ended or self.stands == "in_transit" or not quantity or quantity < self.left[at]:
            return False
        if more > self.free.get(variant, more):
            return False
        self.wanted[at] = quantity
        if variant in self.free:
            self.free[variant] -= more
        return True

    def cancels(self) -> bool:
        if any(self.left) and not self.ended:
            return False
        if not self.ended:
            for variant in self.free:
                self.free[variant] = STOCK[variant]
        self.ended = True
        return True


class Goods(RuleBasedStateMachine):
    """One confirmed order without a payment, and everything that moves its goods."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book()
        for variant, quantity in STOCK.items():
            self.book.stock(variant, quantity)
        wanted = [3, 2, 2]
        lines = [line(variant, n) for variant, n in zip(VARIANTS, wanted, strict=True)]
        self.order = self.book.confirmed(*lines, paid=False)
        self.model = Model(wanted)

    def tell(self, command: Any, *, taken: bool) -> None:
        outcome = self.book.attempted(command)
        assert isinstance(outcome, Refusal) is not taken, outcome
        self.compare()

    def compare(self) -> None:
        order, model = self.book.order(self.order), self.model
        assert [units(row.quantity) for row in order.lines] == model.wanted
        sent = [0] * len(model.wanted)
        for row in self.book.facts.of(SHIPMENT_LINES).values():
            sent[[one.id for one in order.lines].index(row.line_id)] += units(row.quantity)
        assert sent == model.left
        if not model.ended:
            assert order.facets.fulfilment == model.stands
        assert order.facets.returns == model.returns
        for at, variant in enumerate(VARIANTS[:2]):
            level = self.book.level(variant)
            assert level.on_hand - level.reserved == model.free[variant]
            assert level.reserved == (0 if model.ended else model.rest[at])

    @rule(parts=st.tuples(QUANTITIES, QUANTITIES, QUANTITIES))
    def ship(self, parts: tuple[int, ...]) -> None:
        told = zip(self.order.lines, parts, strict=True)
        named = tuple(Part(row.id, much(quantity)) for row, quantity in told if quantity)
        taken = self.model.ships(list(parts))
        self.tell(ShipOrder(ORG, "native", self.order.id, named), taken=taken)

    @rule(parts=st.tuples(QUANTITIES, QUANTITIES, QUANTITIES), restock=st.booleans())
    def take_back(self, parts: tuple[int, ...], *, restock: bool) -> None:
        told = zip(self.order.lines, parts, strict=True)
        named = tuple(Part(row.id, much(quantity)) for row, quantity in told if quantity)
        taken = self.model.takes_back(list(parts), restock=restock)
        self.tell(TakeBack(ORG, "native", self.order.id, named, restock), taken=taken)

    @rule()
    def take_all_back(self) -> None:
        taken = self.model.takes_back(self.model.out, restock=True)
        self.tell(TakeBack(ORG, "native", self.order.id), taken=taken)

    @rule()
    def ship_the_rest(self) -> None:
        taken = self.model.ships(self.model.rest)
        self.tell(ShipOrder(ORG, "native", self.order.id), taken=taken)

    @rule(at=st.integers(0, 2), quantity=st.integers(0, 9))
    def amend(self, at: int, quantity: int) -> None:
        change = LineChange("u", self.order.lines[at].id, much(quantity))
        command = AmendOrder(ORG, "polinate", self.order.id, update_lines=(change,))
        self.tell(command, taken=self.model.amends(at, quantity))

    @rule()
    def cancel(self) -> None:
        command = AmendOrder(ORG, "synq", self.order.id, words=(("synq", "cancelled"),))
        self.tell(command, taken=self.model.cancels())


def test_goods_go_as_the_model_says() -> None:
    bounds = settings(max_examples=150, stateful_step_count=12)
    run_state_machine_as_test(Goods, settings=bounds)
