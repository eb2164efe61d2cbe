"""Orders whose lines are in another order, against that order and its events.

The newer order names the older one, so that no ring can be where each names an older one than
itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple

from sqlalchemy import Row, Select, func, or_, select

from entrepot.store import schema
from entrepot.store.verify.asking import Asking

_ORDERS_AT_ONCE: Final = 200
_ENDED: Final = ("cancelled", "deleted")
_POINTS: Final = re.compile(r"its lines are in order #([0-9]+)\Z", re.ASCII)
_PLACES: Final = 4  # of a quantity
_orders, _lines, _events = schema.orders.c, schema.order_lines.c, schema.events.c
_archives = schema.order_archives.c
_COLUMNS: Final = (
    _orders.org, _orders.id, _orders.number, _orders.customer_id, _orders.stage, _orders.reason,
    _orders.reason_detail, _orders.total, _orders.scale,
)  # fmt: skip


class _Told(NamedTuple):
    """What the events of some orders of one organization say, by the orders' ids."""

    into: dict[bytes, list[dict[str, Any]]]  # the bodies of the events that name an older order
    taken: dict[bytes, list[dict[str, Any]]]  # of those that name a newer order
    archived: set[bytes]


def check_merging(asking: Asking) -> None:
    """Every order that says that it was merged, in slices."""
    last = (-1, b"")
    while part := asking.conn.execute(_merged(*last)).all():
        for org in sorted({one.org for one in part}):
            _check(asking, org, [one for one in part if one.org == org])
        last = (part[-1].org, bytes(part[-1].id))


def _merged(org: int, id_: bytes) -> Select[Any]:
    behind = or_(_orders.org > org, (_orders.org == org) & (_orders.id > id_))
    told = select(*_COLUMNS).where(_orders.reason == "merged", behind)
    return told.order_by(_orders.org, _orders.id).limit(_ORDERS_AT_ONCE)


def _check(asking: Asking, org: int, part: list[Row[Any]]) -> None:
    own = _told(asking, org, [bytes(one.id) for one in part])
    ended = [one for one in part if one.stage in _ENDED and bytes(one.id) not in own.taken]
    named = {bytes(one.id): _target(own.into.get(bytes(one.id), [])) for one in ended}
    targets = sorted({id_ for id_ in named.values() if id_ is not None})
    known = {bytes(one.id): one for one in asking.conn.execute(_by_id(org, targets))}
    theirs = _told(asking, org, targets)
    pieces = _pieces(asking, org, [bytes(one.id) for one in ended])
    for one in ended:
        id_ = bytes(one.id)
        if id_ in own.archived and not own.into.get(id_):
            continue
        target = named[id_]
        older = None if target is None else known.get(target)
        why = _wrong(one, own.into.get(id_, []), older)
        if why is None and older is not None and target not in theirs.archived:
            why = _not_taken(one, theirs.taken.get(bytes(older.id), []), pieces.get(id_, 0))
        if why is not None:
            asking.findings.add("MERGING", org=org, order_id=id_, why=why)
    _check_takers(asking, org, part, own)


def _check_takers(asking: Asking, org: int, part: list[Row[Any]], told: _Told) -> None:
    """Orders that took lines: each that their events name has ended, and says so."""
    wanted = {bytes(one.id): told.taken.get(bytes(one.id), []) for one in part}
    ids = sorted({_id(body["merged"]) for bodies in wanted.values() for body in bodies})
    known = {bytes(one.id): one for one in asking.conn.execute(_by_id(org, ids))}
    for taker, bodies in wanted.items():
        for body in bodies:
            newer = known.get(_id(body["merged"]))
            if newer is None or newer.stage not in _ENDED or newer.reason != "merged":
                why = "an order whose lines it took has not ended so"
                asking.findings.add("MERGING", org=org, order_id=taker, why=why)


def _wrong(one: Row[Any], told: list[dict[str, Any]], older: Row[Any] | None) -> str | None:
    """Why an order does not point to one older order of the same buyer; None where it does."""
    if len(told) != 1:
        return "its events name no order, or several"
    if older is None:
        return "the order that it names is not in the organization"
    if older.number >= one.number:
        return "the order that it names is not older"
    if {older.number, told[0]["merged_into"].get("number")} != {_points(one)}:
        return "it names one order, and its event another one"
    if older.customer_id != one.customer_id:
        return "the order that it names is of another customer"
    return None


def _not_taken(one: Row[Any], taken: list[dict[str, Any]], pieces: int) -> str | None:
    """Why the older order did not take what the newer one has; None where it did, once."""
    its = [body for body in taken if _id(body["merged"]) == bytes(one.id)]
    if len(its) != 1:
        return "the order that it names has no event of taking its lines, or several"
    changed = its[0].get("changed", {})
    before, after = (Decimal(text) for text in changed.get("total", ("0", "0")))
    if after - before != Decimal(one.total).scaleb(-one.scale):
        return "the order that it names took another total"
    more = sum((_more(pair) for pair in changed.get("lines", {}).values()), Decimal(0))
    if more != Decimal(pieces).scaleb(-_PLACES):
        return "the order that it names took other quantities"
    return None


def _more(told: Any) -> Decimal:
    """By how much the quantity of a line grew: a new line, or the members that changed."""
    if isinstance(told, list):
        return Decimal(told[1]["quantity"])
    before, after = told.get("quantity", (0, 0))
    return Decimal(after) - Decimal(before)


def _points(one: Row[Any]) -> int | None:
    found = _POINTS.match(one.reason_detail or "")
    return None if found is None else int(found[1])


def _target(told: list[dict[str, Any]]) -> bytes | None:
    return _id(told[0]["merged_into"]) if told else None


def _id(named: dict[str, Any]) -> bytes:
    return bytes.fromhex(str(named["order_id"]).replace("-", ""))


def _by_id(org: int, ids: list[bytes]) -> Select[Any]:
    return select(*_COLUMNS).where(_orders.org == org, _orders.id.in_(ids))


def _pieces(asking: Asking, org: int, ids: list[bytes]) -> dict[bytes, int]:
    """The quantities of each order's lines together, in units of their places."""
    told = select(_lines.order_id, func.sum(_lines.quantity))
    told = told.where(_lines.org == org, _lines.order_id.in_(ids)).group_by(_lines.order_id)
    return {bytes(id_): int(pieces) for id_, pieces in asking.conn.execute(told)}


def _told(asking: Asking, org: int, ids: list[bytes]) -> _Told:
    into: dict[bytes, list[dict[str, Any]]] = {}
    taken: dict[bytes, list[dict[str, Any]]] = {}
    for id_, body in _bodies(asking, org, ids):
        for name, found in (("merged_into", into), ("merged", taken)):
            if name in body:
                found.setdefault(id_, []).append(body)
    archived = select(_archives.order_id)
    archived = archived.where(_archives.org == org, _archives.order_id.in_(ids))
    return _Told(into, taken, {bytes(id_) for (id_,) in asking.conn.execute(archived)})


def _bodies(asking: Asking, org: int, ids: list[bytes]) -> Iterator[tuple[bytes, dict[str, Any]]]:
    told = select(_events.subject_id, _events.body)
    told = told.where(_events.org == org, _events.subject_id.in_(ids))
    told = told.where(_events.type.in_(("order.amended", "order.cancelled")))
    for id_, text in asking.conn.execute(told.order_by(_events.subject_id, _events.seq)):
        body = json.loads(text, parse_float=Decimal)
        if isinstance(body, dict):
            yield bytes(id_), body
