"""The payments of one order and the operations on them, folded by verify's own arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from entrepot.core.facets import ENDED
from entrepot.core.money import Amount
from entrepot.core.order import Order
from entrepot.core.payment import Operation, Payment
from entrepot.store.verify.own_keys import OperationKey
from entrepot.store.verify.own_values import decimal, same
from entrepot.store.verify.report import Findings

# States of an authorisation that holds no money and will hold none.
DEFINITE_NO = ("declined", "given_up")
_NOT_KNOWN = ("prepared", "running")
_MAY_MOVE = (*_NOT_KNOWN, "done")
_WITHOUT_SALE = ("cancelled", "rejected", "failed")
_OF_FIRST = {
    "prepared": "pending", "running": "pending", "declined": "declined",
    "given_up": "voided", "done": "voided",
}  # fmt: skip


def check_payments(
    order: Order,
    payments: Iterable[Payment],
    operations: Iterable[Operation],
    operation_key: OperationKey | None,
    findings: Findings,
) -> None:
    """Every payment with its operations, and the order's facet by the last one."""
    of: dict[int, list[Operation]] = {}
    for one in sorted(operations, key=lambda one: (one.payment, one.number)):
        of.setdefault(one.payment, []).append(one)
    made = sorted(payments, key=lambda payment: payment.number)
    # A capture that is under way is waited for before money of an order that ended goes back.
    waits = any(one.kind == "capture" and one.state in _NOT_KNOWN for its in of.values()
                for one in its)  # fmt: skip
    first = next((one.key for one in of.get(1, []) if one.number == 1), "")
    if made:
        _asks_the_total(order, made, findings)
    for number, payment in enumerate(made, 1):
        its = of.pop(payment.number, [])
        _asks_enough(order, payment, its, findings)
        _numbers(order, payment, its, number, findings)
        _sums(order, payment, its, findings)
        if not waits:
            _given_back(order, payment, its, findings)
        _held_for_nothing(order, payment, its, findings)
        if number < len(made) and its and its[0].state in _NOT_KNOWN:
            findings.add(
                "OPERATION_NUMBERS", **_where(order, payment.number), followed_while=its[0].state
            )
        if operation_key is not None:
            _keys(order, its, operation_key, first, findings)
    for number in of:
        findings.add("OPERATION_NUMBERS", **_where(order, number), missing="the payment")
    if order.managed:
        numbers = {one.number for one in made}
        _facet(order, [one for one in operations if one.payment in numbers], findings)


def _where(order: Order, payment: int) -> dict[str, Any]:
    return {"org": order.org, "order": order.id, "payment": payment}


def _asks_the_total(order: Order, made: list[Payment], findings: Findings) -> None:
    """The payments of an order are of its provider, of one currency and one scale, and of its total
    together. The first one has the order's reference.
    """
    first = made[0]
    due = Amount(sum([one.amount.units for one in made]), first.amount.scale)
    alike = {(one.currency, one.amount.scale, one.service) for one in made}
    if not same(due, order.total) or first.currency != order.currency or len(alike) > 1:
        findings.add(
            "PAYMENT_TOTAL", **_where(order, first.number),
            due=f"{decimal(due)} {first.currency}",
            total=f"{decimal(order.total)} {order.currency}",
        )  # fmt: skip
    if first.number == 1 and first.reference != (order.payment_reference or ""):
        findings.add(
            "PAYMENT_TOTAL", **_where(order, first.number), reference=first.reference,
            order_names=order.payment_reference,
        )  # fmt: skip
    for one in made:
        if one.provider != (order.payment_provider or ""):
            findings.add(
                "PAYMENT_TOTAL", **_where(order, one.number), provider=one.provider,
                order_names=order.payment_provider,
            )  # fmt: skip


def _asks_enough(order: Order, payment: Payment, its: list[Operation], findings: Findings) -> None:
    """What a service was asked for is what is due; more, where the order came to cost less."""
    if its and not 0 <= payment.amount.units <= its[0].units:
        findings.add(
            "PAYMENT_TOTAL", **_where(order, payment.number),
            due=payment.amount.units, authorised=its[0].units,
        )  # fmt: skip


def _numbers(
    order: Order, payment: Payment, its: list[Operation], number: int, findings: Findings
) -> None:
    where = _where(order, payment.number)
    if payment.number != number:
        findings.add("OPERATION_NUMBERS", **where, expected=number)
    numbers = [one.number for one in its]
    if numbers != list(range(1, len(numbers) + 1)) or not numbers:
        findings.add("OPERATION_NUMBERS", **where, operations=" ".join(map(str, numbers)))


def _done(its: Iterable[Operation], kind: str) -> int:
    return sum([one.units for one in its if one.kind == kind and one.state == "done"])


def _held(its: list[Operation]) -> int:
    """What is held of one payment, by what its service has done."""
    return _done(its, "authorise") - _done(its, "capture") - _done(its, "void")


def _held_for_nothing(
    order: Order, payment: Payment, its: list[Operation], findings: Findings
) -> None:
    """What is held of a running order is due, or is being let go: the amount of a payment that
    another one has taken over is held by that one alone.
    """
    if not order.managed or order.facets.stage in ENDED or not its or its[0].state != "done":
        return
    goes = [one for one in its[1:] if one.state in _MAY_MOVE]
    if any(one.kind == "capture" and one.state in _NOT_KNOWN for one in goes):
        return  # Its outcome says what is left.
    taken = sum([one.units for one in goes if one.kind == "capture"])
    left = its[0].units - taken - sum([one.units for one in goes if one.kind == "void"])
    if left > 0 and payment.amount.units <= taken:
        findings.add("OPERATION_SUMS", **_where(order, payment.number), held_for_nothing=left)


def _sums(order: Order, payment: Payment, its: list[Operation], findings: Findings) -> None:
    where = _where(order, payment.number)
    captured, refunded = _done(its, "capture"), _done(its, "refund")
    voided, due = _done(its, "void"), its[0].units if its else payment.amount.units
    for one in its:
        if one.units <= 0 or one.units > due:
            findings.add("OPERATION_SUMS", **where, number=one.number, units=one.units)
        if one.state == "done" and one.kind in ("capture", "void") and its[0].state == "declined":
            findings.add("OPERATION_SUMS", **where, number=one.number, done="of a declined payment")
    if its and its[0].state == "given_up" and not voided:
        findings.add("OPERATION_SUMS", **where, given_up="without a void that is done")
    held = due if its and its[0].state == "done" else 0
    if captured > held:
        findings.add("OPERATION_SUMS", **where, captured=captured, authorised=held)
    elif captured + voided > due:
        findings.add("OPERATION_SUMS", **where, captured=captured, voided=voided, due=due)
    asked = sum([one.units for one in its if one.kind == "refund" and one.state in _MAY_MOVE])
    if refunded > captured or asked > captured:
        findings.add("OPERATION_SUMS", **where, refunded=max(refunded, asked), captured=captured)


def _given_back(order: Order, payment: Payment, its: list[Operation], findings: Findings) -> None:
    """No money of an order that ended is kept, unless its provider declined to give it back."""
    asked = sum([one.units for one in its if one.kind == "refund" and one.state in _MAY_MOVE])
    kept = _done(its, "capture") - asked
    if kept <= 0 or order.facets.stage not in _WITHOUT_SALE:
        return
    states = {(one.kind, one.state) for one in its}
    if ("refund", "declined") not in states:
        where = _where(order, payment.number)
        findings.add("OPERATION_SUMS", **where, stage=order.facets.stage, kept=kept)


def _keys(
    order: Order,
    its: list[Operation],
    operation_key: OperationKey,
    first: str,
    findings: Findings,
) -> None:
    """`first` is the key of the order's first authorisation."""
    for one in its:
        base = first if one.kind == "authorise" else its[0].key
        if one.key != operation_key(one, base):
            findings.add(
                "OPERATION_KEYS", **_where(order, one.payment), number=one.number,
                key="not of this book's secret",
            )  # fmt: skip


def _facet(order: Order, its: list[Operation], findings: Findings) -> None:
    says = order.facets.payment
    if not its:
        if says not in ("none", "pending"):
            findings.add("PAYMENT_FACET", org=order.org, order=order.id, stands=says, sums="none")
        return
    captured, refunded = _done(its, "capture"), _done(its, "refund")
    numbers = {one.payment for one in its}
    if any(_held([one for one in its if one.payment == number]) > 0 for number in numbers):
        sums = "authorized"
    elif captured:
        sums = "partially_refunded" if 0 < refunded < captured else "refunded"
        sums = "paid" if not refunded else sums
    else:
        sums = _OF_FIRST[min(its, key=lambda one: (one.payment, one.number)).state]
    # An order that ended while its payment was under way goes on when the void is done.
    voids = any(one.kind == "void" and one.state in _NOT_KNOWN for one in its)
    waits = says == "pending" and sums == "authorized" and voids and order.facets.stage in ENDED
    disputed = says == "disputed" and captured > refunded  # and a part may be held
    if says != sums and not waits and not disputed:
        findings.add("PAYMENT_FACET", org=order.org, order=order.id, stands=says, sums=sums)
