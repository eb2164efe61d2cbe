"""The sandbox does what each payment reference says, once for each key, and forgets nothing."""

import asyncio
import signal
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite3
from tests.providers.conftest import KEY, ORDER, View, another_writer, request_of, void_of

from entrepot.providers.payment import (
    Absent,
    Authorised,
    Declined,
    Misconfigured,
    NotSent,
    PaymentProvider,
    PaymentRequest,
    Pending,
    Unknown,
    Voided,
)
from entrepot.providers.sandbox import SandboxProvider
from entrepot.providers.sandbox_ledger import Ledger

HELD = f"sandbox-{KEY}"
PROCESS_SECONDS_MAX = 60

Start = Callable[[int], subprocess.Popen[str]]


def test_it_is_a_payment_provider(path: Path) -> None:
    provider: PaymentProvider = SandboxProvider(path, name="stripe")
    assert isinstance(provider, PaymentProvider)
    assert provider.name == "stripe"


# reference, the kinds of answer to four calls in a row, what a look-up then says
EFFECT_OF = {Authorised: ["authorise"], Declined: ["decline"], Pending: [], Absent: []}
BEHAVIOURS = [
    ("card", [Authorised] * 4, Authorised),
    ("", [Authorised] * 4, Authorised),
    ("declined-card", [Declined] * 4, Declined),
    ("flaky-0", [Authorised] * 4, Authorised),
    ("flaky-2", [NotSent, NotSent, Authorised, Authorised], Authorised),
    ("flaky-3-buyer", [NotSent, NotSent, NotSent, Authorised], Authorised),
    ("flaky-9", [NotSent] * 4, Absent),
    ("flaky-", [Authorised] * 4, Authorised),
    ("unknown-0", [Authorised] * 4, Authorised),
    ("unknown-1", [Unknown, Authorised, Authorised, Authorised], Authorised),
    ("unknown-9x", [Unknown] * 4, Authorised),
    ("slow-1", [Authorised] * 4, Authorised),
    ("pending-bank", [Pending] * 4, Pending),
    ("Declined", [Authorised] * 4, Authorised),
    ("flaky-\u0663", [Authorised] * 4, Authorised),
]


@pytest.mark.parametrize(("reference", "answers", "then"), BEHAVIOURS)
async def test_the_reference_decides(
    sandbox: SandboxProvider, view: View, reference: str, answers: list[type], then: type
) -> None:
    assert await sandbox.look_up(request_of()) == Absent()
    given = [await sandbox.authorise(request_of(reference)) for _ in answers]
    assert [type(answer) for answer in given] == answers
    assert type(await sandbox.look_up(request_of())) is then
    assert view.effects() == EFFECT_OF[then]
    held = {answer.provider_reference for answer in given if isinstance(answer, Authorised)}
    assert held <= {HELD}
    assert sandbox.live_authorisations() == ([(ORDER, 1)] if then is Authorised else [])
    assert view.rows("SELECT calls FROM payments") == [(4,)]


async def test_the_ledger_row_says_what_was_asked_for(sandbox: SandboxProvider, view: View) -> None:
    await sandbox.authorise(request_of())
    columns = "key, order_ref, reference, units, scale, currency, state, calls"
    assert view.rows(f"SELECT {columns} FROM payments") == [
        (KEY, ORDER, "card", 1250, 2, "EUR", "authorised", 1)
    ]
    recorded = "SELECT key, order_ref, effect, units, scale, currency FROM operations"
    assert view.rows(recorded) == [(KEY, ORDER, "authorise", 1250, 2, "EUR")]


async def test_a_cancelled_slow_call_has_moved_its_money(sandbox: SandboxProvider) -> None:
    call = asyncio.create_task(sandbox.authorise(request_of("slow-60000")))
    # The other call is answered by the same transaction or a later one.
    await sandbox.authorise(request_of(key=str(uuid.uuid4()), order="later"))
    assert not call.done()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert sandbox.live_authorisations() == [(ORDER, 1), ("later", 1)]


@pytest.mark.parametrize(
    ("reference", "seconds"), [("slow-250", 0.25), ("slow-60001", 60.0), ("slow-999999999", 60.0)]
)
async def test_slow_waits_as_long_as_it_says_up_to_a_minute(
    sandbox: SandboxProvider, monkeypatch: pytest.MonkeyPatch, reference: str, seconds: float
) -> None:
    waited: list[float] = []

    async def note(delay: float) -> None:
        waited.append(delay)

    monkeypatch.setattr("entrepot.providers.sandbox.asyncio.sleep", note)
    assert type(await sandbox.authorise(request_of(reference))) is Authorised
    assert max(waited) == seconds


CHANGES = {"units": 1251, "scale": 3, "currency": "USD", "reference": "declined", "order": "2"}


@pytest.mark.parametrize(("field", "value"), CHANGES.items())
@pytest.mark.parametrize("reference", ["card", "flaky-1", "pending"])
async def test_a_key_with_other_content_is_refused_and_has_no_effect(
    sandbox: SandboxProvider, reference: str, field: str, value: object, view: View
) -> None:
    await sandbox.authorise(request_of(reference))
    before = view.rows("SELECT * FROM payments"), view.effects()
    other = replace(request_of(reference), **{field: value})  # type: ignore[arg-type]
    assert type(await sandbox.authorise(other)) is Misconfigured
    assert type(await sandbox.void(void_of(other))) is Misconfigured
    assert (view.rows("SELECT * FROM payments"), view.effects()) == before


BAD_NUMBERS = [("units", -1), ("units", 2**63), ("scale", -1)]
BAD_KEYS = [("key", ""), ("key", "k" * 65), ("key", "\ud800")]
BAD_TEXTS = [("reference", "card\udfff"), ("currency", "EU\0"), ("order", "\0")]


@pytest.mark.parametrize(("field", "value"), [*BAD_NUMBERS, *BAD_KEYS, *BAD_TEXTS])
async def test_what_the_ledger_cannot_keep_is_refused_alone(
    sandbox: SandboxProvider, field: str, value: object
) -> None:
    bad = replace(request_of(), **{field: value})  # type: ignore[arg-type]
    good = request_of(key=str(uuid.uuid4()))
    answers = await asyncio.gather(
        sandbox.authorise(bad), sandbox.void(void_of(bad)), sandbox.authorise(good)
    )
    assert [type(answer) for answer in answers] == [Misconfigured, Misconfigured, Authorised]
    assert await sandbox.look_up(bad) == Absent()


# calls before the void, the reference, effects afterwards
VOIDS = [
    (0, "card", ["void"]),
    (1, "card", ["authorise", "void"]),
    (1, "unknown-5", ["authorise", "void"]),
    (0, "declined", ["void"]),
    (1, "declined", ["decline"]),
    (1, "flaky-1", ["void"]),
    (1, "pending", ["void"]),
]


@pytest.mark.parametrize(("calls", "reference", "effects"), VOIDS)
async def test_a_void_succeeds_again_and_again_and_is_for_good(
    sandbox: SandboxProvider, view: View, calls: int, reference: str, effects: list[str]
) -> None:
    for _ in range(calls):
        await sandbox.authorise(request_of(reference))
    voided = Voided(HELD if "authorise" in effects else None)
    assert await sandbox.void(void_of(request_of(reference))) == voided
    assert await sandbox.void(void_of(request_of(reference))) == voided
    expected = Declined if effects == ["decline"] else Voided
    assert type(await sandbox.look_up(request_of())) is expected
    for _ in range(3):
        assert type(await sandbox.authorise(request_of(reference))) is Declined
    assert sandbox.notify(reference, "authorised") == 0
    assert sandbox.live_authorisations() == []
    assert view.effects() == effects


@pytest.mark.parametrize(
    ("outcome", "answer", "effect"),
    [("authorised", Authorised, "authorise"), ("declined", Declined, "decline")],
)
async def test_a_notification_settles_what_is_pending_under_its_reference(
    sandbox: SandboxProvider, outcome: str, answer: type, effect: str, view: View
) -> None:
    other = request_of("pending-b", key=str(uuid.uuid4()))
    await sandbox.authorise(request_of("pending-a"))
    await sandbox.authorise(other)
    assert sandbox.notify("pending-a", outcome) == 1  # type: ignore[arg-type]
    assert sandbox.notify("pending-a", outcome) == 0  # type: ignore[arg-type]
    assert type(await sandbox.look_up(request_of())) is answer
    assert await sandbox.authorise(request_of("pending-a")) == await sandbox.look_up(request_of())
    assert type(await sandbox.look_up(other)) is Pending
    assert view.effects() == ["notify", effect]


async def test_a_notification_of_something_else_is_refused(sandbox: SandboxProvider) -> None:
    with pytest.raises(ValueError, match="voided"):
        sandbox.notify("pending", "voided")  # type: ignore[arg-type]
    assert sandbox.notify("nobody", "declined") == 0
    assert sandbox.notify("\ud800", "declined") == 0


async def test_live_authorisations_are_counted_by_order(sandbox: SandboxProvider) -> None:
    keys = [str(uuid.uuid4()) for _ in range(4)]
    orders = ["b", "a", "b", "c"]
    for key, order in zip(keys, orders, strict=True):
        await sandbox.authorise(request_of(key=key, order=order))
    await sandbox.void(void_of(request_of(key=keys[3], order="c")))
    assert sandbox.live_authorisations() == [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    ("reference", "kind", "count"), [("card", Authorised, 200), ("unknown-7", Unknown, 7)]
)
async def test_two_hundred_calls_at_once_with_one_key_have_one_effect(
    sandbox: SandboxProvider, reference: str, kind: type, count: int, view: View
) -> None:
    answers = await asyncio.gather(*(sandbox.authorise(request_of(reference)) for _ in range(200)))
    assert sum(isinstance(answer, kind) for answer in answers) == count
    assert view.effects() == ["authorise"]
    assert view.rows("SELECT calls FROM payments") == [(200,)]


async def test_calls_that_arrive_together_share_a_commit(
    sandbox: SandboxProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = 0
    commit = Ledger.commit

    def counted(ledger: Ledger) -> None:
        nonlocal commits
        commits += 1
        commit(ledger)

    monkeypatch.setattr(Ledger, "commit", counted)
    calls = (sandbox.authorise(request_of(key=str(uuid.uuid4()))) for _ in range(600))
    assert all(isinstance(answer, Authorised) for answer in await asyncio.gather(*calls))
    assert commits == 2  # the bound of a batch is 512


async def test_counters_outlive_a_restart(path: Path, view: View) -> None:
    other = request_of("unknown-2", key=str(uuid.uuid4()))
    given = []
    for _ in range(4):
        provider = SandboxProvider(path)
        answers = await provider.authorise(request_of("flaky-2")), await provider.authorise(other)
        given.append((type(answers[0]), type(answers[1])))
        await provider.close()
    assert given == [(NotSent, Unknown)] * 2 + [(Authorised, Authorised)] * 2
    assert view.effects() == ["authorise", "authorise"]  # one for each key


async def test_closing_twice_is_fine_and_answers_what_waits(path: Path, view: View) -> None:
    provider = SandboxProvider(path)
    call = asyncio.create_task(provider.authorise(request_of()))
    await asyncio.sleep(0)
    await provider.close()
    assert type(call.result()) is Authorised
    await provider.close()
    assert type(await provider.authorise(request_of())) is NotSent
    assert type(await provider.look_up(request_of())) is NotSent
    assert view.effects() == ["authorise"]


async def test_two_providers_on_one_file_are_one_service(
    sandbox: SandboxProvider, path: Path, view: View
) -> None:
    second = SandboxProvider(path, name="adyen")
    assert type(await sandbox.authorise(request_of("flaky-1"))) is NotSent
    assert type(await second.authorise(request_of("flaky-1"))) is Authorised
    keys = [str(uuid.uuid4()) for _ in range(100)]
    answers = await asyncio.gather(
        *(which.authorise(request_of(key=key)) for key in keys for which in (sandbox, second))
    )
    assert answers[0::2] == answers[1::2]
    assert view.effects() == ["authorise"] * 101
    await second.void(void_of(request_of("flaky-1")))
    assert type(await sandbox.look_up(request_of())) is Voided
    await second.close()


async def test_another_writer_delays_the_answer_but_not_the_event_loop(
    sandbox: SandboxProvider, path: Path
) -> None:
    await sandbox.authorise(request_of(key=str(uuid.uuid4())))
    with another_writer(path):
        call = asyncio.create_task(sandbox.authorise(request_of()))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not call.done()
        assert await sandbox.look_up(request_of()) == Absent()
    assert type(await call) is Authorised


async def test_a_writer_that_stays_is_answered_with_not_sent(path: Path) -> None:
    provider = SandboxProvider(path, lock_wait_seconds=0.05)
    await provider.authorise(request_of(key=str(uuid.uuid4())))
    with another_writer(path):
        assert type(await provider.authorise(request_of())) is NotSent
        assert type(await provider.void(void_of(request_of()))) is NotSent
        with pytest.raises(sqlite3.OperationalError):
            provider.notify("pending", "declined")
    assert await provider.look_up(request_of()) == Absent()
    assert type(await provider.authorise(request_of())) is Authorised
    await provider.close()


async def test_a_caller_who_left_before_the_transaction_has_no_effect(
    sandbox: SandboxProvider, view: View
) -> None:
    leaver = asyncio.create_task(sandbox.authorise(request_of()))
    await asyncio.sleep(0)
    leaver.cancel()
    await asyncio.gather(leaver, return_exceptions=True)
    stayer = request_of(key=str(uuid.uuid4()))
    assert type(await sandbox.authorise(stayer)) is Authorised
    assert view.rows("SELECT key FROM payments") == [(stayer.key,)]


async def test_every_answer_given_before_a_kill_is_in_the_ledger(
    path: Path, start_load: Start, view: View
) -> None:
    answered: dict[str, str] = {}
    for lines_before_kill in (1, 40, 150):
        with start_load(1_000_000) as child:
            assert child.stdout is not None
            lines = [child.stdout.readline() for _ in range(lines_before_kill)]
            child.send_signal(signal.SIGKILL)
            lines += child.stdout.readlines()
            assert child.wait(PROCESS_SECONDS_MAX) == -signal.SIGKILL
        answered |= dict(line.split() for line in lines if line.endswith("\n"))
        assert len(answered) >= lines_before_kill
        kept = set(view.rows("SELECT key, provider_reference FROM payments"))
        assert kept.issuperset(answered.items())
    provider = SandboxProvider(path)
    for key, held in answered.items():
        resend = PaymentRequest(key, f"order-{key}", "card", 1250, 2, "EUR")
        assert await provider.authorise(resend) == Authorised(held)
    assert all(count == 1 for _, count in provider.live_authorisations())
    [(authorised, keys)] = view.rows("SELECT count(*), count(DISTINCT key) FROM operations")
    assert authorised == keys
    assert view.rows("PRAGMA integrity_check") == [("ok",)]
    await provider.close()


def test_processes_that_start_together_share_the_ledger(start_load: Start, view: View) -> None:
    children = [start_load(200) for _ in range(3)]
    told = [child.communicate(timeout=PROCESS_SECONDS_MAX)[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    assert [len(lines.splitlines()) for lines in told] == [200] * 3
    assert view.effects() == ["authorise"] * 200
    assert view.rows("SELECT DISTINCT calls FROM payments") == [(3,)]
