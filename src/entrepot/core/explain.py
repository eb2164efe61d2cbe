"""The words that may be told of an order now: every word is tried, and nothing is kept."""

from __future__ import annotations

from entrepot.core import ahead, words
from entrepot.core.decide import decide
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.facets import Facets
from entrepot.core.facts import Facts
from entrepot.core.order import Order
from entrepot.core.results import Decision, OrderResult


def legal_words(org: int, order_id: bytes, facts: Facts) -> dict[str, list[str]]:
    """For each axis of words, those that would move the order and are allowed.

    `facts` are what an AmendOrder of this order has to see.
    """
    before = facts.orders[org, order_id]
    legal: dict[str, list[str]] = {}
    for axis, table in words.AXES.items():
        legal[axis] = []
        for word in table.rows:
            told = ((axis, word),)
            outcome = decide(AmendOrder(org, "operator", order_id, words=told), facts)
            if not isinstance(outcome, Decision):
                continue
            result = outcome.result
            if isinstance(result, OrderResult) and _says(result.order) != _says(before):
                legal[axis].append(word)
    return legal


def _says(order: Order) -> tuple[Facets, Facets]:
    """The facets of the order, and its facets once it is confirmed."""
    return order.facets, ahead.stand(order)
