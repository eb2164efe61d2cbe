"""No fault of the command line is a trace: one sentence, what helps, and exit code 2."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite_driver

from entrepot.store.keeping import migrate
from entrepot.testing.command_line import run

ENTREPOT = str(Path(sys.executable).with_name("entrepot"))
READERS = (
    ("verify",), ("verify", "--json"), ("org", "list"), ("org", "source", "a"),
    ("org", "allocation", "a", "SOFT"), ("key", "list"), ("key", "revoke", "a"),
    ("retry", "a", "b"),
    ("key", "create", "--org", "a", "--dialect", "synq"), ("orders",), ("explain", "a", "b"),
    ("orders", "--announced"), ("events", "a"), ("events", "a", "--follow"),
)  # fmt: skip
MAKERS = (("serve", "--port", "0"), ("migrate",), ("demo",), ("org", "create", "a"))


def sentence(folder: Path, *words: str, **settings: str) -> str:
    """The one sentence that a command ends with; exit code 2 required."""
    ended = run(folder, *words, **settings)
    assert ended.code == 2, ended
    assert ended.err.startswith("entrepot: ")
    assert ended.err.count("\n") == 1, ended.err
    return ended.err.removeprefix("entrepot: ").strip()


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_only_four_commands_make_a_book(tmp_path: Path, words: tuple[str, ...]) -> None:
    said = sentence(tmp_path, *words)
    assert said.startswith("there is no order book at var/entrepot.db; ")
    assert "`entrepot serve`" in said
    assert list(tmp_path.iterdir()) == [], "nothing was made"


def _junk(folder: Path) -> str:
    (folder / "book.db").write_bytes(b"this is no database " * 500)
    return f"sqlite:///{folder / 'book.db'}"


def _folder(folder: Path) -> str:
    (folder / "book.db").mkdir()
    return f"sqlite:///{folder / 'book.db'}"


def _nowhere(folder: Path) -> str:
    return "sqlite:////proc/nowhere/book.db"


def _below_a_file(folder: Path) -> str:
    (folder / "file").write_text("")
    return f"sqlite:///{folder / 'file' / 'book.db'}"


def _fixed(url: str) -> Callable[[Path], str]:
    return lambda _: url


BOOKS: dict[str, tuple[Callable[[Path], str], str]] = {
    "junk": (_junk, "not an order book"),
    "a folder": (_folder, ""),
    "a path that cannot be made": (_nowhere, ""),
    "below a file": (_below_a_file, ""),
    "no file named": (_fixed("sqlite:///"), "names no file"),
    "two slashes": (_fixed("sqlite://var/book.db"), "two slashes before 'var'"),
    "no slashes": (_fixed("book.db"), "cannot be read as one"),
    "another database": (_fixed("mysql://a@b/c"), "no database that Entrepot speaks to"),
    "a port in words": (_fixed("postgresql://a:secret@127.0.0.1:abc/c"), "port"),
    "a port too high": (_fixed("postgresql://a:secret@127.0.0.1:70000/c"), "port"),
    "an unknown host": (_fixed("postgres://a:secret@nowhere.invalid/c"), "host"),
    "nobody listens": (_fixed("postgres://a:secret@127.0.0.1:1/c"), "reached"),
}


@pytest.mark.parametrize("book", BOOKS)
@pytest.mark.parametrize("words", [("org", "list"), ("verify", "--json"), *MAKERS], ids=" ".join)
def test_a_book_that_is_none_is_one_sentence(
    tmp_path: Path, book: str, words: tuple[str, ...]
) -> None:
    make, says = BOOKS[book]
    said = sentence(tmp_path, *words, DATABASE_URL=make(tmp_path))
    assert says in said
    assert "secret" not in said
    assert "unexpected" not in said
    assert ";" in said, "a remedy"


@pytest.mark.parametrize("words", [*READERS[1:5], *MAKERS], ids=" ".join)
@pytest.mark.parametrize(("revision", "says"), [("9999", "newer"), ("0001", "entrepot migrate")])
def test_another_schema_is_called_newer_or_older(
    fresh_database: Callable[[str], str], tmp_path: Path, words: tuple[str, ...], revision: str,
    says: str,
) -> None:  # fmt: skip
    book = {"DATABASE_URL": fresh_database("sqlite")}
    with sqlite_driver.connect(book["DATABASE_URL"].removeprefix("sqlite:///")) as conn:
        conn.execute(f"UPDATE alembic_version SET version_num = '{revision}'")
    conn.close()
    if revision == "0001" and words in MAKERS:
        return
    said = sentence(tmp_path, *words, **book)
    assert says in said
    assert migrate.head() in said


def test_a_schema_that_may_not_be_made_is_told(tmp_path: Path) -> None:
    said = sentence(tmp_path, "serve", "--port", "0", MIGRATE="off")
    assert "no order book" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("serve", "--port", "80000"), "--port"),
        (("serve", "--port", "-1"), "--port"),
        (("serve", "--workers", "0"), "--workers"),
        (("serve", "--workers", "-3"), "--workers"),
        (("serve", "--role", "king"), "--role"),
        (("serve", "--bogus"), "--bogus"),
        (("bogus",), "bogus"),
        (("org", "create", ""), "name"),
        (("org", "create", "  "), "name"),
        (("org", "create"), "--name"),
        (("org", "allocation", "a", "FIRM"), "FIRM"),
        (("key", "create", "--org", "a", "--dialect", "esperanto"), "esperanto"),
        (("key", "create", "--org", "a", "--dialect", "synq", "--role", "king"), "king"),
        (("sandbox", "notify", "nope"), "ledger"),
        (("verify", "--bound", "-1"), "--bound"),
        (("verify", "--bound", "soon"), "--bound"),
        (("verify", "--sandbox-ledger", "absent.db"), "absent.db"),
    ],
)
def test_what_cannot_be_asked_for_is_one_sentence(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    assert says in sentence(tmp_path, *words)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LOG_LEVL", "debug", "did you mean ENTREPOT_LOG_LEVEL?"),
        ("DATABASE", "x", "ENTREPOT_DATABASE_URL"),
        ("WORKERS", "4", "no such setting"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL"),
        ("CONFIG", "absent.toml", "absent.toml"),
    ],
)
def test_a_mistyped_setting_is_named(tmp_path: Path, name: str, value: str, says: str) -> None:
    assert says in sentence(tmp_path, "org", "list", **{name: value})


def test_a_key_set_that_is_not_there_is_named_at_the_start(tmp_path: Path) -> None:
    told = {"JWT_ISSUER": "https://a", "JWT_AUDIENCE": "b", "JWT_JWKS": "/absent/keys.json"}
    assert "/absent/keys.json" in sentence(tmp_path, "serve", "--port", "0", **told)


def test_the_case_of_words_does_not_matter(tmp_path: Path) -> None:
    def told(*words: str, **settings: str) -> str:
        ended = run(tmp_path, *words, **settings)
        assert ended.code == 0, ended.err
        return ended.out

    told("org", "create", "Acme")
    assert "Acme is SOFT" in told("org", "allocation", "ACME", "soft")
    assert "Acme is HARD" in told("org", "allocation", "acme", "Hard")
    made = json.loads(told("key", "create", "--org", "acme", "--dialect", "Konvo", "--role",
                           "viewer", "--name", "till", "--json"))  # fmt: skip
    listed = json.loads(told("key", "list", "--org", "ACME", "--json", LOG_LEVEL="WARNING"))
    [mine] = [one for one in listed if one["id"] == made["id"]]
    assert (mine["role"], mine["dialect"], mine["name"]) == ("VIEWER", "konvo", "till")
    assert mine["made"].endswith("Z")
    assert mine["revoked"] is None
    assert made["token"] not in json.dumps(listed)
    assert "revoked" in told("key", "revoke", made["id"])
    listed = json.loads(told("key", "list", "--json"))
    assert [one["revoked"] is not None for one in listed if one["id"] == made["id"]] == [True]
    assert "are fetched from http://x/{orderId}" in told(
        "org", "source", "acme", "--url", "http://x/{orderId}"
    )
    assert "from nowhere" in told("org", "source", "acme")
    run(tmp_path, "org", "create", "ACME")
    assert "no organization" in sentence(tmp_path, "org", "source", "aCME"), "which of the two?"


def test_a_dead_demo_key_is_not_handed_out(tmp_path: Path) -> None:
    first = json.loads(run(tmp_path, "demo", "--json").out)
    for secret in (first["konvo"]["api_key"], first["synq"]["token"]):
        assert run(tmp_path, "key", "revoke", secret).code == 0
    again = json.loads(run(tmp_path, "demo", "--json").out)
    assert again["konvo"]["api_key"] != first["konvo"]["api_key"]
    assert again["synq"]["token"] != first["synq"]["token"]
    assert "http://0.0.0.0:9/" in run(tmp_path, "demo", "--host", "0.0.0.0", "--port", "9").out


def test_hard_allocation_with_an_oversold_shelf_names_it(tmp_path: Path) -> None:
    demo = json.loads(run(tmp_path, "demo", "--json").out)
    assert run(tmp_path, "org", "allocation", "demo", "soft").code == 0
    with sqlite_driver.connect(str(tmp_path / "var" / "entrepot.db")) as conn:
        conn.execute("UPDATE stock_levels SET reserved = on_hand + 60000 WHERE variant_id = ?",
                     (bytes.fromhex(demo["variants"][0]["id"].replace("-", "")),))  # fmt: skip
    conn.close()
    said = sentence(tmp_path, "org", "allocation", "Demo", "HARD")
    assert demo["variants"][0]["sku"] in said
    assert demo["synq"]["location_id"] in said
    assert "1000006 reserved, 1000000 on hand" in said
    assert "adjust" in said


@pytest.mark.parametrize("words", [("org", "list"), ("--help",), ("demo", "--json"), ("--version",),
                                   ("demo",), ("verify", "--json")], ids=" ".join)  # fmt: skip
def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert run(tmp_path, "demo").code == 0
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [ENTREPOT, *words], check=False, stdout=writing, stderr=subprocess.PIPE, text=True,
        env={"PATH": "/usr/bin:/bin"}, cwd=tmp_path, timeout=60,
    )  # fmt: skip
    os.close(writing)
    assert ended.stderr == ""
    assert ended.returncode == 141


@pytest.mark.parametrize("words", [("org", "list"), ("verify",), ("serve", "--port", "0")],
                         ids=" ".join)  # fmt: skip
@pytest.mark.parametrize("module", ["cyclopts", "sqlalchemy", "entrepot.cli.session"])
def test_an_interrupt_while_modules_are_loaded_leaves_no_trace(
    tmp_path: Path, words: tuple[str, ...], module: str
) -> None:
    # Ctrl-C at the moment at which a module is looked for.
    hook = tmp_path / "sitecustomize.py"
    hook.write_text(
        "import os, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    ended = subprocess.run(
        [ENTREPOT, *words], check=False, capture_output=True, text=True, cwd=tmp_path, timeout=60,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert ended.stderr == ""
    assert ended.returncode in (-signal.SIGINT, 130)


def test_every_option_of_every_command_is_explained(tmp_path: Path) -> None:
    for words in (("serve",), ("migrate",), ("verify",), ("orders",), ("explain",), ("retry",),
                  ("events",), ("demo",), ("org", "create"), ("org", "list"), ("org", "source"),
                  ("docs",),
                  ("org", "allocation"), ("key", "create"), ("key", "list"), ("key", "revoke"),
                  ("sandbox", "notify")):  # fmt: skip
        shown = run(tmp_path, *words, "--help").out
        parameters = shown.partition("Parameters")[2].splitlines()
        for line in parameters:
            if "--" in line and "─" not in line and not line.strip("│ ").startswith("--no-"):
                words_of_it = [w for w in line.strip("│ *").split() if w[0].islower()]
                assert words_of_it, (words, line)
    assert run(tmp_path, "-V").out == run(tmp_path, "--version").out
    assert "Usage" in run(tmp_path, "help").out
    assert "--workers" in run(tmp_path, "help", "serve").out
