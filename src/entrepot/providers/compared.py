"""The book's payments beside the list that their service has: what differs, and what mends it.

Pure: nobody is asked here, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from entrepot.core.facets import RUNNING
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.payment import OPEN, FullPayment, Operation, sums
from entrepot.providers.payment import (
    Authorised,
    Captured,
    Declined,
    Differs,
    Disputed,
    Found,
    FoundState,
    LookUpAnswer,
    Refunded,
    Running,
    ServiceTerms,
    Voided,
)

Kind: TypeAlias = Literal[
    "paid_without_order", "order_without_payment", "amount_differs", "lapses_soon"
]
KINDS: dict[Kind, str] = {
    "paid_without_order": "The service holds or took money that no order of the book accounts for.",
    "order_without_payment": "An order counts on money that the service does not have.",
    "amount_differs": "The service and the book have different amounts of one payment.",
    "lapses_soon": "The service lets go of a hold soon, and the money was not taken.",
}
_LOOKS = (
    "somebody acted at the service: `entrepot reconcile --apply` has the order's payments looked at"
)
# What is left of the time of a hold when it is about to lapse.
_LAST_PART = 0.2
# States in which the service has money for the shop, or may still get some.
_WITH_MONEY = frozenset({"authorised", "captured", "disputed"})
_MICROSECONDS = 1_000_000
# Answers of a service that has a capture or a refund, whatever comes of it.
_KNOWN = (Captured, Refunded, Declined, Running)


class Booked(NamedTuple):
    """A payment of an order, as the book has it."""

    order_number: int
    stage: str
    full: FullPayment


class Finding(NamedTuple):
    """A difference between a service and the book.

    - `command`: the words of the one `entrepot` command that mends it; empty where none does.
    - `safe`: the command only takes up a step that the book has begun; it may be given unasked.
    - `advice`: what a person does where no command mends it, or before the command is given.
    - `looks`: the book takes over what the service says of the payment, once it is looked at.
    """

    kind: Kind
    sentence: str
    order: str | None = None  # the order's id, as UUID text
    number: int | None = None  # the order's number in its organization
    provider_reference: str | None = None
    command: tuple[str, ...] = ()
    safe: bool = False
    advice: str = ""
    looks: bool = False


class Span(NamedTuple):
    """The time that is compared, in microseconds UTC: up to now.

    The lists may begin earlier, for the clocks of both differ, and a checkout makes a payment at
    the service before the order is placed. An earlier payment that only one side has is not told.
    """

    since: int
    now: int


def compared(
    service: str,
    listed: Iterable[Found],
    booked: Sequence[Booked],
    terms: ServiceTerms,
    span: Span,
) -> list[Finding]:
    """What differs between the list of a service and the payments of an organization there."""
    names = _Names(booked)
    findings: list[Finding] = []
    met: set[int] = set()
    for found in listed:
        place = names.place_of(found)
        if place is not None:
            met.add(place)
            findings += _of_one(service, found, booked[place], terms, span.now)
        elif found.created_at >= span.since:
            findings += _unknown(service, found, names)
    for place, one in enumerate(booked):
        made = one.full.payment.created_at
        if place not in met and made >= span.since and _counts_on_money(one):
            first = one.full.authorisation.provider_reference
            findings.append(_without_payment(one, first, f"{service} does not list its payment"))
    return findings


def moved(one: Booked) -> list[Operation]:
    """The captures and refunds of a payment that the service did."""
    return [
        operation for operation in one.full.operations
        if operation.kind in ("capture", "refund") and operation.state == "done"
    ]  # fmt: skip


def looked_up(
    one: Booked, answer: LookUpAnswer, operations: Sequence[LookUpAnswer] = ()
) -> Found | None:
    """A payment as its service tells of it alone, for a service that has no list. `operations`: its
    word on each capture and refund that was done, for one may fail after all.

    Where the service tells no captures or refunds, or fewer than the book knows, the book's sums
    are taken for its own: what Adyen notified long ago is kept no more. None where the service has
    nothing of the payment, or waits for somebody.
    """
    payment, first = one.full.payment, one.full.authorisation
    told = zip(moved(one), operations, strict=False)
    failed = {asked.number for asked, said in told if isinstance(said, Declined)}
    done = sums([asked for asked in one.full.operations if asked.number not in failed])
    amount, captured = Amount(first.units, payment.amount.scale), done.captured
    base = Found(
        first.provider_reference or "", dashed(payment.order_id), first.key, amount.units,
        amount.scale, payment.currency, "authorised", captured, done.refunded, payment.created_at,
        lapses_at=None,
    )  # fmt: skip
    state: FoundState = "captured"
    if isinstance(answer, Disputed):
        state, answer = "disputed", answer.otherwise
    by_others = 0
    if isinstance(answer, Authorised | Captured | Voided):
        by_others = sum([part.units for part in answer.captures])
        back = sum([part.units for part in answer.refunds])
        base = base._replace(captured=max(captured, by_others), refunded=max(done.refunded, back))
    if isinstance(answer, Authorised):
        return base._replace(provider_reference=answer.provider_reference)
    if isinstance(answer, Captured):
        taken = base.captured if moved(one) else by_others or amount.units
        reference = answer.provider_reference
        return base._replace(provider_reference=reference, state=state, captured=taken)
    if isinstance(answer, Differs):
        return base._replace(
            provider_reference=answer.provider_reference, units=answer.units, scale=answer.scale,
            currency=answer.currency,
        )  # fmt: skip
    if isinstance(answer, Voided | Declined):
        return base._replace(state="voided" if isinstance(answer, Voided) else "declined")
    return None


def moving(one: Booked) -> list[Operation]:
    """The captures and refunds of a payment that have no outcome yet."""
    return [
        operation for operation in one.full.operations
        if operation.kind in ("capture", "refund") and operation.state in OPEN
    ]  # fmt: skip


def judged(finding: Finding, service: str, answers: Iterable[LookUpAnswer]) -> Finding:
    """A difference of amounts, by what the service says of the payment's captures and refunds that
    are under way. Where it has not one of them, somebody else moved the money: the step would move
    as much again.
    """
    if all(isinstance(answer, _KNOWN) for answer in answers):
        return finding
    return finding._replace(
        command=("explain", *finding.command[1:]), safe=False,
        advice=f"somebody acted at {service}, and the step that waits would do the same once more: "
        "`entrepot resolve` it with what was done there",
    )  # fmt: skip


class _Names:
    """The places of payments, by the names that their service knows them by."""

    def __init__(self, booked: Sequence[Booked]) -> None:
        self._by_reference: dict[str, int] = {}
        self._by_key: dict[str, int] = {}
        self._by_client: dict[str, int] = {}
        self._by_order: dict[str, list[int]] = {}
        self._booked = booked
        for place, one in enumerate(booked):
            for operation in one.full.operations:
                self._by_key[operation.key] = place
                if operation.provider_reference is not None:
                    self._by_reference[operation.provider_reference] = place
            self._by_order.setdefault(dashed(one.full.payment.order_id), []).append(place)
        for place, one in enumerate(booked):
            # An object that the client has made: of two orders that came with it, the later one.
            self._by_client[one.full.payment.reference] = place

    def place_of(self, found: Found) -> int | None:
        """The payment that the service's object is of. The order's id alone names a payment whose
        reference the book does not know yet.
        """
        named = (found.provider_reference, *found.also)
        places = [self._by_reference[one] for one in named if one in self._by_reference]
        place = places[0] if places else None
        if place is None and found.key is not None:
            place = self._by_key.get(found.key)
        if place is None:
            place = self._by_client.get(found.provider_reference)
        if place is not None:
            return place
        for other in self._by_order.get(found.order or "", ()):
            if self._booked[other].full.authorisation.provider_reference is None:
                return other
        return None

    def of_order(self, found: Found) -> Booked | None:
        """A payment of the order that the object names."""
        places = self._by_order.get(found.order or "", ())
        return self._booked[places[-1]] if places else None


def _unknown(service: str, found: Found, names: _Names) -> list[Finding]:
    """The service has an object that is of no payment of the book."""
    if found.state not in _WITH_MONEY or found.captured + _held(found) <= found.refunded:
        return []
    taken = "took" if found.captured else "holds"
    money = _money(found.captured or found.units, found)
    sentence = f"{service} {taken} {money} that no payment of the book asked for"
    known = names.of_order(found)
    if known is not None:
        sentence += f", beside the payment of order #{known.order_number}"
    way = "refund" if found.captured else "void"
    return [Finding(
        "paid_without_order", sentence, found.order, known.order_number if known else None,
        found.provider_reference, advice=f"{way} {found.provider_reference} at {service}",
    )]  # fmt: skip


def _of_one(service: str, found: Found, one: Booked, terms: ServiceTerms, at: int) -> list[Finding]:
    """What differs of one payment. A wrong amount is told alone: the rest follows from it."""
    # What the service was asked to hold: the order may cost less by now.
    scale, currency = one.full.payment.amount.scale, one.full.payment.currency
    amount, of_order = Amount(one.full.authorisation.units, scale), f"order #{one.order_number}: "
    if found.currency != currency or not _same(found.units, found.scale, amount):
        if not (_held(found) or found.captured > found.refunded or _may_have_money(one)):
            return []  # neither has money of it any more
        mine = f"{amount.text()} {currency}"
        sentence = f"{of_order}{service} has {_money(found.units, found)}, the book {mine}"
        return [_of_another_amount(sentence, found, one)]
    done = sums(one.full.operations)
    held, captured = _held(found), found.captured
    booked_held = done.authorised - done.captured - done.voided
    if not captured and not done.captured and (held > 0) != (booked_held > 0):
        return [_held_differently(service, found, one)]
    for what, theirs, ours in (
        ("took", captured, done.captured), ("gave back", found.refunded, done.refunded),
    ):  # fmt: skip
        if not _same(theirs, found.scale, Amount(ours, scale)):
            told = Amount(ours, scale).text()
            money = _money(theirs, found)
            sentence = f"{of_order}{service} {what} {money}, the book {told} {currency}"
            return [_mending("amount_differs", sentence, found, one)]
    return _lapsing(service, found, one, terms, at) if held else []


def _held_differently(service: str, found: Found, one: Booked) -> Finding:
    """Only one of the two says that money is held, and neither says that any was taken."""
    money = _money(found.units, found)
    if not _held(found):
        return _without_payment(
            one, found.provider_reference, f"its payment is {found.state} at {service}",
        )  # fmt: skip
    sentence = f"{service} holds {money} for order #{one.order_number}"
    if _is_open(one):
        return _mending("paid_without_order", f"{sentence}, and no answer is written", found, one)
    finding = _mending("paid_without_order", f"{sentence}, which is {one.stage}", found, one)
    return finding._replace(
        command=(), safe=False, advice=f"void {found.provider_reference} at {service}"
    )


def _without_payment(one: Booked, reference: str | None, sentence: str) -> Finding:
    order, runs, under_way = dashed(one.full.payment.order_id), one.stage in RUNNING, _is_open(one)
    command = "retry" if under_way else "cancel" if runs else "explain"
    return Finding(
        "order_without_payment", f"order #{one.order_number} counts on money, and {sentence}",
        order, one.order_number, reference, (command, order), safe=under_way,
        advice="" if under_way else f"do not send the goods; {_LOOKS}", looks=not under_way,
    )  # fmt: skip


def _mending(kind: Kind, sentence: str, found: Found, one: Booked) -> Finding:
    """A finding whose step is taken up again where the book has one without an outcome."""
    order = dashed(one.full.payment.order_id)
    under_way = _is_open(one)
    return Finding(
        kind, sentence, order, one.order_number, found.provider_reference,
        ("retry" if under_way else "explain", order), safe=under_way,
        advice="" if under_way else _LOOKS, looks=not under_way,
    )  # fmt: skip


def _of_another_amount(sentence: str, found: Found, one: Booked) -> Finding:
    """The service's object itself is of another amount: to ask for it again mends nothing."""
    finding = _mending("amount_differs", sentence, found, one)
    if not finding.safe:
        settle = "somebody acted at the service: settle it there"
        return finding._replace(advice=settle, looks=False)
    advice = "cancel the order to let the money go"
    return finding._replace(command=("cancel", *finding.command[1:]), safe=False, advice=advice)


def _lapsing(
    service: str, found: Found, one: Booked, terms: ServiceTerms, at: int
) -> list[Finding]:
    if found.lapses_at is None or terms.hold_seconds is None:
        return []
    if found.lapses_at - at > terms.hold_seconds * _MICROSECONDS * _LAST_PART:
        return []
    hours = max(found.lapses_at - at, 0) // (3600 * _MICROSECONDS)
    money = _money(_held(found), found)
    sentence = f"{service} lets go of {money} of order #{one.order_number} within {hours + 1} h"
    order = dashed(one.full.payment.order_id)
    return [Finding(
        "lapses_soon", sentence, order, one.order_number, found.provider_reference,
        ("capture", order), advice="capture it, or cancel the order",
    )]  # fmt: skip


def _held(found: Found) -> int:
    """Money that the service holds and did not take, in units at its scale."""
    return found.units - found.captured if found.state == "authorised" else 0


def _counts_on_money(one: Booked) -> bool:
    done = sums(one.full.operations)
    return done.authorised > done.voided and done.refunded < done.authorised


def _may_have_money(one: Booked) -> bool:
    return _counts_on_money(one) or _is_open(one)


def _is_open(one: Booked) -> bool:
    return any(operation.state in OPEN for operation in one.full.operations)


def _same(units: int, scale: int, amount: Amount) -> bool:
    top = max(scale, amount.scale)
    return Amount(units, scale).at(top) == amount.at(top)


def _money(units: int, found: Found) -> str:
    return f"{Amount(units, found.scale).text()} {found.currency}"
