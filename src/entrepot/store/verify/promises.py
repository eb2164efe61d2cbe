"""Promises between parts of an order: money, totals, reasons, jobs and variants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, not_, or_, select

from entrepot.core.claims import LET_GO
from entrepot.core.facets import ENDED
from entrepot.store import schema
from entrepot.store.schema.payments import LIVE
from entrepot.store.verify.asking import Asking
from entrepot.store.verify.statements import Check

_orders, _jobs, _keys = schema.orders.c, schema.jobs.c, schema.idempotency_keys.c
_operations, _reservations = schema.payment_operations.c, schema.reservations.c
_variants, _claimed = schema.variants.c, schema.payment_claims.c

_ROWS_AT_ONCE = 500
_ENDED_WITHOUT = ("failed", "deleted")
# How references to methods that customers have saved are spelt.
_SAVED = {
    "stripe": re.compile(r"cus_[^/]+/(pm|card|src)_"),
    "adyen": re.compile(r"[^/\s]+/[^/\s]+\Z"),
    "paypal": re.compile(r"vault/."),
}
# The places of a sale's goods when the sale is over. Such a sale keeps its money, also once it is
# deleted.
_MADE = ("delivered", "not_applicable")


def checks() -> Iterator[Check]:
    """All of them."""
    yield from _money()
    yield from _references()
    yield from _claims()
    yield Check("KEY_AND_ORDER", _forgotten_keys())
    yield Check("REASONS", _false_reasons())
    yield from _work()
    yield Check("TRACKED", _untracked())


def _money() -> Iterator[Check]:
    added = _orders.subtotal - _orders.discount + _orders.shipping + _orders.tax
    # An older mirrored order has its sender's total beside the sum of its lines, and no difference.
    differs = or_(_orders.discount != 0, _orders.shipping != 0, _orders.tax != 0)
    sums = select(
        _orders.org, _orders.id.label("order_id"), _orders.subtotal, _orders.discount,
        _orders.shipping, _orders.tax, _orders.total, _orders.scale,
    )  # fmt: skip
    yield Check("TOTALS", sums.where(added != _orders.total, or_(_orders.managed, differs)))


def _references() -> Iterator[Check]:
    asked, paid = schema.payment_operations, schema.payments
    operation = select(
        _operations.org, _operations.order_id, _operations.payment, _operations.state
    ).where(_operations.kind == "authorise")
    none = or_(_operations.provider_reference.is_(None), _operations.provider_reference == "")
    yield Check("REFERENCES", operation.where(_operations.state == "done", none))
    its = and_(
        paid.c.org == _operations.org,
        paid.c.order_id == _operations.order_id,
        paid.c.number == _operations.payment,
    )
    named = (paid.c.service, _operations.provider_reference)
    shared = (
        select(*named)
        .join_from(asked, paid, its)
        .where(LIVE, _operations.provider_reference.is_not(None))
        .group_by(*named)
        .having(func.count() > 1)
        .subquery()
    )
    same = and_(
        shared.c.service == paid.c.service,
        shared.c.provider_reference == _operations.provider_reference,
    )
    yield Check("REFERENCES", operation.select_from(asked.join(paid, its).join(shared, same)))


def _claims() -> Iterator[Check]:
    order, same = schema.orders, and_(_orders.org == _claimed.org, _orders.id == _claimed.order_id)
    further = schema.payments.c
    named = exists().where(
        further.org == _claimed.org, further.order_id == _claimed.order_id, further.number > 1,
        further.reference == _claimed.reference,
    )  # fmt: skip
    came_first = or_(_claimed.shared, _orders.shares_payment_of.is_(None))
    sale = or_(
        _orders.stage.not_in(ENDED),
        and_(_orders.stage == "deleted", _orders.fulfilment.in_(_MADE)),
    )
    live = and_(
        _orders.managed,
        _orders.payment != "none",
        # The claim that others share outlives its order.
        or_(_claimed.shared, and_(sale, _orders.payment.not_in(LET_GO))),
        or_(and_(_orders.payment_reference == _claimed.reference, came_first), named),
    )
    claim = select(_claimed.org, _claimed.order_id, _orders.stage, _orders.payment)
    yield Check("CLAIMS", claim.join_from(schema.payment_claims, order, same).where(
        or_(live.is_(None), not_(live))
    ))  # fmt: skip
    first = schema.orders.alias("first")
    shared = and_(first.c.org == _orders.org, first.c.id == _orders.shares_payment_of)
    differs = or_(
        first.c.id == _orders.id,
        first.c.payment_reference.is_distinct_from(_orders.payment_reference),
    )
    told = select(_orders.org, _orders.id.label("order_id"), _orders.shares_payment_of)
    yield Check("CLAIMS", told.join_from(order, first, shared).where(differs))


def check_claims(asking: Asking) -> None:
    """A claim is of the provider that its order names, in small letters.

    The database's own small letters are a first look: SQLite knows those of ASCII alone.
    """
    same = and_(_orders.org == _claimed.org, _orders.id == _claimed.order_id)
    differs = _claimed.provider.is_distinct_from(func.lower(_orders.payment_provider))
    told = select(_claimed.org, _claimed.order_id, _claimed.provider, _orders.payment_provider)
    asked = told.join_from(schema.payment_claims, schema.orders, same).where(differs)
    with asking.found(asked, _ROWS_AT_ONCE) as found:
        for org, order_id, claimed, named in map(tuple, found):
            if claimed != (named or "").lower():
                asking.findings.add(
                    "CLAIMS", org=org, order_id=order_id, provider=claimed, order_names=named
                )


def check_unclaimed(asking: Asking) -> None:
    """The first live order with a reference claims it: the next order with it would be paid by the
    same money, and nobody would be told.

    A method that a customer has saved pays each of the customer's orders.
    """
    claimed = exists().where(
        _claimed.org == _orders.org,
        # SQLite knows the small letters of ASCII alone.
        _claimed.provider == func.lower(_orders.payment_provider),
        _claimed.reference == _orders.payment_reference,
    )
    live = and_(
        _orders.managed, _orders.payment_provider.is_not(None), _orders.payment_provider != "",
        _orders.payment_reference != "", _orders.shares_payment_of.is_(None),
        _orders.payment.not_in(("none", *LET_GO)), _orders.stage.not_in(ENDED),
    )  # fmt: skip
    told = select(
        _orders.org, _orders.id, _orders.payment_provider, _orders.payment_reference
    ).where(live, not_(claimed))
    with asking.found(told, _ROWS_AT_ONCE) as found:
        for org, order_id, provider, reference in map(tuple, found):
            saved = _SAVED.get(provider.lower())
            if provider.isascii() and (saved is None or not saved.match(reference)):
                asking.findings.add("CLAIMS", org=org, order_id=order_id, claims="nothing")


def _forgotten_keys() -> Any:
    """Rows whose order does not say the key any more."""
    same = and_(_orders.org == _keys.org, _orders.id == _keys.order_id)
    lost = or_(_orders.idempotency_key.is_(None), _orders.idempotency_key != _keys.key)
    return (
        select(_keys.org, _keys.key, _keys.order_id)
        .join_from(schema.idempotency_keys, schema.orders, same)
        .where(_keys.operation == "synq.createOrder", _keys.status == 201, lost)
    )


def _false_reasons() -> Any:
    """Orders whose reason is not true of where they stand, or is none that this program gives."""
    stage = _orders.stage
    sold = stage.in_(("confirmed", "completed", "archived", "deleted"))
    called_off = stage.in_(("cancelled", "rejected", "failed", "deleted"))
    true_of: dict[str, ColumnElement[bool]] = {
        **{
            reason: stage.in_(_ENDED_WITHOUT)
            for reason in ("out_of_stock", "payment_declined", "payment_expired")
        },
        **{ended: stage.in_((ended, "deleted")) for ended in ("cancelled", "rejected", "failed")},
        "deleted": stage == "deleted",
        "parked": _orders.parked,
        "sandbox": sold,
        "waiting": _orders.managed,
        "capture_declined": sold,
        "increase_declined": sold,
        "refund_declined": or_(sold, called_off),
        "money_held": called_off,
        "hold_lapses": sold,
        "moved_back": not_(_orders.managed),
        # Both orders have this reason: the one that took lines, and the one whose lines were taken.
        "merged": stage.in_(("confirmed", "completed", "archived", "cancelled", "deleted")),
    }
    true = or_(*[and_(_orders.reason == reason, holds) for reason, holds in true_of.items()])
    told = select(_orders.org, _orders.id.label("order_id"), _orders.reason, stage)
    return told.where(_orders.reason.is_not(None), not_(true))


def _work() -> Iterator[Check]:
    job = select(_jobs.org, _jobs.id.label("job_id"), _jobs.kind, _jobs.order_id)
    of = (_jobs.org, _jobs.order_id, _jobs.kind)
    twice = select(*of, func.count().label("times")).where(_jobs.order_id.is_not(None))
    yield Check("JOBS", twice.group_by(*of).having(func.count() > 1))
    # A job is found by its order's id, with which the job's own begins.
    astray = func.substr(_jobs.id, 1, func.length(_jobs.order_id)) != _jobs.order_id
    yield Check("JOBS", job.where(_jobs.order_id.is_not(None), astray))


def _untracked() -> Any:
    same = and_(_variants.org == _reservations.org, _variants.id == _reservations.variant_id)
    return (
        select(
            _reservations.org, _reservations.variant_id, _reservations.order_id,
            literal("not tracked").label("fault"),
        )
        .join_from(schema.reservations, schema.variants, same)
        .where(_reservations.state.in_(("held", "committed")), not_(_variants.tracked))
    )  # fmt: skip
