"""Checks that fold rows: one walk over all orders beside their lines, events and payments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, not_, select

from entrepot.core import events, lifecycle, words
from entrepot.core.facets import VALUES, Facets
from entrepot.core.money import SCALE_MAX, Amount
from entrepot.core.order import Event, Order
from entrepot.store import schema
from entrepot.store.verify import own_reading
from entrepot.store.verify.asking import Asking, sentence
from entrepot.store.verify.own_keys import OperationKey
from entrepot.store.verify.own_moves import why_illegal
from entrepot.store.verify.own_values import decimal, is_in_range, same, units_at
from entrepot.store.verify.payments import check_payments
from entrepot.store.verify.report import Findings
from entrepot.store.verify.searchable import check_properties
from entrepot.store.verify.stories import check_events, check_lines, check_sender
from entrepot.store.verify.values import Sound
from entrepot.store.verify.walk import AnyRow, AnySelect, Beside, OrderKey, rows_of

# Clocks of several processes differ, and a batch is dated before it waits for its rows' locks.
SKEW_MICROSECONDS = 60_000_000

BESIDE = (
    schema.order_lines, schema.events, schema.order_archives, schema.order_properties,
    schema.payments, schema.payment_operations,
)  # fmt: skip


class Walk:
    """The orders of one book beside their own rows, where those can be read."""

    def __init__(self, asking: Asking, sound: Sound, operation_key: OperationKey | None) -> None:
        self._asking = asking
        self._findings = asking.findings
        self._operation_key = operation_key
        self._sound = sound
        # Orders that have a row which cannot be read, by the table it is in.
        self._left_out = {table.name: self._faulty(table) for table in BESIDE}
        self._unread: set[str] = set()
        self._beside = {table.name: Beside(self._rows(table)) for table in BESIDE}

    def _faulty(self, table: Table) -> set[OrderKey]:
        sound = self._sound.get(table.name)
        if sound is None:
            return set()
        found = select(*list(table.c)[:2]).where(not_(sound))  # the order's key
        rows_found = self._asking.ask(
            f"the table {table.name}", lambda: self._asking.conn.execute(found).all()
        )
        return {(row[0], row[1]) for row in rows_found or ()}

    def _rows(self, table: Table) -> Iterator[AnyRow]:
        def fetch(page: AnySelect) -> Sequence[AnyRow]:
            found = self._asking.ask(
                f"the table {table.name}", lambda: self._asking.conn.execute(page).all()
            )
            if found is None:
                self._unread.add(table.name)
            return found or ()

        return rows_of(fetch, table, sound=self._sound.get(table.name))

    def check(self) -> None:
        """Check every order by itself. A table that cannot be read to its end is reported."""
        for row in self._rows(schema.orders):
            self._check(row)

    def _own(self, table: Table, key: OrderKey) -> list[AnyRow] | None:
        """The order's rows of a table; None where they are not all to be had."""
        found = self._beside[table.name].of(key)
        whole = table.name not in self._unread and key not in self._left_out[table.name]
        return found if whole else None

    def _check(self, row: AnyRow) -> None:
        key = (row[0], row[1])
        own = {table.name: self._own(table, key) for table in BESIDE}
        if not _scales_hold(row, self._findings):
            return
        try:
            self._compare(row, own)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            self._findings.add("DAMAGE", org=row[0], order=row[1], why=sentence(error))

    def _compare(self, row: AnyRow, own: Mapping[str, list[AnyRow] | None]) -> None:
        findings = self._findings
        lines, told = own["order_lines"], own["events"]
        its_lines = [own_reading.line_of(one) for one in lines or ()]
        its_lines.sort(key=lambda line: line.number)
        order = own_reading.order_of(row, tuple(its_lines))
        archived = own["order_archives"]
        if told is not None:
            its_events = [own_reading.event_of(one) for one in told if one.subject == events.ORDER]
            if archived is not None:
                _numbering(order, [(one[2], one[3]) for one in archived], its_events, findings)
            stands = list(map(own_reading.stand_of, its_events))
            _story(order, its_events, stands, findings)
            check_events(order, its_events, [one and one[0] for one in stands], findings)
        if lines is not None:
            _money(order, findings)
            check_lines(order, findings)
        paid, operations = own["payments"], own["payment_operations"]
        if paid is not None and operations is not None:
            check_payments(
                order,
                list(map(own_reading.payment_of, paid)),
                list(map(own_reading.operation_of, operations)),
                self._operation_key,
                findings,
            )
        searchable = own["order_properties"]
        _words(order, findings)
        check_sender(order, findings)
        if searchable is not None:
            check_properties(order, {(one[2], one[3], one[4]) for one in searchable}, findings)


def _scales_hold(row: Any, findings: Findings) -> bool:
    """Whether the row's amounts can be read at all; the total is kept finer than it is told."""
    scale, told = row.scale, row.total_scale
    if 0 <= told <= scale <= SCALE_MAX and row.total % 10 ** (scale - told) == 0:
        return True
    findings.add("SUBTOTAL", org=row[0], order=row[1], scale=scale, total_scale=told)
    return False


def _numbering(
    order: Order, archived: list[tuple[int, int]], told: list[Event], findings: Findings
) -> None:
    """The archived ranges and then the events that are here follow each other up to the version."""
    where = {"org": order.org, "order": order.id}
    ranges = (*archived, *((event.seq, event.seq) for event in told))
    ends = [0, *(last for _, last in ranges)]
    broken = [end for (first, _), end in zip(ranges, ends, strict=False) if first != end + 1]
    if broken or ends[-1] != order.version:
        findings.add(
            "EVENT_SEQUENCE", **where, version=order.version, events=len(told),
            archived=sum(last - first + 1 for first, last in archived),
            first_missing=(*broken, ends[-1])[0] + 1,
        )  # fmt: skip
    began = events.ORDER_PLACED if order.managed else events.ORDER_MIRRORED
    if told and told[0].seq == 1 and told[0].type != began:
        findings.add("EVENT_SEQUENCE", **where, first_event=told[0].type, expected=began)
    latest = number = 0
    for event in told:
        if event.type not in events.TYPES:
            findings.add("EVENT_SEQUENCE", **where, seq=event.seq, unknown_type=event.type)
        if event.number <= number:
            findings.add("EVENT_NUMBERS", **where, seq=event.seq, number=event.number, after=number)
        number = event.number
        if event.at < latest - SKEW_MICROSECONDS:
            findings.add("TIMES_IN_ORDER", **where, seq=event.seq, at=event.at, after=latest)
        latest = max(latest, event.at)


def _story(
    order: Order, told: list[Event], stands: list[tuple[Facets, str] | None], findings: Findings
) -> None:
    """Each event carries the facets as they then stood; the last one's are the order's."""
    where = {"org": order.org, "order": order.id}
    stood: Facets | None = None
    facets, total = Facets(), ""
    for event, one in zip(told, stands, strict=True):
        if one is None:
            findings.add("STANDS_BY_EVENTS", **where, seq=event.seq, unreadable_event=event.type)
            return
        facets, total = one
        why_not = _illegal(stood, facets, event, managed=order.managed)
        if why_not is not None:
            findings.add("EVENT_SEQUENCE", **where, seq=event.seq, illegal=why_not)
        stood = facets
    if not told or facets != order.facets or total != decimal(order.total):
        findings.add(
            "STANDS_BY_EVENTS", **where, row=" ".join((*order.facets, decimal(order.total))),
            events=" ".join((*facets, total)),
        )  # fmt: skip


@lru_cache(maxsize=1024)
def _known(facets: Facets) -> bool:
    return all(value in VALUES[facet] for facet, value in facets._asdict().items())


def _illegal(before: Facets | None, after: Facets, event: Event, *, managed: bool) -> str | None:
    """Why an event may not follow, as a sentence; None when it may."""
    if not _known(after):
        return f"{'/'.join(after)} is nowhere an order can stand"
    if before is None:
        # Events before a later first one are in the archive.
        if managed and event.seq == 1 and after.stage != "placed":
            return f"a managed order begins placed, not {after.stage}"
        return None
    if before == after or not _known(before):
        return None
    if managed and event.source == "pipeline":
        return _illegal_step(before, after)
    return why_illegal(before, after, managed=managed)


def _illegal_step(before: Facets, after: Facets) -> str | None:
    """The pipeline confirms (and accepts with it), fails, and moves payment; goods stay put."""
    stages = lifecycle.PIPELINE_MOVES.get(before.stage, frozenset())
    if after.stage != before.stage and after.stage not in stages:
        return f"the pipeline does not make a {before.stage} order {after.stage}"
    payments = lifecycle.PAYMENT_MOVES[before.payment]
    if after.payment != before.payment and after.payment not in payments:
        return f"a payment that is {before.payment} does not become {after.payment}"
    confirms = (before.stage, after.stage) == ("placed", "confirmed")
    accepts = confirms and (before.fulfilment, after.fulfilment) == ("unassigned", "accepted")
    if after.fulfilment != before.fulfilment and not accepts:
        return "the pipeline does not move goods"
    if after.returns != before.returns:
        return "the pipeline does not move goods"
    return None


def _money(order: Order, findings: Findings) -> None:
    where = {"org": order.org, "order": order.id}
    prices = [amount for line in order.lines for amount in (line.price, line.cost)]
    if not all(is_in_range(amount) for amount in (order.total, *prices)):
        findings.add("SUBTOTAL", **where, out_of_range="an amount of the order or of a line")
        return
    summed = own_reading.summed(line for line in order.lines if line.currency == order.currency)
    # Mirrored orders of older versions counted the lines of every currency.
    every = own_reading.summed(order.lines)
    counted = (summed,) if order.managed else (summed, every)
    if order.managed and (order.payment_provider is not None or order.origin == "native"):
        # An amount for a payment was rounded once, to the places that it has now. So was that of
        # each native order of older versions.
        places = order.subtotal.scale
        counted = (summed, Amount(units_at(summed, places), places))
    if not any(same(order.subtotal, one) for one in counted):
        findings.add("SUBTOTAL", **where, subtotal=decimal(order.subtotal), lines=decimal(summed))


def _words(order: Order, findings: Findings) -> None:
    """Every kept word is a word of a dialect. The words that are shown follow from the facets."""
    pairs = [pair.partition("=") for pair in order.told_words.split()]
    axes = [axis for axis, _, _ in pairs]
    known = all(axis in words.AXES and word in words.AXES[axis].rows for axis, _, word in pairs)
    if known and axes == sorted(set(axes)) and _known(order.facets):
        return
    findings.add(
        "WORDS", org=order.org, order=order.id, facets=" ".join(order.facets),
        words=order.told_words,
    )  # fmt: skip
