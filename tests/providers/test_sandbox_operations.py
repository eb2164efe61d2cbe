"""The sandbox captures, refunds and voids as each payment reference says, once for each key."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.providers.conftest import KEY, ORDER, View, operation_of, request_of, void_of

from entrepot.providers.payment import (
    Absent,
    Authorised,
    Captured,
    Declined,
    Differs,
    Disputed,
    Found,
    LookUpAnswer,
    Misconfigured,
    NotSent,
    OperationRequest,
    Pending,
    Refunded,
    Running,
    ServiceTerms,
    Unknown,
    Voided,
)
from entrepot.providers.sandbox import SandboxProvider

HELD = f"sandbox-{KEY}"


async def ask(sandbox: SandboxProvider, request: OperationRequest) -> LookUpAnswer:
    return await getattr(sandbox, request.kind)(request)  # type: ignore[no-any-return]


# reference, kind, the kinds of answer to three calls in a row, what a look-up then says
SCRIPTS = [
    ("card", "capture", [Captured] * 3, Captured),
    ("card capture-flaky-2", "capture", [NotSent, NotSent, Captured], Captured),
    ("card capture-flaky-9", "capture", [NotSent] * 3, Absent),
    ("card capture-unknown-1", "capture", [Unknown, Captured, Captured], Captured),
    ("card capture-unknown-9", "capture", [Unknown] * 3, Captured),
    ("card capture-declined", "capture", [Declined] * 3, Declined),
    ("card capture-running", "capture", [Running] * 3, Running),
    ("card capture-slow-1", "capture", [Captured] * 3, Captured),
    ("card refund-declined", "capture", [Captured] * 3, Captured),
    ("recapture-declined", "capture", [Captured] * 3, Captured),
    ("captured", "refund", [Refunded] * 3, Refunded),
    ("captured refund-unknown-2", "refund", [Unknown, Unknown, Refunded], Refunded),
    ("captured refund-running", "refund", [Running] * 3, Running),
    ("captured refund-declined", "refund", [Declined] * 3, Declined),
    ("card void-unknown-1", "void", [Unknown, Voided, Voided], Voided),
    ("card void-flaky-1", "void", [NotSent, Voided, Voided], Voided),
    ("card void-running", "void", [Running] * 3, Running),
    ("captured", "void", [Declined] * 3, Declined),
]  # fmt: skip


@pytest.mark.parametrize(("reference", "kind", "answers", "then"), SCRIPTS)
async def test_the_reference_decides_on_operations(
    sandbox: SandboxProvider, view: View, reference: str, kind: str, answers: list[type], then: type
) -> None:
    await sandbox.authorise(request_of(reference))
    before = view.effects()
    asked = operation_of(kind, request_of(reference))  # type: ignore[arg-type]
    assert await sandbox.look_up(asked) == Absent()
    given = [await ask(sandbox, asked) for _ in answers]
    assert [type(answer) for answer in given] == answers
    assert type(await sandbox.look_up(asked)) is then
    moved = [kind] if then in (Captured, Refunded, Voided) else []
    assert view.effects() == before + moved


async def test_captures_and_refunds_in_parts_never_exceed_what_there_is(
    sandbox: SandboxProvider,
) -> None:
    card = request_of()
    await sandbox.authorise(card)
    first = await sandbox.capture(operation_of("capture", card, 500, of=HELD, final=False))
    assert isinstance(first, Captured)
    assert await sandbox.look_up(card) == Authorised(HELD)
    more = await sandbox.capture(operation_of("capture", card, 751, number=2))
    assert (type(more), getattr(more, "code", "")) == (Declined, "too_large")
    second = await sandbox.capture(operation_of("capture", card, 700, number=3))
    assert isinstance(second, Captured)
    assert sandbox.live_authorisations() == []  # the last capture let go of the rest
    assert await sandbox.look_up(card) == Captured(HELD)
    late = await sandbox.capture(operation_of("capture", card, 50, number=4))
    assert (type(late), getattr(late, "code", "")) == (Declined, "not_held")
    of_first = first.provider_reference
    asked = [operation_of("refund", card, 300, of=of_first, number=n) for n in (1, 2)]
    kinds = [type(await sandbox.refund(one)) for one in asked]
    assert kinds == [Refunded, Declined]  # 600 of a capture of 500
    rest = [operation_of("refund", card, 300, number=n) for n in range(3, 9)]
    answers = await asyncio.gather(*(sandbox.refund(one) for one in rest))
    assert [type(answer) for answer in answers].count(Refunded) == 3  # 1,200 of 1,200


async def test_a_void_lets_go_of_what_was_not_captured(
    sandbox: SandboxProvider, view: View
) -> None:
    card = request_of()
    await sandbox.authorise(card)
    await sandbox.capture(operation_of("capture", card, 500, final=False))
    assert sandbox.live_authorisations() == [(ORDER, 1)]
    assert await sandbox.void(void_of(card)) == Voided(HELD)
    assert sandbox.live_authorisations() == []
    assert view.rows("SELECT effect, units FROM operations") == [
        ("authorise", 1250), ("capture", 500), ("void", 750),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change", [{"units": 1249}, {"final": False}, {"of": "another"}, {"payment": request_of("b")}]
)
async def test_an_operation_s_key_with_other_content_is_refused(
    sandbox: SandboxProvider, change: dict[str, object]
) -> None:
    card = request_of()
    await sandbox.authorise(card)
    capture = operation_of("capture", card, of=HELD)
    assert isinstance(await sandbox.capture(capture), Captured)
    other = replace(capture, **change)  # type: ignore[arg-type]
    assert type(await sandbox.capture(other)) is Misconfigured
    assert isinstance(await sandbox.capture(capture), Captured)


async def test_an_operation_of_another_object_is_declined(sandbox: SandboxProvider) -> None:
    card = request_of()
    await sandbox.authorise(card)
    for kind in ("capture", "refund"):
        answer = await ask(sandbox, operation_of(kind, card, of="another"))  # type: ignore[arg-type]
        assert (type(answer), getattr(answer, "code", "")) == (Declined, "wrong_reference")


@pytest.mark.parametrize(("outcome", "then"), [("authorised", Captured), ("declined", Declined)])
async def test_a_notification_settles_an_operation_that_runs(
    sandbox: SandboxProvider, outcome: str, then: type
) -> None:
    card = request_of("card capture-running")
    await sandbox.authorise(card)
    capture = operation_of("capture", card)
    assert isinstance(await sandbox.capture(capture), Running)
    assert await sandbox.look_up(card) == Authorised(HELD)
    assert sandbox.notify(card.reference, outcome) == 1  # type: ignore[arg-type]
    assert sandbox.notify(card.reference, outcome) == 0  # type: ignore[arg-type]
    assert type(await sandbox.look_up(capture)) is then
    assert type(await sandbox.capture(capture)) is then


STANDS = [
    ("captured", Captured, Captured, "captured"),
    ("running", Running, Running, "running"),
    ("pending", Pending, Pending, "pending"),
    ("differs-999", Differs, Differs, None),
    ("declined", Declined, Declined, "declined"),
    ("card", Authorised, Authorised, "authorised"),
]


@pytest.mark.parametrize(("reference", "answer", "found", "state"), STANDS)
async def test_what_a_reference_is_already_is_said(
    sandbox: SandboxProvider, reference: str, answer: type, found: type, state: str | None
) -> None:
    assert type(await sandbox.authorise(request_of(reference))) is answer
    assert type(await sandbox.look_up(request_of(reference))) is found
    listed = [one async for one in sandbox.found_since(0)]
    assert [one.state for one in listed if isinstance(one, Found)] == ([state] if state else [])


async def test_a_captured_payment_can_be_disputed(sandbox: SandboxProvider) -> None:
    card = request_of("disputed-1")
    assert isinstance(await sandbox.authorise(card), Authorised)
    assert isinstance(await sandbox.look_up(card), Authorised)
    await sandbox.capture(operation_of("capture", card))
    assert isinstance(await sandbox.look_up(card), Disputed)


async def test_the_list_tells_every_payment_once_with_its_sums(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("entrepot.providers.sandbox.PAGE", 3)
    terms = ServiceTerms(1.0, hold_seconds=10.0, several_captures=True)
    sandbox = SandboxProvider(path, terms=terms)
    requests = [request_of(key=f"key-{n}", order=f"order-{n}") for n in range(8)]
    await asyncio.gather(*(sandbox.authorise(one) for one in requests))
    await sandbox.capture(operation_of("capture", requests[0], 400))
    await sandbox.refund(operation_of("refund", requests[0], 100))
    listed = [one async for one in sandbox.found_since(0) if isinstance(one, Found)]
    assert sorted(one.key or "" for one in listed) == [one.key for one in requests]
    by_key = {one.key: one for one in listed}
    told = by_key["key-0"]
    assert (told.order, told.units, told.captured, told.refunded) == ("order-0", 1250, 400, 100)
    assert (told.state, told.lapses_at) == ("captured", None)
    held = by_key["key-1"]
    assert held.lapses_at == held.created_at + 10_000_000
    later = max(one.created_at for one in listed) + 1
    assert [one async for one in sandbox.found_since(later)] == []
    await sandbox.close()


async def test_a_ledger_that_fails_ends_the_list_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    sandbox = SandboxProvider(tmp_path / "ledger")
    why = "sandbox ledger: unable to open database file"
    assert [one async for one in sandbox.found_since(0)] == [NotSent(why)]
    assert await sandbox.check() == why


async def test_nobody_can_sign_a_notification_of_the_sandbox(sandbox: SandboxProvider) -> None:
    assert sandbox.read_notification({}, b'{"id": "1"}') is None
