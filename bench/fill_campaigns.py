"""Broadcasts, touches and attributions of a filled book, as many as it has orders.

There are a hundred campaigns a year. Each contact clicked on the campaign before each of its
orders, and met a flow a day before every fourth one. So each order that brought money is credited.
Each campaign is one of the broadcasts; the others were told, and nobody clicked on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from bench.fill_book import Book
from bench.fill_copy import YEAR
from entrepot.core import events
from entrepot.core.attributing import DAY, UNSOLD, Attribution, credited
from entrepot.core.broadcasts import Broadcast
from entrepot.core.money import Amount
from entrepot.core.order import Event
from entrepot.core.touches import CLICK, Touch
from entrepot.store import schema
from entrepot.store.schema.kept import Kept
from entrepot.store.writing import list_tallies
from entrepot.store.writing.list_tallies import NO_KEY
from entrepot.store.writing.tallies import SLOTS

CAMPAIGNS = 100
AT_ONCE = 5_000
FLOWS_EVERY = 4
# Credits and broadcasts are made at these times, so that a year has some 50,000 slots of tallies.
_MOMENT = 600_000_000
_APART = YEAR // CAMPAIGNS
_LASTING = 6 * 3_600_000_000
_COUNTRIES = ("AT", "CH", "DE", "FR", "NL")
_SENT = "native"

_NEXT = (
    "SELECT c.id, k.order_id, k.window_days, o.created_at, o.made_at, o.stage "
    f"FROM (SELECT id FROM customers WHERE id > ?1 ORDER BY id LIMIT {AT_ONCE}) AS c "
    "JOIN contact_orders AS k ON k.org = ?2 AND k.customer_id = c.id "
    "JOIN orders AS o ON o.org = k.org AND o.id = k.order_id ORDER BY c.id, o.id"
)
_LAST = f"SELECT id FROM customers WHERE id > ?1 ORDER BY id LIMIT 1 OFFSET {AT_ONCE - 1}"


class _Order(NamedTuple):
    """An order of a contact."""

    customer_id: bytes
    id: bytes
    window_days: int
    created_at: int
    made_at: int | None
    stage: str

    @property
    def dated(self) -> int:
        return self.created_at if self.made_at is None else min(self.made_at, self.created_at)


class _Tallies:
    """The tallies of the lists, slot by slot."""

    def __init__(self, org: int) -> None:
        self._org = org
        self._slots: Counter[tuple[Any, ...]] = Counter()

    def add(self, name: str, at: int, word: str = "", key: bytes = NO_KEY) -> None:
        for level, size in enumerate(SLOTS):
            self._slots[self._org, name, word, key, level, at // size] += 1

    def rows(self) -> list[tuple[Any, ...]]:
        return [(*slot, counted) for slot, counted in sorted(self._slots.items())]


def fill(book: Book, orders: int, logged: int) -> None:
    """Make them, and their events behind the `logged` events of the orders."""
    [(org, latest)] = book.run("SELECT org, committed_at FROM order_counters WHERE orders > 0")
    made = _Made(book, int(org), logged, int(latest) - YEAR)
    book.begin()
    book.run("DELETE FROM click_contacts")
    book.run("DELETE FROM attributions")
    made.broadcasts(orders)
    book.commit()
    after: bytes | None = b""
    while after is not None:
        found = book.run(_NEXT, after, org)
        end = book.run(_LAST, after)
        after = bytes(end[0][0]) if end else None
        book.begin()
        made.touched([_Order(bytes(row[0]), bytes(row[1]), *row[2:]) for row in found])
        book.commit()
    book.begin()
    book.write("list_tallies", made.tallies.rows())
    book.run("UPDATE order_counters SET events = ?1 WHERE org = ?2", made.logged, org)
    book.run("UPDATE sweeps SET reached_at = ?1 WHERE kind = 'contacts'", made.logged)
    book.commit()


class _Made:
    """The campaigns made so far, and the number of the newest event."""

    def __init__(self, book: Book, org: int, logged: int, first: int) -> None:
        self._book, self._org, self._first = book, org, first
        self._numbers = 0
        self.logged = logged
        self.tallies = _Tallies(org)

    def broadcasts(self, many: int) -> None:
        """So many broadcasts, the campaigns among them, evenly over the year."""
        campaigns = {many * number // CAMPAIGNS: number for number in range(CAMPAIGNS)}
        for start in range(0, many, AT_ONCE):
            told = [
                self._broadcast(number, many, campaigns.get(number))
                for number in range(start, min(many, start + AT_ONCE))
            ]
            self._write(schema.BROADCASTS, told)
            self._log([
                (one.id, events.BROADCAST, events.BROADCAST_RECORDED, one.created_at)
                for one in told
            ])  # fmt: skip
            for one in told:
                self.tallies.add(list_tallies.BROADCASTS, one.created_at)
                self.tallies.add(list_tallies.BROADCASTS_UPDATED, one.updated_at)

    def _broadcast(self, number: int, many: int, sent: int | None) -> Broadcast:
        at = self._first + YEAR * number // many // _MOMENT * _MOMENT
        id_ = self._id() if sent is None else campaign(sent)
        return Broadcast(
            self._org, id_, f"Broadcast {number}", "sent", "null", "null", "", at,
            1_000, 990, 10, 500, Amount(1250, 2), "EUR", at, at, 1,
        )  # fmt: skip

    def touched(self, orders: Iterable[_Order]) -> None:
        """The touches of these orders' contacts, and the credits of the orders."""
        touches: list[Touch] = []
        credits_: list[Attribution] = []
        for _, its in groupby(orders, key=lambda one: one.customer_id):
            bought = list(its)
            met = [touch for one in bought for touch in self._met(one)]
            touches += met
            for one in bought:
                if one.stage not in UNSOLD:
                    credits_ += self._credited(one, met)
        self._write(schema.TOUCHES, touches)
        self._write(schema.ATTRIBUTIONS, credits_)
        self._log([(one.id, events.TOUCH, events.TOUCH_RECORDED, one.recorded_at)
                   for one in touches])  # fmt: skip
        clicked = [one for one in touches if one.kind == CLICK]
        pairs = sorted({(self._org, one.origin_id, one.customer_id) for one in clicked})
        self._book.write("click_contacts", [list(pair) for pair in pairs])
        for _, origin_id, _ in pairs:
            self.tallies.add(list_tallies.CLICKERS, 0, key=origin_id)
        for one in clicked:
            where = f"{one.country} {one.resource_id}"
            self.tallies.add(list_tallies.CLICKS, one.at)
            self.tallies.add(list_tallies.CLICKS, one.at, key=one.origin_id)
            self.tallies.add(list_tallies.COUNTRIES, one.at, where, one.origin_id)

    def _met(self, order: _Order) -> Iterator[Touch]:
        since = order.dated - self._first
        # The campaign before the last one: that one may have begun after the order.
        before = since // _APART - 1
        begun = self._first + before * _APART
        at = begun + since % _LASTING
        yield self._touch(order, CLICK, "broadcast", campaign(before % CAMPAIGNS), at)
        if order.id[-1] % FLOWS_EVERY == 0:
            yield self._touch(order, "message", "flow", campaign(CAMPAIGNS), order.dated - DAY)

    def _touch(self, order: _Order, kind: str, origin: str, origin_id: bytes, at: int) -> Touch:
        country = _COUNTRIES[order.id[-2] % len(_COUNTRIES)]
        return Touch(
            self._org, self._id(), order.customer_id, kind, origin, origin_id, "whatsapp", at, at,
            "", "offer", country, "{}",
        )  # fmt: skip

    def _credited(self, order: _Order, met: list[Touch]) -> list[Attribution]:
        now = (order.created_at // _MOMENT + 1) * _MOMENT
        found = credited(self._org, order.id, order.dated, order.window_days, met, now)
        for one in found:
            for word in ("", one.type, one.origin, f"{one.type} {one.origin}"):
                self.tallies.add(list_tallies.ATTRIBUTIONS, now, word)
            for word in ("", one.type):
                self.tallies.add(list_tallies.ATTRIBUTIONS, now, word, one.origin_id)
        return found

    def _write(self, kept: Kept[Any, Any], rows: Iterable[Any]) -> None:
        columns = [column.name for column in kept.table.columns]
        places = [kept.columns.index(name) for name in columns]
        made = [kept.to_row(row) for row in rows]
        self._book.write(kept.table.name, [[row[place] for place in places] for row in made])

    def _log(self, told: list[tuple[bytes, str, str, int]]) -> None:
        rows = []
        for id_, subject, type_, at in told:
            self.logged += 1
            event = Event(self._org, id_, 1, type_, at, _SENT, "{}", subject, "", self.logged)
            rows.append(dict(zip(schema.EVENTS.columns, event, strict=True)))
        columns = [column.name for column in schema.events.columns]
        self._book.write("events", [[row[name] for name in columns] for row in rows])

    def _id(self) -> bytes:
        self._numbers += 1
        return b"\x01" + self._numbers.to_bytes(15, "big")


def campaign(number: int) -> bytes:
    """The id of a campaign, and of the broadcast that it is."""
    return b"\x02" + number.to_bytes(15, "big")
