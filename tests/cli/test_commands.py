"""The command line on a real book: what an operator types, and what comes back."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from entrepot.store.engines import sqlite
from entrepot.testing.command_line import run_in

ENTREPOT = Path(sys.executable).with_name("entrepot")


class Operator:
    """Somebody at a shell, with a book of their own."""

    def __init__(self, folder: Path) -> None:
        self.book = folder / "book.db"
        self.env = {
            "ENTREPOT_DATABASE_URL": f"sqlite:///{self.book}",
            "ENTREPOT_SANDBOX_LEDGER": str(folder / "sandbox.db"),
        }

    def types(self, *words: str, fails: bool = False) -> str:
        done = run_in(self.book.parent, self.env, *words)
        assert (done.code != 0) is fails, done.err
        return done.err if fails else done.out

    def told(self, *words: str) -> Any:
        return json.loads(self.types(*words, "--json"))


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def test_the_demo_is_made_once_and_keeps_its_secrets_to_its_owner(operator: Operator) -> None:
    first, again = operator.told("demo"), operator.told("demo")
    assert first == again
    assert len(first["variants"]) >= 5
    assert {one["on_hand"] for one in first["variants"]} == {1_000_000}
    assert set(first) == {"synq", "polinate", "konvo", "native", "variants"}
    file = Path(f"{operator.book}.demo.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert first["synq"]["token"].encode() not in operator.book.read_bytes()


def test_a_lost_secrets_file_gives_new_credentials_to_the_same_organization(
    operator: Operator,
) -> None:
    first = operator.told("demo")
    Path(f"{operator.book}.demo.json").unlink()
    again = operator.told("demo")
    assert again["synq"]["org_id"] == first["synq"]["org_id"]
    assert again["synq"]["token"] != first["synq"]["token"]
    assert again["variants"] == first["variants"]


def test_organizations_are_made_and_listed(operator: Operator) -> None:
    made = operator.told("org", "create", "Acme")
    tenant = made["synq"]["tenant_id"]
    operator.told("org", "create", "Beta", "--tenant", tenant)
    listed = operator.told("org", "list")
    assert [one["name"] for one in listed] == ["Acme", "Beta"]
    assert {one["tenant_id"] for one in listed} == {tenant}
    operator.types("org", "source", "Acme", "--url", "http://127.0.0.1:9/{orderId}")
    assert operator.told("org", "list")[0]["order_source"] == "http://127.0.0.1:9/{orderId}"
    operator.types("org", "source", "Acme")
    assert operator.told("org", "list")[0]["order_source"] is None
    operator.types("org", "allocation", "Beta", "SOFT")
    assert operator.told("org", "list")[1]["allocation"] == "SOFT"


def test_an_organization_takes_its_money_when_it_says(operator: Operator) -> None:
    operator.told("org", "create", "Acme")
    for when in ("shipment", "shipment", "confirmation", "manual"):
        assert f"capture of Acme is {when}: " in operator.types("org", "capture", "acme", when)


def test_an_organization_says_what_is_done_before_a_hold_lapses(operator: Operator) -> None:
    operator.told("org", "create", "Acme")
    for rule in ("release", "capture", "alarm"):
        assert f"lapsing of Acme is {rule}: " in operator.types("org", "lapsing", "acme", rule)


def test_an_organization_says_when_its_orders_get_invoices(operator: Operator) -> None:
    operator.told("org", "create", "Acme")
    for when in ("confirmation", "shipment", "never"):
        assert f"invoices of Acme: {when}. " in operator.types("org", "invoices", "acme", when)


def test_an_organization_says_whether_its_orders_are_merged(operator: Operator) -> None:
    operator.told("org", "create", "Acme")
    for rule in ("same_day", "never"):
        told = operator.types("org", "merging", "acme", rule)
        assert f"merging of orders of Acme: {rule}. " in told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("org", "create", "Acme"), "already"),
        (("org", "create", "New", "--tenant", "x"), "UUID"),
        (("org", "source", "Nobody", "--url", "http://x/{orderId}"), "Nobody"),
        (("org", "source", "Acme", "--url", "ftp://x/{orderId}"), "http"),
        (("org", "source", "Acme", "--url", "http://x/"), "orderId"),
        (("org", "source", "Acme", "--url", "http://x/{orderId}", "--header", "x"), "Name: value"),
        (("key", "create", "--org", "Nobody", "--dialect", "synq"), "Nobody"),
        (("key", "revoke", "unknown"), "no such"),
        (("retry", "Acme", "ord_0"), "no order"),
        (("serve", "--workers", "2"), "SQLite"),
    ],
)
def test_a_fault_of_the_operator_is_one_clear_sentence(
    operator: Operator, words: tuple[str, ...], says: str
) -> None:
    operator.told("org", "create", "Acme")
    error = operator.types(*words, fails=True)
    assert says in error
    assert "Traceback" not in error


def test_a_credential_is_revoked_by_itself_or_not_at_all(operator: Operator) -> None:
    operator.told("org", "create", "Acme")
    key = operator.told("key", "create", "--org", "Acme", "--dialect", "konvo")["token"]
    operator.types("key", "revoke", key)
    operator.types("key", "revoke", key, fails=True)
    lost = operator.told("key", "create", "--org", "Acme", "--dialect", "synq")
    operator.types("key", "revoke", lost["id"])
    operator.types("key", "revoke", lost["token"], fails=True)


def test_migrating_and_verifying_an_empty_book(operator: Operator) -> None:
    assert "schema at" in operator.types("migrate")
    assert operator.told("verify")["ok"] is True


def test_processes_that_start_at_once_make_one_schema(
    operator: Operator, empty_database_url: str
) -> None:
    operator.env["ENTREPOT_DATABASE_URL"] = empty_database_url
    started = [
        subprocess.Popen(
            [str(ENTREPOT), "migrate"], env=operator.env, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    told = {process.communicate(timeout=60)[0] for process in started}
    assert [process.returncode for process in started] == [0] * 4
    assert len(told) == 1
    assert operator.told("verify")["ok"] is True


def test_an_old_sqlite_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite.sqlite_driver, "sqlite_version_info", (3, 51, 2))
    with pytest.raises(RuntimeError, match=r"3\.51\.3"):
        sqlite.SqliteDatabase(":memory:")
