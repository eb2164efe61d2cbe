"""`entrepot events`: the organization's log, for people and for programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, delete
from tests.cli.office import Office
from tests.cli.test_faults import ENTREPOT
from tests.cli.test_orders import PARKED

from entrepot.cli import events as command
from entrepot.cli.events import described, events
from entrepot.cli.session import OperatorError
from entrepot.core import ids
from entrepot.core.decide.amend import AmendOrder
from entrepot.core.order import Event, Order
from entrepot.store import schema
from entrepot.store.engines.outage import Damaged, Unavailable
from entrepot.store.keeping import archive
from entrepot.store.reading import event_log


def amended(office: Office, order: Order, notes: str) -> None:
    office.do(AmendOrder(order.org, "polinate", order.id, said={"notes": notes}))


def logged(office: Office) -> list[Event]:
    found: list[Event] = office.write(lambda conn: event_log.after(conn, office.shop.org, 0, 1_000))
    return found


def test_a_line_says_what_happened_to_what_who_did_it_and_what_changed(office: Office) -> None:
    order = office.place()
    amended(office, order, "ring twice")
    lines = office.types(events, "Shop").splitlines()
    told = logged(office)
    assert [line.split("  ")[0] for line in lines] == [str(event.number) for event in told]
    assert [event.number for event in told] == list(range(1, len(told) + 1))
    assert [line.split("  ")[2] for line in lines] == [event.type for event in told]
    assert all(f"order {ids.dashed(order.id)}" in line for line in lines)
    assert lines[0].endswith("  -  placed/pending/unassigned/none"), lines[0]
    assert lines[-1].endswith('  notes null -> "ring twice"'), lines[-1]


def test_a_line_for_programs_is_that_of_the_archive(office: Office) -> None:
    amended(office, office.place(), "ring twice")
    printed = office.types(events, "Shop", as_json=True)
    assert printed == "".join(map(archive.line, logged(office)))
    last = json.loads(printed.splitlines()[-1])
    assert (last["number"], last["subject"], last["actor"]) == (len(logged(office)), "order", "")
    assert last["body"]["changed"] == {"notes": [None, "ring twice"]}


def test_a_reader_goes_on_behind_the_last_number(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PAGE", 3)
    for _ in range(3):
        office.place()
    every = office.types(events, "Shop").splitlines()
    assert len(every) == 6
    for last in range(7):
        assert office.types(events, "Shop", after=last).splitlines() == every[last:]


def test_a_number_that_is_not_given_yet_is_refused(office: Office) -> None:
    office.place()
    with pytest.raises(OperatorError, match="has the number 2, so none comes after 3; was the"):
        events("Shop", after=3)
    with pytest.raises(OperatorError, match="0 or more"):
        events("Shop", after=-1)
    with pytest.raises(OperatorError, match="no organization"):
        events("Nobody")


def test_events_that_left_the_book_are_counted(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = office.place(), office.place()

    def leave(conn: Connection) -> None:
        conn.execute(delete(schema.events).where(schema.events.c.subject_id == first.id))

    office.write(leave)
    capsys.readouterr()
    events("Shop")
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2
    assert said.err == (
        "entrepot: 2 events before number 4 are no longer in the book; the archive has them: "
        "docs/runbook.md\n"
    )


def test_who_and_what_an_operator_took_up_again(office: Office) -> None:
    from entrepot.cli.orders import retry  # noqa: PLC0415

    order = office.place(PARKED)
    office.types(retry, "Shop", ids.dashed(order.id))
    [line] = office.types(events, "Shop", after=3).splitlines()
    assert "order.resumed" in line
    assert "  operator:retry  " in line


def test_what_does_not_print_is_escaped() -> None:
    body = '{"facets":[],"changed":{"notes":[null,"a\\u001b[2J\\u009b\\nb"]}}'
    event = Event(1, b"\x01" * 16, 1, "order.amended", 0, "synq", body, "order", "key:x", 7)
    assert described(event).endswith('  key:x  notes null -> "a\\u001b[2J\\x9b\\nb"')
    assert described(event._replace(body="{")).endswith("  key:x  {")


@pytest.fixture
def following(office: Office) -> Iterator[subprocess.Popen[str]]:
    """`entrepot events Shop --follow --json` in a process of its own."""
    env = {"PATH": "/usr/bin:/bin", "ENTREPOT_DATABASE_URL": os.environ["ENTREPOT_DATABASE_URL"]}
    assert office.shop
    with subprocess.Popen(
        [ENTREPOT, "events", "shop", "--follow", "--json"], env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        yield process
        process.kill()


def test_new_events_are_followed_until_it_is_stopped(
    office: Office, following: subprocess.Popen[str]
) -> None:
    assert following.stdout is not None
    for at in range(2):
        order = office.place()
        told = [json.loads(following.stdout.readline()) for _ in range(2)]
        assert [one["number"] for one in told] == [2 * at + 1, 2 * at + 2]
        assert {one["order_id"] for one in told} == {ids.dashed(order.id)}
    following.send_signal(signal.SIGINT)
    assert following.wait(30) in (-signal.SIGINT, 130)
    assert following.stderr is not None
    assert following.stderr.read() == ""


class Log:
    """A log whose pages come one by one; an error in place of a page is raised."""

    def __init__(self, *pages: list[Event] | Exception) -> None:
        self._pages = iter(pages)

    async def read(self, _look: Any) -> list[Event]:
        page = next(self._pages)
        if isinstance(page, Exception):
            raise page
        return page


async def test_a_follower_goes_on_when_the_database_is_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def event(number: int) -> Event:
        return Event(1, b"\x01" * 16, number, "order.moved", 0, "synq", "{}", "order", "", number)

    monkeypatch.setattr(command, "PAGE", 1)
    away = Unavailable("Connection refused")
    log: Any = Log([event(1)], away, away, [event(2)], away, [event(3)], [], Damaged("a page"))
    reader = command._Reader(log, 1, 0, as_json=True)
    for _ in range(4):
        await reader.print_new_unless_away()
    with pytest.raises(Damaged):
        await reader.print_new_unless_away()
    told = capsys.readouterr()
    assert [json.loads(line)["number"] for line in told.out.splitlines()] == [1, 2, 3]
    assert told.err.splitlines() == [
        "entrepot: Connection refused; events are asked for until the database is back",
        "entrepot: the database is back",
    ]


def test_numbers_are_printed_with_the_digits_that_they_have() -> None:
    body = '{"facets":[],"changed":{"lines":{"x":{"quantity":[2,9999999999999.9999]}}}}'
    event = Event(1, b"\x01" * 16, 1, "order.amended", 0, "synq", body, "order", "key:x", 7)
    assert described(event).endswith("  lines.x.quantity 2 -> 9999999999999.9999")
