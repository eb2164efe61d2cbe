"""The statements of the hot paths as PostgreSQL is told them, for docs/statements.md.

A small shop is set up in a SQLite book in memory, and its batches are carried out twice: once to
note what PostgreSQL would be told, and once to go on from there.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pysqlite3 import dbapi2 as sqlite_driver
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from entrepot.core import actor
from entrepot.core.commands import Command, CustomerRef, DraftLine, LineChange, VariantRef
from entrepot.core.decide.adjust import AdjustStock
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.decide.mirror import MirrorOrders, OrderDraft
from entrepot.core.decide.place import PlaceOrder
from entrepot.core.decide.reserve import ReserveStock
from entrepot.core.decide.settle import SettlePayment
from entrepot.core.decide.stocking import MakeVariant
from entrepot.core.facts import Facts
from entrepot.core.money import Amount
from entrepot.core.order import Job, Order
from entrepot.core.order_filter import OrderFilter
from entrepot.core.quantity import whole
from entrepot.core.results import OrderResult, VariantResult
from entrepot.store import accounts, schema
from entrepot.store.engines.noting_sql import noting
from entrepot.store.engines.postgres_types import made_by
from entrepot.store.engines.sql import speaking
from entrepot.store.engines.sqlite_sql import SQLITE
from entrepot.store.reading import queries
from entrepot.store.writing import queue
from entrepot.writer.batch import run_batch
from entrepot.writer.envelope import Answer, Envelope, Idempotency

_INTRODUCTION = """\
# The statements of the hot paths

These are the statements that PostgreSQL is told when orders are placed, moved and read, whole, as
they are composed. A database administrator finds them in `pg_stat_statements`.

- A batch of orders reads in rounds. A round is one statement, with a part for each table. Keys go
  there as arrays, one for each column of the key. So the text is the same for one order and for
  hundreds.
- A batch writes by one statement, with a part for each kind of change. The order of the parts is
  the order of the locks: [adr 12](adr/0012-one-read-one-write.md),
  [adr 15](adr/0015-stock-is-written-as-a-difference.md),
  [adr 19](adr/0019-times-rise-with-the-commits.md). A part that finds fewer rows than it was given
  makes the statement fail, by reading a number where there is none; the batch then runs again.
- A batch has the parts that its changes need. The examples have most of the parts.
- Rows go there as one array of a type that each connection makes for itself, below. Behind a
  pooler there are no such types, and rows go there as an array for each column
  ([adr 32](adr/0032-behind-a-pooler.md)).
- Lists with a filter are composed for each filter, and are not here
  ([adr 8](adr/0008-lists-by-number-and-span.md)).

On SQLite each part is a statement of its own, carried out row by row.

"""
_MICROSECONDS = 1_000_000
# Words that begin a line of their own. The parts of the last SELECT stay on one line.
_CLAUSE = re.compile(r" (FROM(?! \w+\))|WHERE|ON CONFLICT|RETURNING|ORDER BY|GROUP BY) ")


class _Chapter(NamedTuple):
    """The statements of one situation."""

    when: str
    statements: list[str]


def printed_statements() -> str:
    """The document."""
    with _book() as conn:
        chapters = _Story(conn).told()
    named = set(re.findall(r"pg_temp\.\w+", str(chapters)))
    types = [made_by(name) for name in sorted(named)]
    chapters.insert(
        0, _Chapter("A connection makes each of these types before its first use", types)
    )
    parts = []
    for when, statements in chapters:
        parts.append(f"## {when}\n\n")
        parts += [f"```sql\n{_laid_out(statement)}\n```\n\n" for statement in statements]
    return _INTRODUCTION + "".join(parts).rstrip() + "\n"


def _laid_out(statement: str) -> str:
    """With each part on lines of its own."""
    text = " ".join(statement.split())
    text = re.sub(r", (\w+ AS (?:MATERIALIZED )?\((?:SELECT|INSERT|UPDATE|DELETE))", r",\n\1", text)
    text = re.sub(r"\) SELECT \(SELECT ", ")\nSELECT (SELECT ", text)
    return _CLAUSE.sub(r"\n  \1 ", text)


@contextmanager
def _book() -> Iterator[Connection]:
    engine = create_engine(
        "sqlite+pysqlite://", module=sqlite_driver, poolclass=StaticPool,
        execution_options=speaking(SQLITE),
    )  # fmt: skip
    try:
        with engine.connect() as conn:
            schema.metadata.create_all(conn)
            yield conn
    finally:
        engine.dispose()


class _Story:
    """A shop, and what happens in it."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._ids = itertools.count(1)
        self._times = itertools.count(1)
        self._jobs: list[Job] = []
        self._order: Order | None = None
        self._org = accounts.create_organization(conn, "Shop", 1, self._new_id)
        self._variant = b""
        self._carried_out(
            MakeVariant(self._org.org, "native", "SKU", "Thing", "EUR", Amount(1250, 2)), 0
        )

    def _new_id(self) -> bytes:
        return next(self._ids).to_bytes(16, "big")

    def told(self) -> list[_Chapter]:
        """The situations, one after another."""
        org = self._org
        stocked = AdjustStock(org.org, self._variant, org.default_location, whole(10), "opening")
        placed = self._batch("Stock is counted", stocked)
        chapters = [
            placed,
            self._batch("An order is placed, and its stock reserved", self._placing()),
        ]
        job = self._jobs[0]
        settled = SettlePayment(
            org.org, job.order_id or b"", job.id, job.fence, "authorized", "said", "reference"
        )
        chapters.append(self._batch("A payment was authorised", settled))
        chapters.append(self._batch("An order is amended", self._amending()))
        chapters.append(self._batch("An array of orders is mirrored", self._mirroring()))
        chapters.append(self._asked("Jobs are claimed", self._claim))
        order = self._order
        assert order is not None
        chapters += [
            self._asked("An order is read by its id (Synq)",
                        lambda conn: queries.order_by_id(conn, org.org, order.id)),
            self._asked("An order is read by its id, with who ordered (Polinate, Konvo)",
                        lambda conn: queries.order_and_customer(conn, org.org, order.id)),
            self._asked("A page of a list without a filter",
                        lambda conn: queries.page(conn, org.org, OrderFilter(), limit=1, offset=0)),
            self._asked("A page of what was updated after a time",
                        lambda conn: queries.page(conn, org.org, OrderFilter(updated_after=1),
                                                  limit=1, offset=0)),
        ]  # fmt: skip
        return chapters

    def _asked(self, when: str, ask: Callable[[Connection], object]) -> _Chapter:
        with noting(self._conn) as noted:
            ask(self._conn)
        return _Chapter(when, list(dict.fromkeys(noted)))

    def _claim(self, conn: Connection) -> object:
        return queue.claim(conn, 10 * _MICROSECONDS, 20 * _MICROSECONDS, limit=100, holder=1)

    def _batch(self, when: str, command: Command) -> _Chapter:
        """Note what a batch of this command says, then carry it out."""
        number, before = next(self._times), next(self._ids)
        with noting(self._conn) as noted:
            self._carried_out(command, number)
        self._ids = itertools.count(before)
        self._carried_out(command, number)
        return _Chapter(when, list(noted))

    def _carried_out(self, command: Command, number: int) -> None:
        # Born leased, as where the process runs the pipeline; only claimed where it does not.
        mirrored = isinstance(command, MirrorOrders)
        leased = 0 if mirrored else (number + 60) * _MICROSECONDS
        facts = Facts(number * _MICROSECONDS, self._new_id, leased_until=leased)
        key = None
        if isinstance(command, PlaceOrder | MirrorOrders):
            key = Idempotency(f"key-{number}", "operation", ("all",), b"12345678")
        envelope = Envelope(
            command, "request", key, lambda _: Answer(201, b"{}"), actor=actor.UNKNOWN
        )
        done = run_batch(self._conn, [envelope], facts, _first_step)
        self._jobs = done.leased or self._jobs
        result = done.outcomes[0].result
        if isinstance(result, OrderResult):
            self._order = result.order
        elif isinstance(result, VariantResult):
            self._variant = result.variant.id

    def _line(self, path: str) -> DraftLine:
        return DraftLine(
            path,
            VariantRef(variant_id=self._variant),
            whole(1),
            location_id=self._org.default_location,
        )

    def _placing(self) -> PlaceOrder:
        customer = CustomerRef(None, (("email", "a@example.com"),), email="a@example.com")
        paid = {"payment_provider": "stripe", "payment_reference": "card"}
        return PlaceOrder(
            self._org.org, "native", "EUR", (self._line("a"), self._line("b")), customer,
            said={**paid, "properties": '{"a":1}'},
        )  # fmt: skip

    def _amending(self) -> AmendOrder:
        assert self._order is not None
        lines = self._order.lines
        return AmendOrder(
            self._org.org, "polinate", self._order.id, said={"notes": "n"}, properties={"a": 2},
            create_lines=(self._line("c"),), update_lines=(LineChange("u", lines[0].id, whole(3)),),
            delete_lines=(("d", lines[1].id),),
        )  # fmt: skip

    def _mirroring(self) -> MirrorOrders:
        line = DraftLine("0", VariantRef(names=(("sku", "s"),)), whole(1), Amount(100, 2), "EUR")
        customer = CustomerRef(None, (), ("konvo", "c"), "Name")
        draft = OrderDraft(
            "[0]", "k", b"digest of it all", "EUR", Amount(100, 2), (line,), customer,
            (("konvo", "paid"),), {"properties": '{"b":[1]}'},
        )  # fmt: skip
        return MirrorOrders(self._org.org, "konvo", (draft,))


def _first_step(job: Job) -> ReserveStock:
    return ReserveStock(
        job.org, job.order_id or b"", job.id, job.fence, b"secret", frozenset(),
        100 * _MICROSECONDS, "sandbox",
    )  # fmt: skip
