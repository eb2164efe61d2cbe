"""An order with all that hangs on it, and the commands that it takes now. The book is only read."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core.explain import legal_commands, legal_words, wants
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.standing import Standing
from entrepot.store.question import asked_in
from entrepot.store.reading import waiting
from entrepot.store.reading.waiting import Story
from entrepot.store.writing.working_set import load


class Explained(NamedTuple):
    """An order as it stands, the rows that hang on it, and its legal words by axis."""

    standing: Standing
    story: Story
    words: dict[str, list[str]]


@asked_in("snapshot")
def explanation(
    conn: Connection, org: int, order_id: bytes, now: int, new_id: Callable[[], bytes]
) -> Explained | None:
    """All there is to know of the order, as of `now` (microseconds UTC); None if it is unknown.

    `new_id` makes the ids of rows that a command would make; no such row is kept.
    """
    needs, facts = Needs(), Facts(now, new_id)
    wants(org, order_id, needs)
    load(conn, needs, facts, lock=False)
    order = facts.orders.get((org, order_id))
    if order is None:
        return None
    its = waiting.story(conn, org, order_id)
    [told] = waiting.with_reasons(conn, [order], now)
    held = [claim.held_until for claim in its.reservations if claim.state == "held"]
    legal = legal_commands(order, facts)
    standing = Standing(now, told, its.jobs, min(held, default=None), its.seen, its.events, legal)
    return Explained(standing, its, legal_words(org, order_id, facts))
