"""`entrepot reconcile`: the payments of an organization beside the lists of its services."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shlex
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

from cyclopts import Parameter

from entrepot import settings
from entrepot.cli.lines import printable
from entrepot.cli.session import OperatorError, on_book, organization
from entrepot.cli.writing import make_outside, results
from entrepot.clock import now
from entrepot.core import ids
from entrepot.core.actor import operator
from entrepot.core.decide.steps import ResumeOrder
from entrepot.core.decide.wake import WakeStep
from entrepot.core.notice import Topics
from entrepot.core.payment import Operation
from entrepot.core.refusal import Refusal
from entrepot.core.shown import MICROSECONDS, moment
from entrepot.pipeline.steps import operation_request, request_of
from entrepot.pipeline.steps.outside import Outside
from entrepot.providers.compared import (
    Booked,
    Finding,
    Span,
    compared,
    judged,
    looked_up,
    moved,
    moving,
)
from entrepot.providers.payment import (
    Found,
    LookUpAnswer,
    Misconfigured,
    NotSent,
    PaymentProvider,
    Pending,
    Running,
    Unknown,
)
from entrepot.store import accounts
from entrepot.store.accounts import Organization
from entrepot.store.engine import Database
from entrepot.store.reading import booked
from entrepot.writer.envelope import Envelope

_Flag = Annotated[bool, Parameter(negative="")]
_AGO = re.compile(r"([1-9][0-9]{0,5})([dhm])", re.ASCII)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60}
# How much earlier than the span both lists begin.
_EARLIER = 86_400 * MICROSECONDS
_AT_ONCE = 8  # look-ups of a service without a list
_NO_OUTCOME = Unknown | Running | Pending
_RECONCILE = operator("reconcile")


class Compared(NamedTuple):
    """What came of one service: how many payments each side has, and what differs.

    `unasked`: why nothing of the service was compared. `has_list`: whether the service listed its
    payments; else it was asked for each payment of the book, and tells of no other.
    """

    service: str
    listed: int
    booked: int
    findings: list[Finding]
    unasked: str | None = None
    has_list: bool = True


def reconcile(
    org: str,
    *,
    since: str = "7d",
    apply: _Flag = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Compare the payments in the book with the lists of the payment services.

    Prints what is paid without an order, orders without their payment, amounts that differ, and
    holds that are about to lapse, each with the command that mends it. Nothing is charged, voided
    or refunded by this command. Exit code 0: all agrees, or was mended. 1: something is left to
    do. 2: a service or the book could not be asked; the other services are compared all the same.

    Parameters
    ----------
    org
        Name, number or id of the organization.
    since
        Payments made since then: 7d, 12h or 30m ago, or a date or time such as 2026-11-28.
    apply
        Give the commands that are safe: those that take up a step which the book has begun. Have
        the payments looked at of orders that somebody handled at the service.
    as_json
        Print one line of JSON.
    """
    at = now()
    span = Span(_since(since, at), at)

    async def work(database: Database) -> tuple[list[Compared], set[str], set[str]]:
        mine = await database.read(lambda conn: organization(conn, org))
        outside = make_outside(database, settings.load())
        try:
            found = await _each_service(database, outside, mine, span)
        finally:
            await outside.close()
        if not apply:
            return found, set(), set()
        return found, await _applied(database, mine.org, found), await _looked(
            database, mine.org, found
        )  # fmt: skip

    found, applied, looked = on_book(work, must_exist=True)
    told = [_described(one, each, applied, looked) for one in found for each in one.findings]
    if as_json:
        counts = {
            one.service: {"listed": one.listed, "booked": one.booked, "has_list": one.has_list}
            if one.unasked is None
            else {"unasked": one.unasked}
            for one in found
        }
        print(json.dumps({"since": moment(span.since), "services": counts, "findings": told}))
    else:
        _print(found, told)
    unasked = [f"{one.service} ({one.unasked})" for one in found if one.unasked is not None]
    if unasked:
        raise OperatorError(f"not compared: {', '.join(unasked)}; look at the service's own list")
    if not all(one["applied"] for one in told):
        raise SystemExit(1)


def _since(text: str, at: int) -> int:
    """The beginning of the span, in microseconds UTC. Raises OperatorError for no time."""
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return max(at - int(ago[1]) * _SECONDS[ago[2]] * MICROSECONDS, _EARLIER)
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        raise OperatorError(
            f"--since {text!r} is no time; write 7d, 12h, 30m, or a date such as 2026-11-28"
        ) from None
    told = told if told.tzinfo is not None else told.replace(tzinfo=UTC)
    since = int(told.timestamp()) * MICROSECONDS
    if since > at:
        raise OperatorError(f"--since {text!r} is yet to come; give a time in the past")
    return max(since, _EARLIER)


async def _each_service(
    database: Database, outside: Outside, mine: Organization, span: Span
) -> list[Compared]:
    found = []
    for service in await database.read(lambda conn: booked.services_of(conn, mine.org)):
        provider = await outside.service(mine.org, service)
        if provider is None:
            why_not = "it has payments and no account; `entrepot provider add` makes one"
            found.append(Compared(service, 0, 0, [], why_not))
        else:
            found.append(await _one_service(database, provider, service, mine, span))
    return found


async def _one_service(
    database: Database, provider: PaymentProvider, service: str, mine: Organization, span: Span
) -> Compared:
    """The book is read after the list: a payment that is made meanwhile is in the book at least."""
    listed: list[Found] = []
    no_list: str | None = None
    async for one in provider.found_since(span.since - _EARLIER):
        if isinstance(one, NotSent):
            return Compared(service, 0, 0, [], f"could not be asked: {one.detail}")
        if isinstance(one, Misconfigured):
            no_list = one.detail
        else:
            listed.append(one)
    rows = await database.read_long(
        lambda conn: booked.booked_since(conn, mine.org, service, span.since - _EARLIER)
    )
    kept = [Booked(*one) for one in rows]
    if no_list is not None and not kept and (fault := await provider.check()) is not None:
        return Compared(service, 0, 0, [], f"could not be asked: {fault}")
    if no_list is not None:
        strangers = await _strangers(database, mine.org, service, listed)
        listed, kept, why_not = await _each_looked_up(provider, kept)
        if why_not is not None:
            return Compared(service, 0, 0, [], f"could not be asked: {why_not}")
        listed += strangers
    findings = [
        await _judged(provider, service, one, kept)
        for one in compared(service, listed, kept, provider.terms, span)
    ]
    of_nobody = {one.order for one in findings if one.number is None and one.order is not None}
    theirs = await database.read_long(
        lambda conn: booked.of_others(
            conn, [one.org for one in accounts.organizations(conn) if one.org != mine.org],
            of_nobody,
        )
    )  # fmt: skip
    findings = [one for one in findings if one.number is not None or one.order not in theirs]
    return Compared(service, len(listed), len(kept), findings, has_list=no_list is None)


async def _judged(
    provider: PaymentProvider, service: str, finding: Finding, kept: list[Booked]
) -> Finding:
    """The finding; a difference of amounts is safe to take up only where the service has what the
    payment's step asked it for.
    """
    if not finding.safe or finding.kind != "amount_differs":
        return finding
    mine = [one for one in kept if ids.dashed(one.full.payment.order_id) == finding.order]
    answers = [await _asked(provider, one, moving(one)) for one in mine]
    return judged(finding, service, itertools.chain(*answers))


async def _strangers(database: Database, org: int, service: str, found: list[Found]) -> list[Found]:
    """Those that no payment of the book is. The others are looked up one by one: a service without
    a whole list has told of them what it told once.
    """
    names = {one: _names_of(one) for one in found}
    wanted = {name for named in names.values() for name in named}
    known = await database.read_long(
        lambda conn: booked.known_names(conn, org, service, sorted(wanted))
    )
    return [one for one in found if not known & names[one]]


def _names_of(found: Found) -> set[str]:
    return {name for name in (found.provider_reference, found.key, *found.also) if name}


async def _each_looked_up(
    provider: PaymentProvider, kept: list[Booked]
) -> tuple[list[Found], list[Booked], str | None]:
    """What a service without a list tells of each payment, with the payments that it knows the
    outcome of; or why it could not be asked.
    """
    found: list[Found] = []
    known: list[Booked] = []
    for start in range(0, len(kept), _AT_ONCE):
        some = kept[start : start + _AT_ONCE]
        answers = await asyncio.gather(*[_told(provider, one) for one in some])
        for one, (answer, operations) in zip(some, answers, strict=True):
            if isinstance(answer, NotSent | Misconfigured):
                return [], [], answer.detail
            if isinstance(answer, _NO_OUTCOME):
                continue
            known.append(one)
            if (told := looked_up(one, answer, operations)) is not None:
                found.append(told)
    return found, known, None


async def _told(provider: PaymentProvider, one: Booked) -> tuple[LookUpAnswer, list[LookUpAnswer]]:
    """The service's word on a payment, and on each capture and refund that it did of it."""
    reference = one.full.authorisation.provider_reference
    answer = await provider.look_up(request_of(one.full), reference)
    if isinstance(answer, NotSent | Misconfigured | _NO_OUTCOME):
        return answer, []
    return answer, await _asked(provider, one, moved(one))


async def _asked(
    provider: PaymentProvider, one: Booked, operations: Iterable[Operation]
) -> list[LookUpAnswer]:
    """The service's word on each of these captures and refunds of a payment."""
    several = provider.terms.several_captures
    return [
        await provider.look_up(
            operation_request(one.full, operation, several=several), operation.provider_reference
        )
        for operation in operations
    ]


async def _applied(database: Database, org: int, found: list[Compared]) -> set[str]:
    """The orders whose safe commands were given and taken."""
    safe = {one.order for each in found for one in each.findings if one.safe and one.order}
    taken = set()
    for order in sorted(safe):
        order_id = ids.spelled(order)
        assert order_id is not None, "a finding of the book names its order by its id"
        envelope = Envelope(ResumeOrder(org, order_id), actor=_RECONCILE)
        [result] = await results(database, [envelope])
        if not isinstance(result, Refusal):
            taken.add(order)
    return taken


async def _looked(database: Database, org: int, found: list[Compared]) -> set[str]:
    """The orders whose payments are looked at, as if the service had notified what differs: no
    notification may have come.
    """
    topics = Topics(money=True, hold=True, refund=True)
    wanted = {
        (each.service, one.order) for each in found for one in each.findings
        if one.looks and one.order and one.number is not None
    }  # fmt: skip
    for service, order in sorted(wanted):
        wake = WakeStep(org, service, order, topics=topics)
        await results(database, [Envelope(wake, actor=_RECONCILE)])
    return {order for _, order in wanted}


def _described(
    one: Compared, finding: Finding, applied: set[str], looked: set[str]
) -> dict[str, Any]:  # fmt: skip
    return {
        "service": one.service,
        "kind": finding.kind,
        "order_id": finding.order,
        "number": finding.number,
        "provider_reference": finding.provider_reference,
        "sentence": finding.sentence,
        "command": shlex.join(("entrepot", *finding.command)) if finding.command else None,
        "safe": finding.safe,
        "advice": finding.advice or None,
        "applied": finding.safe and finding.order in applied,
        "looked_at": finding.looks and finding.order in looked,
    }


def _print(found: list[Compared], told: list[dict[str, Any]]) -> None:
    for one in told:
        reference = one["provider_reference"] or "-"
        print(printable(f"{one['kind']}  {one['service']} {reference}  {one['sentence']}"))
        if one["advice"]:
            print(printable(f"    {one['advice']}"))
        if one["command"]:
            done = "  (done)" if one["applied"] else "  (looked at)" if one["looked_at"] else ""
            print(printable(f"    {one['command']}") + done)
    for each in found:
        if each.unasked is not None:
            continue
        word = "1 difference" if len(each.findings) == 1 else f"{len(each.findings)} differences"
        how = "listed" if each.has_list else "looked up one by one"
        print(f"{each.service}: {each.listed} {how}, {each.booked} in the book, {word}")
    if not found:
        print("the organization has no account at a payment service, and no payment")
