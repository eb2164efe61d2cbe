"""Pages of orders that are meant by a text, newest first.

Orders are found by their kept terms (docs/adr/0063). Orders that the walk which keeps the terms has
not come to yet are compared one by one: those that were placed since, and those that were amended.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core.order_filter import OrderFilter
from entrepot.core.order_terms import CHANGING, Asked, Range, Way, Word, asked_for, fits
from entrepot.store import schema
from entrepot.store.engines import sql
from entrepot.store.engines.sql import Row, Statement
from entrepot.store.reading import keyset, order_filter, order_terms
from entrepot.store.reading.keyset import Behind

# A word that more orders have is looked for order by order, newest first: a page is full soon.
FEW = 4_096
# With so few orders no other word of the text is counted.
VERY_FEW = 64
# Orders that are compared one by one, at once and at most for a page.
AT_ONCE, UNREAD_MAX = 512, 5_120
# The newest events among which amendments are looked for that nobody has read yet.
TAIL = 1_000


class _Reached(NamedTuple):
    """How many orders and events there are, and up to which ones the terms are kept."""

    orders: int = 0
    events: int = 0
    kept_orders: int = 0
    kept_events: int = 0


def find(conn: Connection, org: int, wanted: OrderFilter, limit: int) -> Behind:
    """The page of orders that match, behind the number that the filter names, if any.

    A page may end early, as those of keyset.find. An amended order that the walk has not come to is
    found by what it now says, unless more than TAIL events came later.
    """
    asked = asked_for(wanted.text or "")
    if not asked.ways:
        return keyset.find(conn, org, wanted._replace(text=None), limit)
    return _Search(conn, org, wanted, asked).behind(limit)


class _Search:
    """A search in the book of an organization."""

    def __init__(self, conn: Connection, org: int, wanted: OrderFilter, asked: Asked) -> None:
        self._conn, self._org, self._wanted, self._asked = conn, org, wanted, asked
        # What is asked for besides the text and the place of the page.
        self._others = wanted._replace(text=None, before=None)
        self._reached = _reached(conn, org)

    def behind(self, limit: int) -> Behind:
        """The page of this many orders."""
        top, kept = self._reached.orders, self._reached.kept_orders
        if self._wanted.before is not None:
            top = min(top, self._wanted.before - 1)
        found, low = self._unread(top, limit + 1)
        after: int | None = low if low > kept + 1 else None
        if len(found) <= limit and after is None:
            rest = self._kept(min(top, kept) + 1, limit - len(found))
            found, after = found + rest.numbers, rest.after
        if len(found) > limit:
            return Behind(found[:limit], found[limit - 1])
        return Behind(found, after)

    def _unread(self, top: int, enough: int) -> tuple[list[int], int]:
        """Orders behind the newest kept one that are meant, and down to which all were compared."""
        found: list[int] = []
        end = max(self._reached.kept_orders, top - UNREAD_MAX)
        while top > end and len(found) < enough:
            low = max(end + 1, top - AT_ONCE + 1)
            statement = Statement(self._conn)
            where = f"o.org = {statement.mark(self._org)} AND o.number >= {statement.mark(low)}"
            where += f" AND o.number <= {statement.mark(top)}"
            rows = statement.fetch(
                f"SELECT {order_terms.columns_of(order_terms.READ)} FROM orders AS o "
                f"WHERE {' AND '.join([where, *order_filter.of_orders(self._others, statement)])}"
            )
            found += self._meant(rows)
            top = low - 1
        return found, top + 1

    def _meant(self, rows: list[Row]) -> list[int]:
        """The numbers of those that are meant, as they now are, in descending order."""
        terms = order_terms.now(self._conn, self._org, rows)
        meant = [number for number, its in terms.items() if fits(its, number, self._asked)]
        return sorted(meant, reverse=True)

    def _kept(self, before: int, limit: int) -> Behind:
        """A page, or one more order than that, of the orders whose terms are kept."""
        amended = self._amended()
        terms = [row for row in amended if row[0] < before]
        changed = {row[0] for row in terms}
        page = self._by_terms(before, max(1, limit) + len(changed))
        found = [number for number in page.numbers if number not in changed]
        if changed:
            lowest = page.after or 0
            meant = [number for number in self._meant(terms) if number >= lowest]
            found = sorted(found + self._as_filtered(meant), reverse=True)
        return Behind(found, page.after)

    def _amended(self) -> list[Row]:
        """Orders that were amended since the walk came by, as they now are."""
        if self._reached.events <= self._reached.kept_events:
            return []
        statement = Statement(self._conn)
        mark = statement.mark
        types = ", ".join([mark(one) for one in CHANGING])
        newest = (
            f"SELECT e.subject_id, e.type FROM events AS e WHERE e.org = {mark(self._org)} "
            f"AND e.number > {mark(self._reached.kept_events)} ORDER BY e.number DESC LIMIT {TAIL}"
        )
        ids = statement.fetch(f"SELECT DISTINCT n.subject_id FROM ({newest}) AS n "
                              f"WHERE n.type IN ({types})")  # fmt: skip
        wanted: set[Row] = {(self._org, row[0]) for row in ids}
        rows = sql.select(self._conn, schema.orders, ("org", "id"), wanted, order_terms.READ)
        return [row for row in rows if row[0] <= self._reached.kept_orders]

    def _as_filtered(self, numbers: list[int]) -> list[int]:
        """Those of a few orders that match the rest of the filter."""
        statement = Statement(self._conn)
        others = order_filter.of_orders(self._others, statement)
        if not (others and numbers):
            return numbers
        within = ", ".join([statement.mark(number) for number in numbers])
        where = [f"o.org = {statement.mark(self._org)}", f"o.number IN ({within})", *others]
        return [
            row[0]
            for row in statement.fetch(
                f"SELECT o.number FROM orders AS o WHERE {' AND '.join(where)}"
            )
        ]

    def _by_terms(self, before: int, limit: int) -> Behind:
        """A page of the orders whose kept terms fit: by the index of terms where few have them."""
        wanted = self._wanted._replace(before=before)
        chosen = [self._fewest(way) for way in self._asked.ways]
        if any(word is None for word in chosen):
            return keyset.find(self._conn, self._org, wanted, limit)
        statement = Statement(self._conn)
        mark = statement.mark
        org = mark(self._org)
        fitting = [
            f"SELECT t.number FROM order_terms AS t WHERE t.org = {org} "
            f"AND {order_terms.within(one, statement)}"
            for word in chosen for one in word or ()
        ]  # fmt: skip
        if self._asked.number is not None:
            number = mark(self._asked.number)
            fitting.append(f"SELECT n.number FROM orders AS n WHERE n.org = {org} "
                           f"AND n.number = {number}")  # fmt: skip
        listed = (
            f"(SELECT u.number FROM ({' UNION '.join(fitting)}) AS u{statement.sql.fence}) AS f"
        )
        same = f"{{0}}.org = {org} AND {{0}}.number = f.number"
        where = " AND ".join(order_filter.of_orders(wanted, statement))
        rows = statement.fetch(
            f"SELECT o.number FROM {listed} {statement.sql.joined('orders', 'o', same)} "
            f"WHERE {where} ORDER BY o.number DESC LIMIT {mark(limit + 1)}"
        )
        numbers = [row[0] for row in rows]
        return Behind(numbers[:limit], numbers[limit - 1] if len(numbers) > limit else None)

    def _fewest(self, way: Way) -> Word | None:
        """The word that the fewest orders have; None where many have each of them."""
        fewest, chosen = FEW + 1, None
        for word in sorted(way, key=lambda one: -len(one[0].low)):
            count = sum([self._counted(one) for one in word])
            if count < fewest:
                fewest, chosen = count, word
            if count <= VERY_FEW:
                break
        return chosen

    def _counted(self, one: Range) -> int:
        """How many terms lie within a range; one more than FEW stands for all above."""
        statement = Statement(self._conn)
        where = f"t.org = {statement.mark(self._org)} AND {order_terms.within(one, statement)}"
        some = f"SELECT 1 FROM order_terms AS t WHERE {where} LIMIT {FEW + 1}"
        return statement.scalar(f"SELECT count(*) FROM ({some}) AS s")


def _reached(conn: Connection, org: int) -> _Reached:
    statement = Statement(conn)
    its = f"s.org = c.org AND s.kind = {statement.mark(order_terms.SEARCH)}"
    found = statement.fetch(
        "SELECT c.orders, c.events, coalesce(s.horizon, 0), coalesce(s.reached_at, 0) "
        f"FROM order_counters AS c LEFT JOIN sweeps AS s ON {its} "
        f"WHERE c.org = {statement.mark(org)}"
    )
    return _Reached(*found[0]) if found else _Reached()
