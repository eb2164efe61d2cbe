"""Pages of orders by a cursor: the orders behind a number, newest first. Nothing is counted.

A page may be asked for by members of which no tally knows. Then orders are looked at one by one, at
most LOOKED_AT of them a page: a page may end early, and the next one goes on where it ended.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from entrepot.core.order_filter import OrderFilter
from entrepot.store.reading.span_walk import Walk
from entrepot.store.writing import spans

LOOKED_AT = 80 * spans.SIZES[0]


class Behind(NamedTuple):
    """The numbers of a page in descending order, and the number that the next page comes behind;
    None on the last page.
    """

    numbers: list[int]
    after: int | None


class _Enough(Exception):
    """As many orders were looked at as a page may."""


class _Walk(Walk):
    """A walk that ends after LOOKED_AT orders; `reached` is the lowest number that it looked at."""

    reached = 0
    _looked_at = 0

    def _go_into(self, level: int, chosen: list[int]) -> None:
        size = spans.SIZES[level]
        # A span that begins behind the page's last number has none of its orders.
        chosen = [span for span in chosen if span * size < self.newest]
        if not chosen:
            return
        if level == 0 and self._looked_at >= LOOKED_AT:
            raise _Enough
        super()._go_into(level, chosen)
        if level == 0:
            self._looked_at += len(chosen) * size
            self.reached = chosen[-1] * size + 1

    def behind(self, limit: int) -> Behind:
        """The page of this many orders, or of fewer where too many had to be looked at."""
        if self.newest == 0:
            return Behind([], None)
        try:
            found = self.numbers(limit + 1, 0)
        except _Enough:
            found = self._found
            if len(found) <= limit:
                return Behind(found, self.reached)
        return Behind(found[:limit], found[limit - 1] if len(found) > limit else None)


def find(conn: Connection, org: int, wanted: OrderFilter, limit: int) -> Behind:
    """The page of orders that match, behind the number that the filter names, if any."""
    return _Walk(conn, org, wanted).behind(limit)
