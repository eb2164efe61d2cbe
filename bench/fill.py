"""Filling an order book with any number of orders, for what is measured on a large one.

The product's own way is too slow for millions. A few real orders (bench/fill_pattern.py) are placed
through a server and come to rest; then all rows that they have are read from the tables, copied
under fresh ids, keys and times (bench/fill_rules.py says how, column by column), and written in
bulk. The copies lie evenly over the last year, oldest first, in the order of their numbers; the
pattern itself is taken out. `entrepot verify` finds nothing wrong with such a book.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from bench import fill_campaigns, fill_contacts, fill_pattern, fill_terms
from bench.fill_book import Book, open_book
from bench.fill_copy import YEAR, Copied, Pattern, Rows, copies
from bench.fill_rules import EMPTY, OWNER
from bench.run import say
from entrepot.clock import new_id, now
from entrepot.core.events import ORDER
from entrepot.core.quantity import whole
from entrepot.store import schema
from entrepot.store.keeping.migrate import INSTALL_SECRET
from entrepot.store.writing import spans, tallies
from entrepot.store.writing.list_tallies import NO_KEY
from entrepot.testing.server import Server

AT_ONCE = 5_000
TOLD_EVERY = 250_000
SAMPLE_MAX = 20_000
MINUTE = 60_000_000
PLENTY = whole(100_000_000)
_NEVER_SWEPT = {"ENTREPOT_IDEMPOTENCY_DAYS": "off"}


class Filled(NamedTuple):
    """A filled book. `sample` has ids of orders (or products) drawn evenly over all of it."""

    url: str
    folder: Path
    orders: int
    sample: list[bytes]
    seconds: float
    of: str = "orders"  # or what else it has so many of

    @property
    def told(self) -> str:
        """How many it has, in words."""
        return f"{self.orders:,} {self.of}"

    def server(self) -> Server:
        """A server on it that only accepts and reads, not started yet.

        It keeps all idempotency keys: that removing the old ones costs little is another measure.
        """
        return Server(self.url, self.folder, role="api", env=_NEVER_SWEPT)


def fill(url: str, folder: Path, orders: int) -> Filled:
    """Fill the empty database at `url`; `folder` is for the server that places the pattern.

    Raises UnknownColumn where the schema has what no rule speaks of.
    """
    with Server(url, folder, role="all", env=_NEVER_SWEPT) as server:
        fill_pattern.place(server)
        code = server.terminate()
        assert code == 0, server.output()[-500:]
    begun = time.monotonic()
    book = open_book(url)
    sample = _fill(book, orders)
    book.finish()
    return Filled(url, folder, orders, sample, time.monotonic() - begun)


def _fill(book: Book, orders: int) -> list[bytes]:
    pattern = _taken_out(book)
    chance = random.Random(orders)
    latest = now() - MINUTE
    first = latest - YEAR

    def begins(number: int) -> int:
        return (first + YEAR * number // orders) // 1_000 * 1_000

    drawn = set(chance.sample(range(1, orders + 1), min(orders, SAMPLE_MAX)))
    sample: list[bytes] = []
    counted: Counter[int] = Counter()
    copied = Copied()
    for start in range(1, orders + 1, AT_ONCE):
        chosen = pattern.choose(min(AT_ONCE, orders + 1 - start), chance)
        counted.update(chosen)
        rows, made = copies(pattern, copied, chosen, begins, latest, chance)
        copied = Copied(
            copied.orders + len(chosen),
            copied.events + len(rows["events"]),
            copied.invoices + len(rows["invoices"]),
        )
        _write(book, rows)
        sample += [order for number, order in enumerate(made, start) if number in drawn]
        done = start + len(chosen) - 1
        if done % TOLD_EVERY == 0:
            say(f"filled {done:,} of {orders:,} orders")
    book.begin()
    _restock(book, pattern, counted)
    _tally(book, copied)
    _value(book)
    book.commit()
    fill_contacts.fill(book, copied.events)
    book.begin()
    _tally_invoices(book)
    book.commit()
    fill_terms.fill(book, orders, copied.events)
    fill_campaigns.fill(book, orders, copied.events)
    return sample


def _taken_out(book: Book) -> Pattern:
    """The pattern, read from the book and removed from it. Nothing else may have been ordered."""
    # The goods stay as older versions made them: as variants, of which no event tells.
    book.begin()
    book.run("DELETE FROM variant_details")
    book.run("DELETE FROM products")
    # Orders that are placed from now on get no invoices, as where nobody chose that they do.
    book.run("DELETE FROM organization_settings")
    book.commit()
    for table in sorted(EMPTY):
        assert not book.rows(table), f"the pattern is not at rest: {table} is not empty"
    found: Rows = {table: book.rows(table) for table in OWNER}
    # Orders of nobody share the organization's guest, who stays.
    guests = {row[0] for row in book.run("SELECT guest_id FROM organizations")}
    at = list(schema.customers.columns.keys()).index("id")
    found["customers"] = [row for row in found["customers"] if row[at] not in guests]
    [secret] = book.run("SELECT value FROM installation WHERE name = ?1", INSTALL_SECRET)
    pattern = Pattern(found, bytes(secret[0]))
    book.begin()
    # Events of the goods that the pattern is of: the log begins with the copies.
    book.run("DELETE FROM events WHERE subject <> ?1", ORDER)
    for shape in pattern.shapes:
        for name, row, _ in shape.rows:
            made = schema.metadata.tables[name]
            keys = [column.name for column in made.primary_key.columns]
            places = [list(made.columns.keys()).index(key) for key in keys]
            where = " AND ".join(f"{key} = ?{mark}" for mark, key in enumerate(keys, 1))
            book.run(f"DELETE FROM {name} WHERE {where}", *[row[at] for at in places])
    book.commit()
    return pattern


def _write(book: Book, rows: Rows) -> None:
    book.begin()
    for table, its in rows.items():
        if its:
            book.write(table, its)
    book.commit()


# The stock on hand opens the valuation at no cost, as in a migrated book of an older version.
_VALUED = (
    (
        "INSERT INTO shelf_values (org, variant_id, location_id, quantity, value, layers) "
        "SELECT org, variant_id, location_id, on_hand, 0, 1 FROM stock_levels WHERE on_hand > 0"
    ),
    (
        "INSERT INTO stock_layers (org, variant_id, location_id, number, quantity, value) "
        "SELECT org, variant_id, location_id, 1, on_hand, 0 FROM stock_levels WHERE on_hand > 0"
    ),
    (
        "INSERT INTO stock_movements (org, variant_id, location_id, number, place, kind, method, "
        "delta, value) SELECT org, variant_id, location_id, 0, 0, 'opening', 'WAC', on_hand, 0 "
        "FROM stock_levels WHERE on_hand > 0"
    ),
    (
        "INSERT INTO stock_costing (org, reached, method, version) "
        "SELECT org, events, 'WAC', 1 FROM order_counters"
    ),
)


def _value(book: Book) -> None:
    """Have the stock be valued up to the end of the log."""
    for table in (
        "stock_costing", "stock_movements", "stock_layers", "shelf_values", "line_costs",
    ):  # fmt: skip
        book.run(f"DELETE FROM {table}")
    for statement in _VALUED:
        book.run(statement)


def _restock(book: Book, pattern: Pattern, counted: Counter[int]) -> None:
    """Shelves as the copies leave them, with plenty beside, and the entry that brought it in."""
    entries, moment = schema.stock_entries.columns.keys(), now()
    marks = ", ".join(f"?{mark}" for mark in range(1, len(entries) + 1))
    for shelf, (reserved, ledger) in pattern.stock(counted).items():
        delivered = PLENTY + reserved - ledger
        entry = {
            **shelf._asdict(), "id": new_id(), "delta": delivered, "kind": "adjustment",
            "order_id": None, "note": "Filled", "created_at": moment,
            "unit_cost": None,
        }  # fmt: skip
        book.run(
            f"INSERT INTO stock_entries ({', '.join(entries)}) VALUES ({marks})",
            *[entry[name] for name in entries],
        )
        book.run(
            "UPDATE stock_levels SET on_hand = on_hand + ?1, reserved = reserved + ?2, "
            "version = version + 1 WHERE org = ?3 AND variant_id = ?4 AND location_id = ?5",
            delivered + ledger, reserved, *shelf,
        )  # fmt: skip


_TIMES = "min(created_min), max(created_max), min(updated_min), max(updated_max)"
_LOWEST = (
    "INSERT INTO order_spans (org, level, span, stage, goods, orders, created_min, created_max, "
    "updated_min, updated_max) SELECT org, 0, (number - 1) / {size}, stage, "
    "fulfilment || '/' || returns, count(*), min(created_at), max(created_at), min(updated_at), "
    "max(updated_at) FROM orders GROUP BY org, (number - 1) / {size}, stage, "
    "fulfilment || '/' || returns"
)
_NEXT = (
    "INSERT INTO order_spans (org, level, span, stage, goods, orders, created_min, created_max, "
    "updated_min, updated_max) SELECT org, {level}, span / {ratio}, stage, goods, sum(orders), "
    f"{_TIMES} FROM order_spans WHERE level = {{level}} - 1 "
    "GROUP BY org, span / {ratio}, stage, goods"
)
_UPDATES = (
    "INSERT INTO order_update_tallies (org, level, slot, orders) SELECT org, {level}, "
    "updated_at / {size}, count(*) FROM orders GROUP BY org, updated_at / {size}"
)
_VALUES = (
    "INSERT INTO order_property_tallies (org, path, value, orders) "
    "SELECT org, path, value, count(*) FROM order_properties GROUP BY org, path, value"
)
_PATHS = (
    "INSERT INTO order_property_tallies (org, path, value, orders) SELECT org, path, "
    f"'{tallies.ANY}', count(DISTINCT number) FROM order_properties GROUP BY org, path"
)


def _tally(book: Book, copied: Copied) -> None:
    """Counters and tallies as counters.py, spans.py and tallies.py of store/writing would have kept
    them.
    """
    for table in ("order_spans", "order_property_tallies", "order_update_tallies"):
        book.run(f"DELETE FROM {table}")
    book.run(
        "UPDATE order_counters SET orders = ?1, events = ?2, invoices = ?3, committed_at = "
        "(SELECT max(o.updated_at) FROM orders AS o WHERE o.org = order_counters.org)",
        *copied,
    )  # fmt: skip
    book.run(_LOWEST.format(size=spans.SIZES[0]))
    sizes = list(zip(spans.SIZES, spans.SIZES[1:], strict=False))
    for level, (below, size) in enumerate(sizes, 1):
        book.run(_NEXT.format(level=level, ratio=size // below))
    for level, size in enumerate(tallies.SLOTS):
        book.run(_UPDATES.format(level=level, size=size))
    book.run(_VALUES)
    book.run(_PATHS)


_INVOICES = (
    "INSERT INTO list_tallies (org, list, word, key, level, slot, counted) SELECT i.org, "
    "'invoices', {word}, ?1, {level}, (i.number - 1) / {size}, count(*) FROM invoices AS i "
    "GROUP BY 1, 3, 6"
)
_INVOICE_PROPERTIES = (
    "INSERT INTO list_tallies (org, list, word, key, level, slot, counted) SELECT i.org, "
    "'invoice_properties', {word}, p.key, {level}, (i.number - 1) / {size}, count(*) "
    "FROM invoices AS i JOIN invoice_properties AS p ON p.org = i.org AND p.invoice_id = i.id "
    "GROUP BY 1, 3, 4, 6"
)


def _tally_invoices(book: Book) -> None:
    """Tallies of the lists of invoices, as store/writing/invoices.py would have kept them."""
    for level, size in enumerate(spans.SIZES):
        for word in ("''", "i.status"):
            book.run(_INVOICES.format(word=word, level=level, size=size), NO_KEY)
            book.run(_INVOICE_PROPERTIES.format(word=word, level=level, size=size))
