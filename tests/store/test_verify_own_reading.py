"""The audit reads a book by code of its own, and that says the same as the code that writes it."""

from __future__ import annotations

import ast
import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from tests.factories import open_shop
from tests.quantities import much
from tests.writer.test_guarded import Desk

from entrepot.core import lifecycle
from entrepot.core.decide.jobs import PUT_OFF_MAX
from entrepot.core.facets import VALUES, Facets
from entrepot.core.ids import dashed
from entrepot.core.money import SCALE_MAX, UNITS_MAX, Amount
from entrepot.core.order import Line, sealed_digest, subtotal
from entrepot.core.payment import Operation
from entrepot.core.payment_keys import authorisation_key, operation_key
from entrepot.core.quantity import LINE_MAX, Quantity
from entrepot.store import schema
from entrepot.store.engine import Database
from entrepot.store.keeping import retention
from entrepot.store.verify import own_keys, own_reading, own_values
from entrepot.store.verify.own_moves import why_illegal
from entrepot.store.verify.report import Findings
from entrepot.store.writing import spans, tallies

VERIFY = Path(own_reading.__file__).parent
CORE = Path(lifecycle.__file__).parent
VALUES_OF_THE_BOOK = ("money", "order", "payment", "words")


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
        (schema.payments, schema.PAYMENTS.from_row, own_reading.payment_of),
        (schema.payment_operations, schema.OPERATIONS.from_row, own_reading.operation_of),
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


_UNITS = st.integers(-9_999, 9_999) | st.integers(-UNITS_MAX, UNITS_MAX)
_QUANTITIES = st.integers(-50, 50).map(much) | st.integers(-LINE_MAX, LINE_MAX).map(Quantity)


@given(st.lists(st.tuples(_UNITS, st.integers(0, 9), _QUANTITIES)))
def test_sums_are_alike(said: list[tuple[int, int, Quantity]]) -> None:
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


@given(
    st.integers(-UNITS_MAX - 1, UNITS_MAX + 1), st.integers(0, SCALE_MAX + 1),
    st.integers(0, SCALE_MAX), st.integers(-UNITS_MAX, UNITS_MAX),
)  # fmt: skip
def test_amounts_are_read_alike(units: int, scale: int, other: int, others: int) -> None:
    amount = Amount(units, scale)
    at_scale = amount.at(other)
    assert own_values.units_at(amount, other) == at_scale
    assert own_values.decimal(amount) == amount.text()
    assert own_values.is_in_range(amount) == amount.within_range()
    assert own_values.same(amount, Amount(amount.at(scale + other), scale + other))
    assert own_values.same(amount, Amount(others, other)) == (
        amount.at(scale + other) == Amount(others, other).at(scale + other)
    )


@given(
    st.binary(min_size=1), st.integers(0, 2**62), st.binary(min_size=16, max_size=16),
    st.integers(1, 99), st.integers(1, 99), st.sampled_from(["capture", "void", "refund"]),
)  # fmt: skip
def test_keys_are_derived_alike(
    secret: bytes, org: int, order_id: bytes, payment: int, number: int, kind: str
) -> None:
    made = authorisation_key(secret, org, order_id, 1)
    first = Operation(org, order_id, 1, 1, "authorise", 1, made, "done", None, 0, 0)
    added = first._replace(payment=payment + 1)
    further = first._replace(number=number, kind=kind)
    key = own_keys.keys_by(secret, {org + 1: b"of another organization"})
    assert key(first, "") == made
    assert key(added, made) == operation_key(made, org, order_id, "authorise", payment + 1)
    assert key(further, made) == operation_key(made, org, order_id, kind, number)
    moved = first._replace(org=org + 1)
    brought = authorisation_key(b"of another organization", org + 1, order_id, 1)
    assert key(moved, "") == brought


@given(st.binary(min_size=16, max_size=16))
def test_ids_are_spelled_alike(raw: bytes) -> None:
    assert own_values.id_text(raw) == dashed(raw)


def _code_of_the_core() -> tuple[set[str], set[str]]:
    """The functions of the core, as module.name, and the methods and properties of its values."""
    functions, methods = set(), set()
    for path in CORE.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                functions.add(f"{path.stem}.{node.name}")
            elif isinstance(node, ast.ClassDef) and path.stem in VALUES_OF_THE_BOOK:
                methods |= {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    return functions, methods


def _shared_code(source: str) -> list[str]:
    """The uses of the core's code, and of the schema's conversion of rows, in one source text."""
    functions, methods = _code_of_the_core()
    tree = ast.parse(source)
    found: list[str] = []
    rooms: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("entrepot.core"):
            names = [one.name for one in node.names]
            rooms |= set(names) if node.module == "entrepot.core" else set()
            found += [f"{str(node.module).rpartition('.')[2]}.{name}" for name in names]
        elif isinstance(node, ast.Attribute):
            used = ast.unparse(node)
            if used.split(".")[0] in rooms or node.attr in ("from_row", "to_row"):
                found.append(used)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found += [f"().{node.func.attr}"] if node.func.attr in methods else []
    return [one for one in found if one in functions or "(" in one or one.endswith("_row")]


@pytest.mark.parametrize("path", sorted(VERIFY.glob("*.py")), ids=lambda path: path.name)
def test_the_audit_calls_nothing_that_the_book_is_written_with(path: Path) -> None:
    assert _shared_code(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("from entrepot.core.ids import dashed", "ids.dashed"),
        ("from entrepot.core import events\nevents.happened(order)", "events.happened"),
        ("total = order.total.text()", "().text"),
        ("from entrepot.store import schema\nschema.EVENTS.from_row(row)",
         "schema.EVENTS.from_row"),
    ],
)  # fmt: skip
def test_shared_code_is_found(source: str, told: str) -> None:
    assert told in _shared_code(source)


@pytest.mark.parametrize("scale", [1 << 46, -(1 << 46), 100, -1])
def test_an_amount_with_damaged_places_is_compared_at_once(scale: int) -> None:
    damaged = Amount(1250, scale)
    assert not own_values.same(damaged, Amount(1250, 2))
    assert not own_values.same(Amount(1250, 2), damaged)
    assert own_values.decimal(damaged) == f"1250e{-scale}"


def test_witnesses_show_quantities_as_people_read_them() -> None:
    findings = Findings()
    findings.add("ON_HAND_SUM", on_hand_too_much=15_000, quantity=Decimal(-30_000), level=7)
    findings.add("ON_HAND_SUM", on_hand="some", shipped=-1, reserved=None)
    [violation] = findings.violations()
    assert violation.witnesses == [
        {"on_hand_too_much": "1.5", "quantity": -3, "level": 7},
        {"on_hand": "some", "shipped": "-0.0001", "reserved": None},
    ]
