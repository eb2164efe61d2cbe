"""Which price lists and entries a batch has to see, by what was read so far."""

from __future__ import annotations

from collections.abc import Iterator

from entrepot.core.commands import DraftLine
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs, PricedLines
from entrepot.core.partnerships import PARTNERSHIPS
from entrepot.core.price_lists import LIST_ENTRIES, PRICE_LISTS


def want(org: int, list_id: bytes, variant_id: bytes, needs: Needs) -> None:
    """A list, and its entry of a variant."""
    needs.of(PRICE_LISTS).add((org, list_id))
    needs.of(LIST_ENTRIES).add((org, list_id, variant_id))


def name(needs: Needs, facts: Facts) -> None:
    """The partnerships of customers whose lines may be priced, then the entries of their lists."""
    for lines in needs.priced:
        org = lines.org
        for customer_id in _customers(lines, facts):
            needs.of(PARTNERSHIPS).add((org, customer_id))
            for list_id in _lists(org, customer_id, needs, facts):
                for draft in lines.lines:
                    if (variant_id := _variant(org, draft, facts)) is not None:
                        want(org, list_id, variant_id, needs)


def _lists(org: int, customer_id: bytes, needs: Needs, facts: Facts) -> set[bytes]:
    """The list that a customer has, and those that another command of the batch may give."""
    found = set(needs.assigned.get((org, customer_id), ()))
    partnership = facts.of(PARTNERSHIPS).get((org, customer_id))
    if partnership is not None and partnership.list_id is not None:
        found.add(partnership.list_id)
    return found


def _customers(lines: PricedLines, facts: Facts) -> Iterator[bytes]:
    """The customers that the lines may be of, as far as they are known by now."""
    if lines.order_id is not None:
        order = facts.orders.get((lines.org, lines.order_id))
        if order is not None:
            yield order.customer_id
    who = lines.customer
    if who is None:
        return
    if who.customer_id is not None:
        yield who.customer_id
    for kind, value in (*([who.own] if who.own else ()), *who.identifiers):
        found = facts.customer_names.get((lines.org, kind, value))
        if found is not None:
            yield found.customer_id


def _variant(org: int, draft: DraftLine, facts: Facts) -> bytes | None:
    ref = draft.variant
    if ref.variant_id is not None:
        return ref.variant_id
    if ref.entry_id is not None:
        return facts.by_entry.get((org, ref.entry_id))
    for kind, value in (*ref.names, *ref.older):
        if (found := facts.variant_names.get((org, kind, value))) is not None:
            return found.variant_id
    return None
