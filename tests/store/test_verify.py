"""Every invariant: a healthy book keeps all of them, and each break is reported as what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select
from sqlalchemy.engine import make_url
from tests.store.altered_book import Book, loosen
from tests.store.verify_book import START, key_of, operation_key
from tests.store.verify_breaks import BREAKS as BREAKS_OF_ROWS
from tests.store.verify_breaks import Break
from tests.store.verify_breaks_accounts import BREAKS_OF_ACCOUNTS
from tests.store.verify_breaks_catalogue import BREAKS_OF_CATALOGUE
from tests.store.verify_breaks_contacts import BREAKS_OF_CONTACTS
from tests.store.verify_breaks_goods import BREAKS_OF_GOODS
from tests.store.verify_breaks_invoices import BREAKS_OF_INVOICES
from tests.store.verify_breaks_merging import BREAKS_OF_MERGING
from tests.store.verify_breaks_numbers import BREAKS_OF_NUMBERS
from tests.store.verify_breaks_partners import BREAKS_OF_PARTNERS
from tests.store.verify_breaks_payments import BREAKS_OF_PAYMENTS
from tests.store.verify_breaks_price_lists import BREAKS_OF_PRICE_LISTS
from tests.store.verify_breaks_products import BREAKS_OF_PRODUCTS
from tests.store.verify_breaks_taxonomy import BREAKS_OF_TAXONOMY
from tests.store.verify_breaks_values import BREAKS_OF_VALUES, UNKNOWN_VALUES
from tests.store.verify_breaks_within import BREAKS_WITHIN

from entrepot.cli import verify as command
from entrepot.cli.session import OperatorError
from entrepot.core.ids import dashed
from entrepot.core.payment_keys import operation_key as further_key
from entrepot.providers.sandbox_ledger import Ledger
from entrepot.store import schema
from entrepot.store.verify import (
    INVARIANTS,
    Hold,
    Horizons,
    ProviderLedger,
    parents,
    verify,
)
from entrepot.store.verify.asking import Asking
from entrepot.store.verify.damage import check_damage
from entrepot.store.verify.parents import REFERENCES, Reference
from entrepot.store.verify.report import WITNESSES_MAX, Findings
from entrepot.store.verify.walk import rows_of

BREAKS = (
    *BREAKS_OF_ROWS, *BREAKS_OF_PAYMENTS, *BREAKS_OF_GOODS, *BREAKS_OF_NUMBERS, *BREAKS_WITHIN,
    *BREAKS_OF_CONTACTS, *BREAKS_OF_PRODUCTS, *BREAKS_OF_TAXONOMY, *BREAKS_OF_PARTNERS,
    *BREAKS_OF_INVOICES, *BREAKS_OF_PRICE_LISTS, *BREAKS_OF_CATALOGUE,
    *BREAKS_OF_MERGING, *BREAKS_OF_ACCOUNTS, *BREAKS_OF_VALUES,
)  # fmt: skip
CHECKS_OF_PARENTS = tuple(parents.checks())
DOCS = Path(__file__).parents[2] / "docs" / "verify.md"
YEAR = 365 * 86_400 * 1_000_000


@pytest.fixture(scope="module")
def book(module_database_url: str) -> Iterator[Book]:
    made = Book(module_database_url)
    yield made
    made.close()


def test_a_healthy_book_keeps_every_invariant(book: Book) -> None:
    report = book.see(lambda conn: verify(conn, operation_key=operation_key))
    assert report.violations == []
    assert report.ok
    # Every table has rows, so that no check was clean for want of something to look at.
    assert all(report.checked.values()), report.checked
    assert len(report.checked) == len(schema.metadata.tables) - 1


def _named(one: Break) -> str:
    return f"{one.invariant}: {one.name}"


@pytest.mark.parametrize("one", BREAKS, ids=_named)
def test_a_break_is_reported_as_what_it_is(book: Book, one: Break) -> None:
    report = book.broken(*one.statements, loosened=one.loosened)
    found = {violation.invariant: violation for violation in report.violations}
    # A table without its constraints is no longer that of the schema, and SQLite has to be asked
    # for what the constraints would have kept out.
    loosened = {"SCHEMA", *({"DAMAGE"} & found.keys())} if one.loosened else set()
    assert set(found) == {one.invariant, *one.also, *loosened}
    witnesses = found[one.invariant].witnesses
    assert found[one.invariant].statement == INVARIANTS[one.invariant]
    assert found[one.invariant].count == len(witnesses) > 0
    assert any(book.shown(one.witness) in map(str, w.values()) for w in witnesses), witnesses
    assert not report.ok
    json.dumps(witnesses)


@pytest.mark.parametrize(("table", "column", "change"), UNKNOWN_VALUES)
def test_a_value_that_is_none_of_its_list_is_named(
    book: Book, table: str, column: str, change: str
) -> None:
    def look(conn: Connection) -> list[dict[str, Any]]:
        asking = Asking(conn, Findings())
        check_damage(asking)
        return [one for found in asking.findings.violations() for one in found.witnesses]

    def broken(conn: Connection) -> list[dict[str, Any]]:
        assert look(conn) == []
        book.do(conn, f"UPDATE {table} SET {change}")
        return look(conn)

    told = book.see(broken)
    assert told
    assert {(one["table"], one["unknown_value"]) for one in told} == {(table, column)}
    assert "org" in told[0]


def _spelled(reference: Reference) -> str:
    return f"{reference.child.name}.{'.'.join(reference.columns)}"


@pytest.mark.parametrize("reference", REFERENCES, ids=_spelled)
def test_every_reference_is_followed(book: Book, reference: Reference) -> None:
    table, column = reference.child.name, reference.columns[-1]
    if (
        column == "id" and len(reference.columns) > 2
    ):  # the row itself: it is the entry beside it that is mistaken
        column = "entry_id"
    nowhere = "99" if column in ("org", "number") else ":nowhere"
    check = CHECKS_OF_PARENTS[REFERENCES.index(reference)]

    def dangling(conn: Connection) -> tuple[list[Any], list[Any]]:
        before = list(conn.execute(check.broken))
        loosen(conn, table)
        book.do(conn, f"UPDATE {table} SET {column} = {nowhere} WHERE {column} IS NOT NULL")
        return before, [row._mapping for row in conn.execute(check.broken)]

    before, found = book.see(dangling)
    assert (before, check.invariant) == ([], "OWN_ORGANIZATION")
    said = f"{', '.join(reference.columns)} -> {reference.parent.name}"
    assert {(row["table"], row["dangling"]) for row in found} == {(table, said)}
    assert not {"value", "digest"} & set(found[0]), "a witness tells no secret"


def test_two_operations_of_one_key_are_seen_without_the_secret(book: Book) -> None:
    report = book.broken("UPDATE payment_operations SET key = 'same'", operation_key=None)
    assert [v.invariant for v in report.violations] == ["OPERATION_KEYS"]
    assert report.violations[0].witnesses[0]["key"] == "same"


def test_a_late_job_is_a_violation_only_when_a_bound_is_asked_for(book: Book) -> None:
    assert book.broken("UPDATE jobs SET run_at = run_at - 1", operation_key=None).ok
    report = book.broken("UPDATE jobs SET leased_until = 0", overdue_before=START + YEAR)
    assert [v.invariant for v in report.violations] == ["HAS_A_JOB"]
    held = book.broken(
        f"UPDATE jobs SET leased_until = {START + 2 * YEAR}", overdue_before=START + YEAR
    )
    assert held.ok
    assert book.broken("UPDATE jobs SET tries = 0", overdue_before=START).ok


def test_holds_past_their_end_are_named_where_a_bound_is_asked_for(book: Book) -> None:
    late = f"UPDATE reservations SET held_until = {START} WHERE state = 'held'"
    held = f"UPDATE reservations SET held_until = {START + 2 * YEAR} WHERE state = 'held'"
    bounds: dict[str, Any] = {"overdue_before": START + 1, "now": START + YEAR}
    report = book.broken(late, **bounds)
    assert [v.invariant for v in report.violations] == ["HOLDS"]
    assert report.violations[0].witnesses[0]["held_until"] == START
    assert book.broken(held, **bounds).ok
    assert book.broken(late, overdue_before=START + 1).ok


def test_a_job_put_off_for_longer_than_any_policy_does_is_named(book: Book) -> None:
    held = f"UPDATE reservations SET held_until = {START + 9 * YEAR}"
    hour = 3_600_000_000
    bounds: dict[str, Any] = {"overdue_before": START - 1, "now": START}
    for state, ahead, ok in (("due", hour + 1, False), ("due", hour, True), ("parked", YEAR, True)):
        put_off = f"UPDATE jobs SET run_at = {START + ahead} WHERE state = '{state}'"
        rest = f"UPDATE jobs SET run_at = {START} WHERE state <> '{state}'"
        assert book.broken(held, rest, put_off, **bounds).ok is ok, (state, ahead)


def test_a_job_too_far_ahead_is_a_violation_where_a_horizon_is_given(book: Book) -> None:
    horizons = Horizons(START + YEAR, START + YEAR)
    assert book.broken("UPDATE jobs SET tries = 0", horizons=horizons).ok
    for column in ("run_at", "leased_until"):
        ahead = f"UPDATE jobs SET {column} = {START + 10 * YEAR} WHERE order_id = :authorising"
        report = book.broken(ahead, horizons=horizons)
        assert [v.invariant for v in report.violations] == ["JOBS"]
        assert report.violations[0].witnesses[0]["order_id"] == book.shown("authorising")
        assert book.broken(ahead).ok, "without a horizon nobody knows"


def test_all_are_counted_and_twenty_are_shown(book: Book) -> None:
    broken = book.broken("UPDATE orders SET updated_at = created_at - 1").violations
    [found] = [violation for violation in broken if violation.invariant == "TIMES_IN_ORDER"]
    orders = book.see(lambda conn: len(conn.execute(select(schema.orders.c.id)).all()))
    assert found.count == orders > WITNESSES_MAX
    assert len(found.witnesses) == WITNESSES_MAX


@pytest.mark.parametrize("page", [1, 2, 7])
def test_a_table_is_read_whole_whatever_the_page(book: Book, page: int) -> None:
    def whole(conn: Connection, table: Table) -> list[Any]:
        return list(conn.execute(select(table).order_by(*table.primary_key.columns)))

    def paged(conn: Connection, table: Table) -> list[Any]:
        return list(rows_of(lambda one: conn.execute(one).all(), table, page))

    for table in schema.metadata.sorted_tables:
        expected = book.see(partial(whole, table=table))
        found = book.see(partial(paged, table=table))
        assert found == expected, table.name


# --- a provider's ledger

LIVE = (
    "confirmed", "shipped", "completed", "voiding", "parked_void", "ahead", "ahead_gone",
    "turned_down", "parts", "back", "all_back", "arrived", "lost",
    "held_back", "released", "asked", "not_taken", "received",
)  # fmt: skip
# Of the second organization: the orders, and which of their payments hold money.
LIVE_TOO = {
    "oversold": (1,), "adding": (1,), "added": (1, 2), "not_added": (1,), "added_back": (1,),
    "renewing": (1,), "letting_go": (1, 2), "renewed": (2,), "not_renewed": (1,),
}  # fmt: skip


def _holds(book: Book) -> list[Hold]:
    holds = [Hold(dashed(book.ids[n]), key_of(1, book.ids[n], 1)) for n in LIVE]
    return [*holds, *[_hold(book, n, one) for n, numbers in LIVE_TOO.items() for one in numbers]]


def _hold(book: Book, name: str, number: int) -> Hold:
    order_id = book.ids[name]
    first = key_of(2, order_id, 1)
    key = first if number == 1 else further_key(first, 2, order_id, "authorise", number)
    return Hold(dashed(order_id), key)


def _against(book: Book, holds: list[Hold], read_at: int = START + YEAR) -> list[dict[str, Any]]:
    report = book.broken(
        "UPDATE payments SET number = number", ledger=ProviderLedger("sandbox", read_at, holds)
    )
    assert {v.invariant for v in report.violations} <= {"PROVIDER_LEDGER"}
    return report.violations[0].witnesses if report.violations else []


def test_a_ledger_that_agrees_is_clean(book: Book) -> None:
    assert _against(book, _holds(book)) == []


def test_two_holds_for_one_payment_are_seen(book: Book) -> None:
    another = Hold(dashed(book.ids["confirmed"]), "another-key")
    [witness] = _against(book, [*_holds(book), another])
    assert witness["fault"] == "held there, no payment here"
    twice = Hold(dashed(book.ids["confirmed"]), key_of(1, book.ids["confirmed"], 1))
    [witness] = _against(book, [*_holds(book), twice])
    assert (witness["order"], witness["held_twice"]) == twice


def test_a_hold_for_another_order_is_seen(book: Book) -> None:
    wrong = Hold(dashed(book.ids["placed"]), key_of(1, book.ids["confirmed"], 1))
    [witness] = _against(book, [wrong, *_holds(book)[1:]])
    assert witness["order"] == dashed(book.ids["confirmed"])
    assert witness["fault"] == f"held for {dashed(book.ids['placed'])}"


def test_what_is_held_on_one_side_only_is_seen_unless_it_was_just_settled(book: Book) -> None:
    given_up = Hold(dashed(book.ids["cancelled"]), key_of(1, book.ids["cancelled"], 1))
    [witness] = _against(book, [*_holds(book), given_up])
    assert witness["fault"] == "given up here, held there"
    [witness] = _against(book, _holds(book)[1:])
    assert witness["fault"] == "authorised here, not held there"
    assert _against(book, [*_holds(book)[1:], given_up], read_at=START) == []


# --- the command


@pytest.fixture
def operator(book: Book, monkeypatch: pytest.MonkeyPatch) -> Book:
    monkeypatch.setenv("ENTREPOT_DATABASE_URL", book.url)
    return book


def _said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    said: dict[str, Any] = json.loads(out)
    return said


def test_the_command_ends_with_1_and_names_what_is_broken(
    operator: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    # The book's keys were made by the tests, not from its install secret.
    with pytest.raises(SystemExit) as ended:
        command.verify(as_json=True)
    assert ended.value.code == 1
    said = _said(capsys)
    assert (said["ok"], said["checked"]["organizations"]) == (False, 2)
    [violation] = said["violations"]
    assert set(violation) == {"invariant", "name", "statement", "count", "witnesses"}
    assert violation["invariant"] == "OPERATION_KEYS"
    with pytest.raises(SystemExit):
        command.verify()
    shown = capsys.readouterr().out
    assert "OPERATION_KEYS" in shown
    assert "docs/verify.md" in shown


def test_the_command_ends_quietly_on_a_clean_book(
    operator: Book, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "keys_by", lambda *_: operation_key)
    command.verify(as_json=True)
    said = _said(capsys)
    assert (said["ok"], said["violations"]) == (True, [])
    command.verify()
    assert "all hold" in capsys.readouterr().out


def test_the_command_reads_the_sandbox_ledger(
    operator: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(command, "keys_by", lambda *_: operation_key)
    path = tmp_path / "a ledger?.db"
    ledger = Ledger(path)
    for hold in [*_holds(operator), Hold(dashed(operator.ids["placed"]), "stray")]:
        ledger.connected().execute(
            "INSERT INTO payments (key, order_ref, reference, units, scale, currency, state, calls)"
            " VALUES (?, ?, '', 1, 0, 'EUR', 'authorised', 1)",
            (hold.key, hold.order),
        )
    with pytest.raises(SystemExit):
        command.verify(as_json=True, sandbox_ledger=path)
    said = _said(capsys)
    assert said["checked"]["provider_holds"] == len(_holds(operator)) + 1
    assert [v["invariant"] for v in said["violations"]] == ["PROVIDER_LEDGER"]
    assert [w["key"] for w in said["violations"][0]["witnesses"]] == ["stray"]
    ledger.connected().execute("UPDATE payments SET state = 'voided' WHERE key = 'stray'")
    command.verify(as_json=True, sandbox_ledger=path)
    ledger.close()


def test_the_command_refuses_what_it_cannot_check(
    operator: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OperatorError, match="no ledger"):
        command.verify(sandbox_ledger=tmp_path / "absent.db")
    with pytest.raises(OperatorError, match="--bound"):
        command.verify(bound=-1)
    if make_url(operator.url).get_backend_name() == "sqlite":
        monkeypatch.setenv("ENTREPOT_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
        with pytest.raises(OperatorError, match="there is no order book"):
            command.verify()


# --- completeness


def test_every_invariant_can_be_broken_and_is_explained() -> None:
    own = {"PROVIDER_LEDGER", "HOLDS", "LOG", "SECRET", "DAMAGE"}  # by tests of their own
    broken = {one.invariant for one in BREAKS} | own
    assert broken == set(INVARIANTS)
    text_ = " ".join(DOCS.read_text(encoding="utf-8").split())
    unexplained = [n for n, said in INVARIANTS.items() if n not in text_ or said not in text_]
    assert unexplained == []
