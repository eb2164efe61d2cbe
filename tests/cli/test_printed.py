"""What is printed for people: no terminal obeys it, and each address can be pasted."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from tests.cli.conftest import Command
from tests.cli.office import Office
from tests.cli.test_faults import ENTREPOT

from entrepot.cli.choices import url_of
from entrepot.cli.errors import sentence_of
from entrepot.cli.explain import explain
from entrepot.cli.orders import orders
from entrepot.cli.session import OperatorError
from entrepot.store import schema
from entrepot.testing.command_line import run

# Clears the screen, and begins a line that looks like ours.
HOSTILE = "\x1b[2J\n1  x  authorise  all is well\u202e"


def test_what_senders_tell_is_escaped(office: Office) -> None:
    order = office.place({"parked": True, "error": HOSTILE})
    office.place({"error": HOSTILE, "waiting": HOSTILE})
    office.write(lambda conn: conn.execute(insert(schema.announced_orders).values(
        org=office.shop.org, text=HOSTILE, source="polinate", announced_at=1
    )))  # fmt: skip
    listed: list[tuple[Any, dict[str, Any]]] = [
        (orders, {"parked": True}), (orders, {"waiting": True}), (orders, {"announced": True}),
    ]  # fmt: skip
    for command, flags in listed:
        printed = office.types(command, **flags)
        assert printed.count("\n") == 1
        assert printed.removesuffix("\n").isprintable()
        assert "\\x1b[2J\\n1" in printed
    explained = office.types(explain, "Shop", f"#{order.number or 1}")
    assert all(line.isprintable() for line in explained.splitlines())
    assert "\\x1b[2J" in explained
    assert sentence_of(OperatorError(HOSTILE)).isprintable()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:9"), ("shop.example", "http://shop.example:9"),
        ("::1", "http://[::1]:9"), ("::", "http://[::]:9"),
        ("fe80::1%eth0", "http://[fe80::1%25eth0]:9"), ("", "http://127.0.0.1:9"),
    ],
)  # fmt: skip
def test_an_address_is_spelled_so_that_it_can_be_pasted(host: str, address: str) -> None:
    assert url_of(host, 9) == address


def test_the_commands_of_the_demo_name_an_ipv6_host_in_brackets(command: Command) -> None:
    assert "http://[::1]:9/orders" in command("demo", "--host", "::1", "--port", "9").out


def test_a_name_that_the_output_has_no_letters_for_is_escaped(tmp_path: Path) -> None:
    assert run(tmp_path, "org", "create", "Caf\u00e9 \U0001f600").code == 0
    ended = subprocess.run(
        [ENTREPOT, "org", "capture", "1", "manual"], check=False, cwd=tmp_path, timeout=60,
        env={"PATH": "/usr/bin:/bin", "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("capture of Caf\\u00e9 \\ud83d\\ude00 is manual: ")
