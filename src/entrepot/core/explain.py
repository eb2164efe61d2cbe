"""The words and the commands that are legal for an order now: each is decided, and nothing is kept.

No rule stands here. A command is legal if its own decision takes the least that the command can
ask. Otherwise the refusal of that decision is the reason why the command is not legal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from entrepot.core import ahead, words
from entrepot.core.commands import Command, LineChange
from entrepot.core.decide import add_needs, decide
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.ask_return import ApproveReturn, RefuseReturn, RequestReturn
from entrepot.core.decide.capture import CaptureOrder
from entrepot.core.decide.complete import CompleteOrder
from entrepot.core.decide.deliver import DeliverShipment, LoseShipment
from entrepot.core.decide.hold import HoldOrder, ReleaseOrder
from entrepot.core.decide.note import NoteOrder
from entrepot.core.decide.refund import RefundOrder
from entrepot.core.decide.resolve import DONE, ResolveOrder
from entrepot.core.decide.returning import COME_BACK_ELSEWHERE
from entrepot.core.decide.ship import LEAVE_ELSEWHERE, ShipOrder
from entrepot.core.decide.steps import ResumeOrder
from entrepot.core.decide.take_back import ReceiveReturn, TakeBack
from entrepot.core.facets import Facets
from entrepot.core.facts import Facts
from entrepot.core.money import Amount
from entrepot.core.needs import Needs
from entrepot.core.order import Order
from entrepot.core.refusal import Refusal
from entrepot.core.results import Decision, OrderResult
from entrepot.core.returns import RETURNS
from entrepot.core.shipments import SHIPMENTS

_WHO = "operator"


class Legal(NamedTuple):
    """A command of an order. `why_not` says why it is not legal now; None where it is."""

    command: str
    why_not: str | None


class Least(NamedTuple):
    """The least that a command can ask of an order.

    `bare` is the command of an order by its id: the rows that it needs are those of every try. With
    `tries` one of them is enough, and `without` says why there is none. `idle` says why the command
    would change nothing.
    """

    bare: Callable[[int, bytes], Command]
    tries: Callable[[Order, Facts], tuple[Command, ...]] | None = None
    without: Callable[[Order], str] = lambda _order: ""
    idle: Callable[[Order], str] = lambda order: f"the order is {order.facets.stage}"


def _amendment(org: int, order_id: bytes) -> Command:
    return AmendOrder(org, _WHO, order_id)


def _bringing(stage: str) -> Least:
    """Some dialect's word that brings the order to a stage."""

    def tries(order: Order, _facts: Facts) -> tuple[Command, ...]:
        stand = ahead.stand(order)
        return tuple(
            AmendOrder(order.org, _WHO, order.id, words=((axis, word),))
            for axis, table in words.AXES.items()
            for word in table.rows
            if words.moved_by(axis, word, stand).stage == stage
        )

    return Least(_amendment, tries, lambda _order: f"no word makes an order {stage}")


def _other_notes(order: Order, _facts: Facts) -> tuple[Command, ...]:
    notes = f"{order.notes or ''}."
    return (AmendOrder(order.org, _WHO, order.id, said={"notes": notes}),)


def _other_prices(order: Order, facts: Facts) -> tuple[Command, ...]:
    """The first line costs a little more, or a little less: no more stock is needed. Or the order
    costs what it cost before more was asked for.
    """
    prices = [
        AmendOrder(
            order.org,
            _WHO,
            order.id,
            update_lines=(LineChange("", line.id, price=price),),
            keeps_costs=True,
        )
        for line in order.lines[:1]
        for price in (
            Amount(line.price.units + 1, line.price.scale),
            Amount(line.price.units - 1, line.price.scale),
        )
    ]
    funds = facts.funds_of((order.org, order.id))
    if prices and funds is not None and funds.asked is not None:
        units = order.total.at(funds.scale) - funds.asked.payment.amount.units
        prices.append(AmendOrder(order.org, _WHO, order.id, total=funds.amount(units)))
    return tuple(prices)


def _of_shipments(make: Callable[[int, str, bytes], Command]) -> Least:
    """A command of one shipment of the order."""

    def tries(order: Order, facts: Facts) -> tuple[Command, ...]:
        its = facts.group(SHIPMENTS, (order.org, order.id))
        for one in its:
            facts.by_shipment[one.org, one.id] = (one.org, one.order_id, one.number)
        return tuple(make(order.org, _WHO, one.id) for one in its)

    return Least(_amendment, tries, _no_shipment, lambda order: f"its goods are {_goods(order)}")


def _goods(order: Order) -> str:
    return order.facets.fulfilment


def _no_shipment(order: Order) -> str:
    return "no goods of the order have left" if order.managed else LEAVE_ELSEWHERE


def _of_returns(make: Callable[[int, str, bytes], Command]) -> Least:
    """A command of one return of the order."""

    def tries(order: Order, facts: Facts) -> tuple[Command, ...]:
        its = facts.group(RETURNS, (order.org, order.id))
        for one in its:
            facts.by_return[one.org, one.id] = (one.org, one.order_id, one.number)
        return tuple(make(order.org, _WHO, one.id) for one in its)

    return Least(_amendment, tries, _no_return)


def _no_return(order: Order) -> str:
    return "no return of the order was asked for" if order.managed else COME_BACK_ELSEWHERE


def _scrapping(org: int, source: str, return_id: bytes) -> Command:
    return ReceiveReturn(org, source, return_id, restock=False)


# Every command that somebody may give for an order, by the name under which it is explained.
LEAST: Mapping[str, Least] = MappingProxyType(
    {
        "amend": Least(_amendment, _other_notes),
        "amend_lines": Least(_amendment, _other_prices, lambda _order: "the order has no line"),
        "cancel": _bringing("cancelled"),
        "ship": Least(lambda org, id_: ShipOrder(org, _WHO, id_)),
        "deliver": _of_shipments(DeliverShipment),
        "lose": _of_shipments(LoseShipment),
        "complete": Least(lambda org, id_: CompleteOrder(org, _WHO, id_)),
        "return": Least(lambda org, id_: RequestReturn(org, _WHO, id_)),
        "approve_return": _of_returns(ApproveReturn),
        "refuse_return": _of_returns(RefuseReturn),
        "receive_return": _of_returns(_scrapping),
        "take_back": Least(lambda org, id_: TakeBack(org, _WHO, id_, restock=False)),
        "capture": Least(lambda org, id_: CaptureOrder(org, _WHO, id_)),
        "refund": Least(lambda org, id_: RefundOrder(org, _WHO, id_)),
        "hold": Least(lambda org, id_: HoldOrder(org, _WHO, id_, "?")),
        "release": Least(
            lambda org, id_: ReleaseOrder(org, _WHO, id_), idle=lambda _order: "nobody holds it"
        ),
        "note": Least(lambda org, id_: NoteOrder(org, id_, _WHO, ".")),
        "retry": Least(ResumeOrder),
        "resolve": Least(lambda org, id_: ResolveOrder(org, id_, _WHO, DONE, _WHO)),
    }
)


def wants(org: int, order_id: bytes, needs: Needs) -> None:
    """The rows that `legal_commands` and `legal_words` have to see."""
    for least in LEAST.values():
        add_needs(least.bare(org, order_id), needs)


def legal_commands(order: Order, facts: Facts) -> tuple[Legal, ...]:
    """Every command, with the reason why the order does not take the command now."""
    return tuple(Legal(name, _why_not(least, order, facts)) for name, least in LEAST.items())


def _why_not(least: Least, order: Order, facts: Facts) -> str | None:
    bare = (least.bare(order.org, order.id),)
    why_not = least.without(order)
    for number, command in enumerate(bare if least.tries is None else least.tries(order, facts)):
        outcome = decide(command, facts)
        if isinstance(outcome, Refusal):
            sentence = outcome.detail or outcome.reason.sentence
        elif _changes(outcome):
            return None
        else:
            sentence = f"nothing would change: {least.idle(order)}"
        why_not = why_not if number else sentence
    return why_not


def _changes(decision: Decision) -> bool:
    """Whether a decision has anything to write."""
    changes = decision.changes
    return bool(changes.events or changes.reasons or any(map(len, changes.pending.values())))


def legal_words(org: int, order_id: bytes, facts: Facts) -> dict[str, list[str]]:
    """For each axis of words, those that would move the order and are allowed."""
    before = facts.orders[org, order_id]
    legal: dict[str, list[str]] = {}
    for axis, table in words.AXES.items():
        legal[axis] = []
        for word in table.rows:
            told = ((axis, word),)
            outcome = decide(AmendOrder(org, _WHO, order_id, words=told), facts)
            if not isinstance(outcome, Decision):
                continue
            result = outcome.result
            if isinstance(result, OrderResult) and _says(result.order) != _says(before):
                legal[axis].append(word)
    return legal


def _says(order: Order) -> tuple[Facets, Facets]:
    """The facets of the order, and its facets once it is confirmed."""
    return order.facets, ahead.stand(order)
