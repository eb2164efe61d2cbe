"""Inputs that mean nothing: refused in one sentence, and nothing is made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite_driver
from tests.cli.conftest import Command

NOT_UTF8 = "\udcff\udcfe"  # as Python hands on the bytes FF FE of a command line
LONG = "x" * 5000
SOURCE = "http://x/{orderId}"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("serve", "--port", ""), "--port"),
        (("serve", "--port", "8080.5"), "not a whole number"),
        (("serve", "--port", "1e3"), "not a whole number"),
        (("serve", "--port", "0x50"), "not a whole number"),
        (("serve", "--port", "9" * 20), "is not a port"),
        (("serve", "--port", "9" * 5000), "not a whole number"),
        (("serve", "--workers", "2.5"), "not a whole number"),
        (("serve", "--host", "nowhere.invalid", "--port", "0"), "nowhere.invalid"),
        (("serve", "--host", "a..b", "--port", "0"), "the name of a host"),
        (("serve", "--host", LONG, "--port", "0"), "the name of a host"),
        (("serve", "--host", "256.1.1.1", "--port", "0"), "256.1.1.1"),
        (("serve", "--host", "192.0.2.1", "--port", "0"), "192.0.2.1"),
        (("demo", "--port", "70000"), "is not a port"),
        (("demo", "--port", "0"), "is not a port"),
        (("demo", "--port", "8080.7"), "not a whole number"),
        (("demo", "--host", "a b"), "is not a host"),
        (("demo", "--host", "$(id)"), "is not a host"),
        (("demo", "--host", "x';id;'"), "is not a host"),
        (("demo", "--host", ""), "is not a host"),
        (("demo", "--json", "--shell"), "choose one"),
        (("org", "create", "A", "--json", "--shell"), "choose one"),
        (("org", "create", LONG), "at most 200"),
        (("org", "create", "a\nb"), "visible"),
        (("org", "create", "\x1b[31mred"), "visible"),
        (("org", "create", "a\u202eb"), "visible"),
        (("org", "create", ""), "a name"),
        (("org", "create", "A", "--tenant", "x"), "--tenant"),
        (("org", "attribution", "a", "8.5"), "not a whole number"),
        *[(("key", "create", "--org", "a", "--dialect", "native", "--scopes", one), "--scopes is")
          for one in ("", " ", ",")],
        (("orders", "--limit", "0"), "--limit"),
        (("orders", "--limit", "2.5"), "not a whole number"),
        (("orders", "--limit", "9" * 12), "--limit"),
        (("orders", "--announced", "--parked"), "--announced"),
        (("retry",), "--all"),
        (("retry", "a", "b", "--org", "c"), "'b'"),
        (("cancel",), "no order is named"),
        (("explain",), "no order is named"),
        (("orders", "--failed", "--waiting"), "--failed"),
        (("retry", "a", "b", "--all"), "--all"),
        (("retry", "a", "b", "--reason", "x"), "--reason"),
        (("retry", "--all", "--reason", ""), "--reason"),
        (("retry", "a", "b", "c", "d"), "'c', 'd'"),
        (("verify", "--bound", "nan"), "--bound"),
        (("verify", "--bound", "inf"), "--bound"),
        (("verify", "--bound", "1e400"), "--bound"),
        (("verify", "--bound", ""), "--bound"),
        (("migrate", "extra"), "extra"),
        (("",), "command"),
        (("help", "bogus"), "bogus"),
        (("docs", "nowhere", "--check"), "entrepot docs"),
        (("docs", "/proc/nowhere"), "/proc/nowhere"),
        (("sandbox", "notify", "x", "maybe"), "maybe"),
    ],
    ids=lambda one: " ".join(one)[:60] if isinstance(one, tuple) else None,
)  # fmt: skip
def test_what_means_nothing_is_refused(
    command: Command, tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    assert says in command(*words).sentence()
    assert not (tmp_path / "var" / "entrepot.db").exists(), "no book was made"


@pytest.mark.parametrize(
    "words",
    [
        ("org", "create", NOT_UTF8), ("org", "list", NOT_UTF8), ("org", "source", NOT_UTF8),
        ("org", "source", "1", "--url", f"http://x/{NOT_UTF8}/{{orderId}}"),
        ("org", "source", "1", "--url", SOURCE, "--header", f"A: {NOT_UTF8}"),
        ("key", "revoke", NOT_UTF8), ("key", "create", "--org", NOT_UTF8, "--dialect", "konvo"),
        ("key", "create", "--org", "1", "--dialect", "konvo", "--name", NOT_UTF8),
        ("explain", NOT_UTF8, NOT_UTF8), ("orders", NOT_UTF8), ("retry", NOT_UTF8, NOT_UTF8),
        ("events", NOT_UTF8), ("retry", "--all", "--reason", NOT_UTF8),
        ("sandbox", "notify", NOT_UTF8),
        ("docs", NOT_UTF8, "--check"), ("verify", "--sandbox-ledger", NOT_UTF8),
        ("serve", "--host", NOT_UTF8), ("demo", "--host", NOT_UTF8), (NOT_UTF8,),
    ],
    ids=ascii,
)  # fmt: skip
def test_an_argument_that_is_no_utf8_is_refused(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert "is not UTF-8" in command(*words).sentence()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [("explain", "", ""), ("explain", "Demo", ""), ("explain", "Demo", LONG), ("orders", ""),
     ("events", ""),
     ("retry", "Demo", ""), ("key", "revoke", ""), ("key", "revoke", LONG),
     ("key", "create", "--org", "", "--dialect", "konvo"), ("org", "allocation", "", "SOFT"),
     ("org", "source", LONG), ("key", "list", "--org", LONG), ("sandbox", "notify", ""),
     ("key", "create", "--org", "Demo", "--dialect", "konvo", "--name", LONG),
     ("key", "create", "--org", "Demo", "--dialect", "konvo", "--name", "a\nb"),
     ("org", "create", "demo", "--tenant", "")],
    ids=lambda one: " ".join(one)[:60],
)  # fmt: skip
def test_a_name_that_means_nothing_in_a_book_is_refused(
    migrated: None, command: Command, words: tuple[str, ...]
) -> None:
    made = command("demo", "--json")
    assert (made.code, json.loads(made.out)["synq"] is not None) == (0, True)
    if words[-1] == "" and words[0] == "org" and words[1] == "create":
        assert command(*words).code == 0, "an empty --tenant is none"
        return
    command(*words).sentence()


# Digits of other alphabets, signs that count as digits, and more than a database counts.
NO_NUMBERS = ["\u00b2", "\u0663", "\uff11", "9" * 20, "9" * 40]


@pytest.mark.parametrize("name", NO_NUMBERS, ids=ascii)
def test_what_looks_like_a_number_is_no_organization(
    migrated: None, command: Command, name: str
) -> None:
    assert "no organization is called" in command("orders", name).sentence()


def test_an_organization_is_meant_by_its_id_in_any_spelling(
    migrated: None, command: Command
) -> None:
    named = json.loads(command("org", "create", "Shop", "--json").out)
    org_id = named["synq"]["org_id"]
    bare = org_id.replace("-", "")
    for spelled in (org_id, org_id.upper(), bare, bare.upper(), f"bus_{bare}", f"BUS_{org_id}"):
        assert command("orders", spelled).code == 0, spelled


def test_a_name_that_is_another_ones_number_means_neither(migrated: None, command: Command) -> None:
    made = {name: json.loads(command("org", "create", name, "--json").out) for name in ("A", "B")}
    assert command("orders", "2").code == 0
    assert command("org", "create", "2").sentence().startswith("an organization '2' exists")
    assert command("org", "create", "3").code == 0, "its own number"
    assert command("orders", "3").code == 0
    assert command("org", "create", "5").code == 0
    assert command("org", "create", "E").code == 0  # the number 5
    for words in (("orders", "5"), ("org", "allocation", "5", "SOFT"), ("retry", "5", "--all")):
        assert "'5' means more than one organization: '5' (" in command(*words).sentence()
    assert command("orders", made["B"]["synq"]["org_id"]).code == 0
    listed = json.loads(command("org", "list", "--json").out)
    assert {one["allocation"] for one in listed} == {"HARD"}


# ------------------------------------------------------------------ files that are something else


def _tables(path: Path, *statements: str) -> None:
    book = sqlite_driver.connect(path)
    for statement in statements:
        book.execute(statement)
    book.commit()
    book.close()


_VERSION = "CREATE TABLE alembic_version (version_num TEXT)"
FOREIGN: dict[str, tuple[str, ...]] = {
    "a browser's": ("CREATE TABLE moz_places (a)",),
    "one with orders": ("CREATE TABLE orders (id)", "CREATE TABLE customers (id)"),
    "one of another Alembic": (_VERSION, "INSERT INTO alembic_version VALUES ('ae1027a6acf')"),
    "one of two versions": (_VERSION, "INSERT INTO alembic_version VALUES ('0001'), ('0002')"),
    "an empty version and a table": (_VERSION, "CREATE TABLE things (a)"),
}


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize(
    "words",
    [("migrate",), ("serve", "--port", "0"), ("demo",), ("org", "create", "a"), ("org", "list"),
     ("key", "list"), ("orders",)],
    ids=" ".join,
)  # fmt: skip
def test_a_file_of_another_program_stays_as_it_is(
    command: Command, tmp_path: Path, kind: str, words: tuple[str, ...]
) -> None:
    file = tmp_path / "theirs.db"
    _tables(file, *FOREIGN[kind])
    said = command(*words, DATABASE_URL=f"sqlite:///{file}").sentence()
    assert "newer" not in said
    book = sqlite_driver.connect(file)
    found = {row[0] for row in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    book.close()
    assert found == {one.split()[2] for one in FOREIGN[kind] if one.startswith("CREATE")}


def _a_folder(path: Path) -> None:
    path.mkdir()


def _text(path: Path) -> None:
    path.write_text("key, order\n" * 500)


def _of_another_program(path: Path) -> None:
    _tables(path, "CREATE TABLE moz_places (a)")


@pytest.mark.parametrize("make", [_a_folder, _text, _of_another_program])
def test_a_ledger_that_is_none_is_named_and_the_book_is_not_blamed(
    command: Command, tmp_path: Path, make: object
) -> None:
    assert command("demo", "--json").code == 0
    ledger = tmp_path / "other.db"
    assert callable(make)
    make(ledger)
    before = ledger.read_bytes() if ledger.is_file() else b""
    for ended in (
        command("sandbox", "notify", "x", SANDBOX_LEDGER=str(ledger)),
        command("verify", "--sandbox-ledger", str(ledger)),
        command("verify", "--json", "--sandbox-ledger", str(ledger)),
        command("simulate", "stripe", "--ledger", str(ledger)),
    ):
        assert "other.db" in ended.sentence()
        assert "entrepot.db" not in ended.err
    assert before == (ledger.read_bytes() if ledger.is_file() else b"")


def test_the_order_book_is_no_ledger(command: Command, tmp_path: Path) -> None:
    assert command("demo", "--json").code == 0
    book = str(tmp_path / "var" / "entrepot.db")
    said = command("sandbox", "notify", "x", SANDBOX_LEDGER=book).sentence()
    assert "tables of another program" in said
    said = command("simulate", "adyen", "--ledger", book).sentence()
    assert "tables of another program" in said
    assert command("verify").code == 0


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///a b?c.db", "`?`"),
        ("sqlite:///file:x.db?uri=true", "`?`"),
        ("sqlite:////dev/null", "/dev/null"),
        ("sqlite:////dev/full", "/dev/full"),
        ("", "DATABASE_URL is empty"),
        ("  ", "DATABASE_URL is empty"),
        ("postgresql://a@127.0.0.1:1/b?bogus=1", "'bogus'"),
        ("postgresql://a@127.0.0.1:1/b?sslmode=maybe", "verify-full"),
        ("postgresql://a@127.0.0.1:1/b?sslmode=require", "reached"),
        ("postgresql://a@127.0.0.1:1/b?ssl=prefer", "reached"),
        ("postgresql://a@/b?host=/nowhere", "reached"),
        ("oracle://a/b", "no database that Entrepot speaks to"),
        ("sqlite:///\udcff.db", "UTF-8"),
    ],
)
def test_a_url_that_names_no_database_is_refused(command: Command, url: str, says: str) -> None:
    assert says in command("migrate", DATABASE_URL=url).sentence()
