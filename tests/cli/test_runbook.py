"""The commands of docs/runbook.md for a stuck order, run as they stand there."""

from __future__ import annotations

import re
import shlex
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.cli.office import DOWN, Office
from tests.cli.test_orders import PARKED

from entrepot.cli.explain import explain
from entrepot.core import ids
from entrepot.store import accounts
from entrepot.testing.clients import accepted, speaking
from entrepot.testing.command_line import run
from entrepot.testing.server import Server, sqlite_url

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
# What the runbook's orders are called in this test, and its organization.
NAMES = {"#1042": "#1", "#1043": "#2", "#1044": "#3", "My shop": "Shop"}


def stuck() -> list[list[str]]:
    """The words of each command of the section, without its comment."""
    section = RUNBOOK.read_text().partition("\n## An order is stuck\n")[2].partition("\n## ")[0]
    [block] = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return [shlex.split(line, comments=True) for line in block.splitlines()]


def test_the_backup_of_the_runbook(tmp_path: Path) -> None:
    """As it stands there, beside a server that goes on."""
    section = RUNBOOK.read_text().partition("\n## Backup and upgrade\n")[2].partition("\n## ")[0]
    [command] = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    (tmp_path / "var").mkdir()
    with Server(sqlite_url(tmp_path / "var"), tmp_path) as server, speaking(server) as world:
        placed = accepted(world.synq.create(world.synq_order()))["order_id"]
        world.synq.until(placed)
        shell = command.strip().replace(".venv/bin/python", sys.executable)
        subprocess.run(["sh", "-c", shell], cwd=tmp_path, check=True)
        copy = tmp_path / "copy.db"
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        later = accepted(world.synq.create(world.synq_order()))["order_id"]
        world.synq.until(later)
        server.verify()
    of_copy = {"DATABASE_URL": f"sqlite:///{copy}"}
    assert run(tmp_path, "verify", **of_copy).code == 0
    assert run(tmp_path, "explain", placed, **of_copy).code == 0
    assert "no order is called" in run(tmp_path, "explain", later, **of_copy).sentence()


def test_other_commands_of_the_runbook_for_a_book_of_sqlite(
    tmp_path: Path, fresh_database: Callable[[str], str]
) -> None:
    """No command opens the book with the system's SQLite, which may be one that damages it."""
    (tmp_path / "var").mkdir()
    book = tmp_path / "var" / "entrepot.db"
    Path(fresh_database("sqlite").removeprefix("sqlite:///")).rename(book)
    text = RUNBOOK.read_text()
    commands = re.findall(r"^\.venv/bin/python -c .*entrepot\.db.*$", text, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        shell = command.replace(".venv/bin/python", sys.executable)
        done = subprocess.run(
            ["sh", "-c", shell], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        assert done.stdout in ("", "[]\n")
    assert run(tmp_path, "verify", DATABASE_URL=f"sqlite:///{book}").code == 0
    assert not re.search(r"^sqlite3 ", text, re.MULTILINE)


def test_the_commands_for_a_stuck_order(office: Office, tmp_path: Path) -> None:
    office.write(lambda conn: accounts.set_payment_secret(conn, office.shop.org, b"s" * 32))
    first, second, third = (office.place(PARKED | {"error": DOWN}) for _ in range(3))
    told: dict[str, str] = {}
    ended = {"explain": 0}
    for entrepot, command, *words in stuck():
        assert entrepot == "entrepot"
        done = run(
            tmp_path, command, *[NAMES.get(word, word) for word in words],
            DATABASE_URL=office.url, SANDBOX_LEDGER=str(tmp_path / "sandbox.db"),
        )  # fmt: skip
        assert not done.err, done
        told[f"{command} {'--all' if '--all' in words else ''}".strip()] = done.out
        ended[command] = done.code
    assert told["orders"].count("parked: authorise: ") == 3
    assert "resolve" in told["explain"]
    assert told["retry"] == "order #1 goes on\n"
    assert told["retry --all"] == "0 steps go on\n"
    stands = [office.told(explain, ids.dashed(one.id)) for one in (first, second, third)]
    assert [one["stage"] for one in stands] == ["placed", "cancelled", "confirmed"]
    assert [one["stands"]["payment"] for one in stands] == ["pending", "pending", "authorized"]
    # The sandbox has no money for the order that was resolved: the comparison says so.
    assert "order_without_payment" in told["reconcile"]
    assert ended == {
        "orders": 0, "explain": 0, "retry": 0, "cancel": 0, "resolve": 0, "reconcile": 1,
        "verify": 0,
    }  # fmt: skip
