"""The invariants that a set-based statement can check: every row that one gives is a witness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    tuple_,
    union_all,
)

from entrepot.core import events
from entrepot.core.facets import RUNNING, SHIPPED
from entrepot.core.lifecycle import COMPLETABLE_FULFILMENT
from entrepot.store import schema
from entrepot.store.verify.orders import SKEW_MICROSECONDS
from entrepot.store.verify.own_reading import SWEEP_OF_KEYS

# These stand still while their order is held.
HELD_STEPS = ("reserve", "authorise", "increase", "capture")
# Kind of job -> whether it belongs to an order.
JOB_KINDS = {
    "reserve": True, "authorise": True, "void": True, "capture": True, "refund": True, "look": True,
    "increase": True, "hear": True, "fetch": False, "push": False,
}  # fmt: skip
NOT_KNOWN = ("prepared", "running")  # states of an operation
CONFIRMED = ("confirmed", "completed", "archived")

_orders, _lines, _jobs = schema.orders.c, schema.order_lines.c, schema.jobs.c
_levels, _reservations = schema.stock_levels.c, schema.reservations.c
_entries, _operations = schema.stock_entries.c, schema.payment_operations.c
_keys = schema.idempotency_keys.c


class Check(NamedTuple):
    """A statement that finds where an invariant does not hold."""

    invariant: str
    broken: Select[Any]


def checks() -> Iterator[Check]:
    """All of them."""
    yield from _stock()
    yield from _reserved()
    yield from _idempotency()
    yield from _payment()
    yield from _pipeline()
    yield from _identity()
    yield from _announced()
    yield from _times()


def _has_job(
    org: ColumnElement[int], order: ColumnElement[Any], *of: ColumnElement[bool]
) -> ColumnElement[bool]:
    # The orders that have jobs are listed once: no index would find the jobs of each order.
    have = select(_jobs.org, _jobs.order_id).where(_jobs.order_id.is_not(None), *of)
    listed: ColumnElement[bool] = tuple_(org, order).in_(have)
    return listed


def _joined(row_org: ColumnElement[int], row_order: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(_orders.org == row_org, _orders.id == row_order)


def differing(name: str, counted: Select[Any], listed: Select[Any]) -> Select[Any]:
    """Shelves on which two sums differ: one is taken from the other, and nothing should stay."""
    both = union_all(counted, listed).subquery()
    shelf = (both.c.org, both.c.variant_id, both.c.location_id)
    left = func.sum(both.c.n)
    return select(*shelf, left.label(name)).group_by(*shelf).having(left != 0)


def _shelf(columns: Any, n: ColumnElement[int]) -> Select[Any]:
    return select(columns.org, columns.variant_id, columns.location_id, n.label("n"))


def _stock() -> Iterator[Check]:
    organization = schema.organizations.c
    hard = exists().where(organization.org == _levels.org, organization.allocation == "HARD")
    oversold = or_(_levels.on_hand < 0, _levels.reserved > _levels.on_hand)
    yield Check(
        "OVERSOLD",
        select(
            _levels.org, _levels.variant_id, _levels.location_id, _levels.on_hand,
            _levels.reserved, _levels.soft,
        ).where(
            or_(_levels.reserved < 0, and_(not_(_levels.soft), oversold), and_(_levels.soft, hard))
        ),
    )  # fmt: skip
    claimed = _shelf(_reservations, _reservations.shipped - _reservations.quantity).where(
        _reservations.state.in_(("held", "committed"))
    )
    yield Check(
        "RESERVED_SUM", differing("reserved_too_much", _shelf(_levels, _levels.reserved), claimed)
    )
    ledger = _shelf(_entries, -_entries.delta)
    yield Check(
        "ON_HAND_SUM", differing("on_hand_too_much", _shelf(_levels, _levels.on_hand), ledger)
    )
    sold = _shelf(_entries, _entries.delta).where(_entries.kind == "sale")
    shipped = _shelf(_reservations, _reservations.shipped)
    yield Check("ON_HAND_SUM", differing("shipped_without_sale", shipped, sold))


def _reserved() -> Iterator[Check]:
    asked = exists().where(
        _operations.org == _orders.org, _operations.order_id == _orders.id,
        _operations.kind == "authorise", _operations.state.in_(NOT_KNOWN),
    )  # fmt: skip
    astray = case(
        (_reservations.state == "held", not_(and_(_orders.stage == "placed", asked))),
        (
            _reservations.state == "committed",
            or_(_orders.stage != "confirmed", _orders.fulfilment.in_(sorted(SHIPPED))),
        ),
        else_=literal(False),
    )
    yield Check(
        "CLAIMS_LIVE",
        select(
            _reservations.org, _reservations.order_id, _reservations.line_id, _reservations.state,
            _orders.stage, _orders.fulfilment,
        )
        .join_from(
            schema.reservations, schema.orders, _joined(_reservations.org, _reservations.order_id)
        )
        .where(or_(not_(_orders.managed), astray)),
    )  # fmt: skip
    claim = exists().where(
        _reservations.org == _lines.org, _reservations.order_id == _lines.order_id,
        _reservations.line_id == _lines.id, _reservations.variant_id == _lines.variant_id,
        _reservations.location_id == _lines.location_id,
        _reservations.quantity == _lines.quantity,
        _reservations.state.in_(("committed", "shipped")),
    )  # fmt: skip
    yield Check(
        "CONFIRMED_CLAIMED",
        select(_lines.org, _lines.order_id, _lines.id.label("line_id"), _lines.quantity)
        .join_from(schema.order_lines, schema.orders, _joined(_lines.org, _lines.order_id))
        # A line names a location only where its variant is tracked.
        .where(_orders.managed, _orders.stage.in_(CONFIRMED), _lines.location_id.is_not(None))
        .where(not_(claim)),
    )


def _idempotency() -> Iterator[Check]:
    named = select(_keys.org, _keys.key, _keys.order_id)
    its_order = exists().where(_joined(_keys.org, _keys.order_id))
    yield Check("KEY_AND_ORDER", named.where(_keys.order_id.is_not(None), not_(its_order)))
    yield Check(
        "KEY_AND_ORDER",
        select(_keys.org, _keys.key, _keys.operation, _keys.status).where(
            _keys.status == 201, _keys.operation.like("%.createOrder"), _keys.order_id.is_(None)
        ),
    )
    its_key = exists().where(
        _keys.org == _orders.org, _keys.key == _orders.idempotency_key,
        _keys.order_id == _orders.id,
    )  # fmt: skip
    # A key and its order are of the same moment; what is older than the horizon may be gone.
    forgotten = exists().where(
        schema.sweeps.c.org == _orders.org, schema.sweeps.c.kind == SWEEP_OF_KEYS,
        schema.sweeps.c.horizon > _orders.created_at,
    )  # fmt: skip
    keyed = and_(_orders.idempotency_key.is_not(None), not_(forgotten))
    yield Check(
        "KEY_AND_ORDER",
        select(_orders.org, _orders.id.label("order_id"), _orders.idempotency_key).where(
            _orders.origin == "synq", keyed, not_(its_key)
        ),
    )
    yield Check("KEY_AND_ORDER", _repeated(schema.orders, "org", "idempotency_key").where(keyed))


def _repeated(table: Table, *columns: str) -> Select[Any]:
    same = [table.c[name] for name in columns]
    return select(*same, func.count().label("times")).group_by(*same).having(func.count() > 1)


def _payment() -> Iterator[Check]:
    its_order = (_operations.org, _operations.order_id)
    # A further payment that nobody needs any more is let go by the step that asked for it.
    voided_by_job = _has_job(*its_order, _jobs.kind.in_(("void", "increase")))
    captured_by_job = _has_job(*its_order, _jobs.kind == "capture")
    refunded_by_job = _has_job(*its_order, _jobs.kind == "refund")
    begins, not_known = _operations.kind == "authorise", _operations.state.in_(NOT_KNOWN)
    live = and_(begins, or_(not_known, _operations.state == "done"))
    payments = _repeated(schema.payment_operations, "org", "order_id", "payment")
    yield Check("ONE_AUTHORISATION", payments.where(live))
    # A sale that was made keeps its money when the order is deleted.
    made = and_(_orders.stage == "deleted", _orders.fulfilment.in_(sorted(COMPLETABLE_FULFILMENT)))
    sold = or_(_orders.stage.in_(CONFIRMED), made)
    kept = and_(sold, _orders.payment.not_in(("none", "pending")))
    yield Check(
        "MONEY_USED",
        select(
            _operations.org, _operations.order_id, _operations.payment, _operations.kind,
            _operations.state, _orders.stage, _orders.payment.label("stands"),
        )
        .join_from(
            schema.payment_operations, schema.orders,
            _joined(_operations.org, _operations.order_id),
        )
        .where(
            or_(
                and_(
                    begins, _operations.state == "done", not_(kept), _still_held(),
                    not_(voided_by_job), not_(captured_by_job),
                ),
                and_(_operations.kind == "void", not_known, not_(voided_by_job)),
                and_(_operations.kind == "capture", not_known, not_(captured_by_job)),
                and_(_operations.kind == "refund", not_known, not_(refunded_by_job)),
                and_(begins, not_known, not_(_has_job(*its_order))),
            )
        ),
    )  # fmt: skip
    yield Check("OPERATION_KEYS", _repeated(schema.payment_operations, "key"))


def _still_held() -> ColumnElement[bool]:
    """Whether not all of an authorisation was captured, or captured in part and then let go."""
    gone = schema.payment_operations.alias("gone")

    def units(*kinds: str) -> ScalarSelect[Any]:
        its = and_(
            gone.c.org == _operations.org, gone.c.order_id == _operations.order_id,
            gone.c.payment == _operations.payment, gone.c.kind.in_(kinds),
            gone.c.state == "done",
        )  # fmt: skip
        return select(func.coalesce(func.sum(gone.c.units), 0)).where(its).scalar_subquery()

    return or_(_operations.units > units("capture", "void"), units("capture") == 0)


def _pipeline() -> Iterator[Check]:
    job = select(_jobs.org, _jobs.id.label("job_id"), _jobs.kind, _jobs.order_id)
    order = select(_orders.org, _orders.id.label("order_id"), _orders.reason)
    waits = and_(_orders.managed, _orders.stage == "placed", not_(_orders.parked))
    yield Check("HAS_A_JOB", order.where(waits, not_(_has_job(_orders.org, _orders.id))))
    told = exists().where(
        schema.events.c.org == _orders.org, schema.events.c.subject == events.ORDER,
        schema.events.c.subject_id == _orders.id,
        schema.events.c.type == events.ORDER_PARKED,
    )  # fmt: skip
    its_parked_job = _has_job(_orders.org, _orders.id, _jobs.state == "parked")
    explained = and_(its_parked_job, told, _orders.reason.is_not(None))
    yield Check("PARKED", order.where(_orders.parked, not_(explained)))
    parked = exists().where(_joined(_jobs.org, _jobs.order_id), _orders.parked)
    yield Check(
        "PARKED", job.where(_jobs.state == "parked", _jobs.order_id.is_not(None), not_(parked))
    )
    yield from _held(job)
    with_order = [kind for kind, needs in JOB_KINDS.items() if needs]
    strange = or_(
        _jobs.kind.not_in(list(JOB_KINDS)),
        and_(_jobs.kind.in_(with_order), _jobs.order_id.is_(None)),
    )
    yield Check("KNOWN_STEPS", job.where(strange))


def _held(job: Any) -> Iterator[Check]:
    """Steps that stand still though nobody holds their order, or go on though somebody does."""
    is_held = (literal(" ") + func.coalesce(_orders.sender_words, "")).like("% held=%")
    of_held = exists().where(_joined(_jobs.org, _jobs.order_id), is_held)
    stands = and_(_jobs.state == "stopped", of_held)
    goes_on = and_(_jobs.state != "stopped", or_(_jobs.kind.not_in(HELD_STEPS), not_(of_held)))
    yield Check("HELD", job.add_columns(_jobs.state).where(not_(or_(stands, goes_on))))
    order = select(_orders.org, _orders.id.label("order_id"), _orders.stage)
    lives = and_(_orders.managed, _orders.stage.in_(sorted(RUNNING)))
    yield Check("HELD", order.where(is_held, not_(lives)))


def _identity() -> Iterator[Check]:
    for table in (schema.organizations, schema.credentials):
        named = _repeated(table, "id").add_columns(literal(table.name).label("table"))
        yield Check("UNIQUE_IDS", named)


def _announced() -> Iterator[Check]:
    waits = schema.announced_orders.c
    here = and_(_orders.org == waits.org, _orders.sender_id == waits.text)
    # Two processes may write both at once: the reader that keeps the terms of orders sees to it.
    reader = schema.sweeps.c
    behind = and_(reader.org == _orders.org, reader.kind == "search")
    unread = exists().where(behind, reader.horizon < _orders.number)
    found = select(_orders.org, _orders.id, waits.announced_at).where(not_(unread))
    yield Check("ANNOUNCED", found.select_from(schema.orders.join(schema.announced_orders, here)))


def _times() -> Iterator[Check]:
    # An order's own times never fall back, whichever process writes them. Other rows take the clock
    # of the process that writes them.
    for table, skew in (
        (schema.orders, 0),
        (schema.customers, SKEW_MICROSECONDS),
        (schema.order_lines, SKEW_MICROSECONDS),
        (schema.payment_operations, SKEW_MICROSECONDS),
    ):
        times = (table.c.created_at, table.c.updated_at)
        found = select(literal(table.name).label("table"), *table.primary_key.columns, *times)
        yield Check("TIMES_IN_ORDER", found.where(table.c.updated_at < table.c.created_at - skew))
