"""Figures behind lists: numbers of orders, and tallies of their spans, properties and times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, and_, func, literal, not_, or_, select, union_all

from entrepot.store import schema
from entrepot.store.verify import own_reading
from entrepot.store.verify.statements import Check

_orders, _counters, _spans = schema.orders.c, schema.order_counters.c, schema.order_spans.c
_SPAN = ("org", "span", "stage", "goods")
_TIMES = ("created_min", "created_max", "updated_min", "updated_max")


def checks() -> Iterator[Check]:
    """Numbers against the counters, every level of spans against what lies below it, and every
    other tally against the rows that it counts.
    """
    yield Check("NUMBERS", _numbers())
    yield Check("EVENT_NUMBERS", _logged())
    yield Check("WATCHED", _watched())
    yield Check("TIMES", _later_than_the_last_commit())
    for level, size in enumerate(own_reading.SPAN_SIZES):
        below = _grouped(size) if level == 0 else _coarser(level)
        yield Check("SPANS", _miscounted(level, below))
        yield Check("SPANS", _too_narrow(level, below))
    shown = [_spans[name] for name in ("org", "level", *_SPAN[1:])]
    strange = not_(_spans.level.between(0, len(own_reading.SPAN_SIZES) - 1))
    yield Check("SPANS", select(*shown, _spans.orders).where(strange))
    yield Check("TALLIES", _properties_miscounted())
    yield Check("TALLIES", _updates_miscounted())


def _properties_miscounted() -> Select[Any]:
    """Values, and paths with any value, whose tally is not the number of orders that have them."""
    c, t = schema.order_properties.c, schema.order_property_tallies.c
    any_value = literal(own_reading.ANY_VALUE)
    both = union_all(
        select(t.org, t.path, t.value, t.orders.label("n")),
        select(c.org, c.path, c.value, -func.count()).group_by(c.org, c.path, c.value),
        select(c.org, c.path, any_value, -func.count(c.order_id.distinct())).group_by(
            c.org, c.path
        ),
    ).subquery()
    key = [both.c[name] for name in ("org", "path", "value")]
    left = func.sum(both.c.n)
    # The value is a client's own, and not shown.
    told = select(*key[:2], left.label("orders_too_many"))
    return told.group_by(*key).having(left != 0)


def _updates_miscounted() -> Select[Any]:
    """Slots of time whose tally is not the number of orders updated in the slot, of every level."""
    t = schema.order_update_tallies.c
    counted = []
    for level, size in enumerate(own_reading.SLOT_SIZES):
        slot = _orders.updated_at // size
        counted.append(
            select(_orders.org, literal(level), slot, -func.count()).group_by(_orders.org, slot)
        )
    both = union_all(select(t.org, t.level, t.slot, t.orders.label("n")), *counted).subquery()
    key = [both.c[name] for name in ("org", "level", "slot")]
    left = func.sum(both.c.n)
    told = select(*key, left.label("orders_too_many"))
    return told.group_by(*key).having(left != 0)


def _numbers() -> Select[Any]:
    """Organizations whose orders are not numbered from 1 to what their counter says."""
    numbered = select(
        _orders.org, literal(0).label("counted"), func.count().label("orders"),
        func.count(_orders.number.distinct()).label("numbers"),
        func.min(_orders.number).label("first"), func.max(_orders.number).label("last"),
    ).group_by(_orders.org)  # fmt: skip
    none = [literal(0).label(name) for name in ("orders", "numbers", "first", "last")]
    counted = select(_counters.org, _counters.orders.label("counted"), *none)
    both = union_all(numbered, counted).subquery()
    sums = {name: func.sum(both.c[name]) for name in ("counted", "orders", "numbers", "last")}
    first = func.sum(both.c.first)
    dense = and_(
        *(sums["orders"] == sums[name] for name in ("counted", "numbers", "last")),
        or_(first == 1, sums["orders"] == 0),
    )
    shown = [column.label(name) for name, column in sums.items()]
    return select(both.c.org, *shown).group_by(both.c.org).having(not_(dense))


def _logged() -> Select[Any]:
    """Organizations whose events and archived events are not as many as their counter says, or
    whose events have a number twice or one that was not given.
    """
    e, a, c = schema.events.c, schema.order_archives.c, schema.order_counters.c
    names = ("given", "here", "numbers", "archived", "first", "last")

    def row(org: Any, table: Any, **values: Any) -> Select[Any]:
        columns = [values.get(name, literal(0)).label(name) for name in names]
        return select(org, *columns).select_from(table).group_by(org)

    both = union_all(
        row(
            e.org, schema.events, here=func.count(), numbers=func.count(e.number.distinct()),
            first=func.min(e.number), last=func.max(e.number),
        ),
        row(a.org, schema.order_archives, archived=func.sum(a.last_seq - a.first_seq + 1)),
        row(c.org, schema.order_counters, given=func.max(c.events)),
    ).subquery()  # fmt: skip
    sums = {name: func.sum(both.c[name]) for name in names}
    dense = and_(
        sums["given"] == sums["here"] + sums["archived"], sums["here"] == sums["numbers"],
        sums["last"] <= sums["given"], or_(sums["first"] >= 1, sums["here"] == 0),
    )  # fmt: skip
    shown = [column.label(name) for name, column in sums.items()]
    return select(both.c.org, *shown).group_by(both.c.org).having(not_(dense))


def _watched() -> Select[Any]:
    """Organizations whose watch over their stock, or one of whose webhooks, is further than their
    log.
    """
    s, w = schema.stock_settings.c, schema.webhooks.c
    readers = union_all(
        select(s.org, s.watched.label("reached")), select(w.org, w.reached)
    ).subquery()
    given = func.coalesce(_counters.events, 0)
    found = select(readers.c.org, readers.c.reached, given.label("events"))
    joined = found.outerjoin_from(readers, schema.order_counters, _counters.org == readers.c.org)
    return joined.where(readers.c.reached > given)


def _later_than_the_last_commit() -> Select[Any]:
    """Organizations with an order that is later than the last commit; the next one would then be
    no later than what readers have seen.
    """
    latest = func.max(_orders.updated_at).label("latest")
    found = select(_orders.org, latest, func.max(_counters.committed_at).label("committed_at"))
    joined = found.join_from(schema.orders, schema.order_counters, _counters.org == _orders.org)
    return joined.group_by(_orders.org).having(latest > func.max(_counters.committed_at))


def _grouped(size: int) -> Select[Any]:
    """The lowest spans as they should be, from the orders."""
    span = (_orders.number - 1) // size
    key = (_orders.org, span, _orders.stage, _orders.fulfilment + "/" + _orders.returns)
    created, updated = _orders.created_at, _orders.updated_at
    times = (func.min(created), func.max(created), func.min(updated), func.max(updated))
    return select(
        *(column.label(name) for column, name in zip(key, _SPAN, strict=True)),
        func.count().label("orders"),
        *(time.label(name) for time, name in zip(times, _TIMES, strict=True)),
    ).group_by(*key)


def _coarser(level: int) -> Select[Any]:
    """The spans of a level as they should be, from the spans of the level below."""
    ratio = own_reading.SPAN_SIZES[level] // own_reading.SPAN_SIZES[level - 1]
    key = (_spans.org, _spans.span // ratio, _spans.stage, _spans.goods)
    times = [
        (func.min if name.endswith("min") else func.max)(_spans[name]).label(name)
        for name in _TIMES
    ]
    return (
        select(
            *(column.label(name) for column, name in zip(key, _SPAN, strict=True)),
            func.sum(_spans.orders).label("orders"),
            *times,
        )
        .where(_spans.level == level - 1)
        .group_by(*key)
    )


def _miscounted(level: int, below: Select[Any]) -> Select[Any]:
    counted = below.subquery()
    kept = select(*(_spans[name] for name in _SPAN), _spans.orders.label("n"))
    both = union_all(
        kept.where(_spans.level == level),
        select(*(counted.c[name] for name in _SPAN), -counted.c.orders),
    ).subquery()
    key = [both.c[name] for name in _SPAN]
    left = func.sum(both.c.n)
    told = select(literal(level).label("level"), *key, left.label("orders_too_many"))
    return told.group_by(*key).having(left != 0)


def _too_narrow(level: int, below: Select[Any]) -> Select[Any]:
    """A span may say wider times than its orders have, since they move on; never narrower ones."""
    inner = below.subquery()
    same = [_spans[name] == inner.c[name] for name in _SPAN]
    outside = [
        _spans[name] > inner.c[name] if name.endswith("min") else _spans[name] < inner.c[name]
        for name in _TIMES
    ]
    shown = [_spans[name] for name in ("org", "level", *_SPAN[1:], *_TIMES)]
    found = select(*shown).join_from(schema.order_spans, inner, and_(*same))
    return found.where(_spans.level == level, inner.c.orders > 0, or_(*outside))
