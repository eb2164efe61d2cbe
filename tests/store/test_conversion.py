"""Rows to values and back: composed of the members and the columns, for every kind of row."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple, get_type_hints

import pytest
from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table

from entrepot.core.invoices import Invoice
from entrepot.core.kinds import Kind, by
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.products import VariantDetails
from entrepot.store import schema
from entrepot.store.schema.conversion import Alone, Beside, Conversion, Spread, money
from entrepot.store.schema.kept import Kept

KEPT: list[Kept[Any, Any]] = [one for one in vars(schema).values() if isinstance(one, Kept)]


class Inner(NamedTuple):
    one: int
    two: int


class Thing(NamedTuple):
    org: int
    id: int
    inner: Inner
    price: Amount
    open: bool
    beside: tuple[int, ...] = ()


def a_table(*more: str) -> Table:
    names = ("org", "id", "one", "two", "units", "scale", *more)
    columns: list[Any] = [
        Column(name, BigInteger, primary_key=name in ("org", "id")) for name in names
    ]
    return Table("things", MetaData(), *columns, Column("open", Boolean))


PARTS = {
    "inner": Spread(Inner), "price": money("units", "scale"), "beside": Beside("beside", "()"),
}  # fmt: skip
THING = Thing(1, 2, Inner(3, 4), Amount(5, 2), True)


def test_members_lie_in_the_columns_that_their_parts_name() -> None:
    things = Conversion(Thing, a_table(), PARTS)
    assert things.to_row(THING) == (1, 2, 3, 4, 5, 2, True)
    # SQLite gives numbers where a column holds yes or no.
    assert things.from_row((1, 2, 3, 4, 5, 2, 1)) == THING
    assert things.from_row((1, 2, 3, 4, 5, 2, 1)).open is True
    assert things.from_row((1, 2, 3, 4, 5, 2, 1), (7,)).beside == (7,)
    assert things.giving(("two", "org"))(THING) == (4, 1)
    assert things.columns_of("price", "inner") == ("one", "two", "units", "scale")


@pytest.mark.parametrize(
    ("table", "parts", "named"),
    [
        (a_table("more"), PARTS, "nothing for \\['more'\\]"),
        (a_table(), {**PARTS, "inner": Alone("inner")}, "no column for \\['inner'\\]"),
        (a_table(), {**PARTS, "wrong": Alone("org")}, "no member \\['wrong'\\]"),
    ],
)
def test_what_does_not_fit_is_an_error_at_once(table: Table, parts: Any, named: str) -> None:
    with pytest.raises(TypeError, match=named):
        Conversion(Thing, table, parts)


def test_a_change_writes_all_but_the_key_and_what_is_fixed() -> None:
    kind: Kind[Any, Thing] = Kind("thing", Thing, by(Thing, "org", "id"), guard="open")
    things = Kept(kind, a_table(), PARTS, fixed=("inner",))
    assert things.sets == ("units", "scale", "open")
    assert things.guarded_key == ("org", "id", "open")
    assert (things.values(THING), things.guarding(THING)) == ((5, 2, True), (1, 2, True))
    assert Kept(kind, a_table(), PARTS, changing=("price",)).sets == ("units", "scale")


@pytest.mark.parametrize("yes", [True, False])
@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.table.name)
def test_every_kind_comes_back_as_it_was_written(kept: Kept[Any, Any], yes: bool) -> None:
    """Each member holds something else than every other, so that none lies in another's column."""
    numbers = count(1)
    value = filled(kept.kind.row, numbers, yes=yes)
    found = kept.from_row(kept.to_row(value))
    if isinstance(value, Order | Invoice):
        value, found = at_one_scale(value), at_one_scale(found)
    assert found == value
    assert kept.kind.key(value) == kept.giving(kept.key)(value)


def test_an_amount_that_nobody_told_is_null_in_both_of_its_columns() -> None:
    kept = schema.VARIANT_DETAILS
    told = VariantDetails(1, b"v", 5, cost=Amount(0, 2))
    for cost, units in ((None, (None, None)), (told.cost, (0, 2))):
        one = told._replace(cost=cost)
        assert kept.giving(("cost_units", "cost_scale"))(one) == units
        assert kept.from_row(kept.to_row(one)) == one


def test_a_yes_or_no_that_may_be_unknown_comes_back_so() -> None:
    """SQLite gives numbers where a column holds yes or no, and nothing where it holds neither."""
    line = schema.RETURN_LINES.from_row((1, b"o", 1, b"l", 5, None, None))
    assert line.restocked is None
    assert schema.RETURN_LINES.from_row((1, b"o", 1, b"l", 5, 0, None)).restocked is False


def filled(type_: Any, numbers: Iterator[int], *, yes: bool) -> Any:
    if type_ in (Amount, Amount | None):
        return Amount(next(numbers), next(numbers) % 4)
    if hasattr(type_, "_fields"):
        hints = get_type_hints(type_).items()
        return type_(*[
            () if name == "lines" else filled(hint, numbers, yes=yes) for name, hint in hints
        ])  # fmt: skip
    if type_ in (bool, bool | None):
        return yes
    return next(numbers).to_bytes(2, "big") if type_ is bytes else next(numbers)


def at_one_scale(kept: Order | Invoice) -> Order | Invoice:
    """The book keeps the amounts of an order, and of its invoice, at the finest scale of them all,
    but for the total.
    """
    names = ("subtotal", "discount", "shipping", "tax")
    scaled: Any = {name: Amount(getattr(kept, name).at(9), 9) for name in names}
    return kept.changed(**scaled) if isinstance(kept, Order) else kept._replace(**scaled)
