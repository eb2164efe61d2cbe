"""The audit reads a book by code of its own, and that says the same as the code that writes it."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from tests.factories import open_shop
from tests.writer.test_guarded import Desk

from entrepot.core import lifecycle
from entrepot.core.decide.jobs import PUT_OFF_MAX
from entrepot.core.facets import VALUES, Facets
from entrepot.core.money import Amount
from entrepot.core.order import Line, sealed_digest, subtotal
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.keeping import retention
from entrepot.store.verify import own_reading
from entrepot.store.verify.own_moves import why_illegal
from entrepot.store.writing import spans, tallies

VERIFY = Path(own_reading.__file__).parent


def test_what_a_book_is_written_with_is_what_the_audit_knows() -> None:
    assert own_reading.SPAN_SIZES == spans.SIZES
    assert own_reading.SLOT_SIZES == tallies.SLOTS
    assert own_reading.ANY_VALUE == tallies.ANY
    assert own_reading.SWEEP_OF_KEYS == retention.KEYS
    assert own_reading.PUT_OFF_MAX == PUT_OFF_MAX


async def test_rows_are_read_alike(database: Database) -> None:
    desk = Desk(database, await database.write(open_shop))
    await desk.do(desk.shop.stocked(5))
    await desk.do(desk.shop.order(quantity=2, properties='{"a":1}', notes="n"))
    kinds: list[tuple[Any, Any, Any]] = [
        (schema.events, schema.EVENTS.from_row, own_reading.event_of),
        (schema.payment_attempts, schema.ATTEMPTS.from_row, own_reading.attempt_of),
        (schema.order_lines, lambda row: schema.LINES.from_row(row).line, own_reading.line_of),
        (schema.orders, lambda row: schema.ORDERS.from_row(row, ()),
         lambda row: own_reading.order_of(row, ())),
    ]  # fmt: skip
    for table, theirs, ours in kinds:
        found = await database.read(lambda conn, t=table: list(conn.execute(select(t))))
        assert found
        assert [ours(row) for row in found] == [theirs(tuple(row)) for row in found]


@pytest.mark.parametrize("managed", [True, False])
def test_moves_are_judged_alike(managed: bool) -> None:
    """Every two facets that a rule joins, from each of their values to each."""
    axes = (
        ("stage", "fulfilment"), ("stage", "payment"), ("stage", "returns"),
        ("fulfilment", "returns"),
    )  # fmt: skip
    judged = 0
    for axis in axes:
        values = list(itertools.product(*[VALUES[facet] for facet in axis]))
        stand = Facets(stage="confirmed", payment="none", fulfilment="delivered", returns="none")
        stands = [stand._replace(**dict(zip(axis, value, strict=True))) for value in values]
        for before, after in itertools.product(stands, stands):
            theirs = lifecycle.illegal(before, after, managed)
            ours = why_illegal(before, after, managed=managed)
            assert (ours is None) == (theirs is None), (before, after, ours, theirs)
            judged += theirs is None
    assert judged > 100


@given(st.lists(st.tuples(st.integers(-9_999, 9_999), st.integers(0, 6), st.integers(-50, 50))))
def test_sums_are_alike(said: list[tuple[int, int, int]]) -> None:
    lines = [
        Line(b"", 1, b"", b"", b"", quantity=quantity, price=Amount(units, scale), currency="EUR")
        for units, scale, quantity in said
    ]
    assert own_reading.summed(lines) == subtotal(lines, "EUR")


@given(st.text(max_size=20), st.binary(min_size=16, max_size=16))
def test_seals_are_read_alike(sender_id: str, digest: bytes) -> None:
    sealed = sealed_digest(sender_id, digest)
    assert own_reading.is_sealed(sealed, sender_id)
    assert not own_reading.is_sealed(sealed, sender_id + "x")


def test_the_audit_takes_no_row_from_the_writers_conversion() -> None:
    used = [
        f"{path.name}:{node.lineno}"
        for path in sorted(VERIFY.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ("from_row", "to_row", "fold", "illegal", "at")
        and ast.unparse(node.value).split(".")[0] in ("schema", "events", "lifecycle", "kept")
    ]
    assert used == []
