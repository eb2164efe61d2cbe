"""Files of the command line: for their owner alone, and told of where they cannot be used."""

from __future__ import annotations

import ctypes
import json
import os
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.cli.test_faults import ENTREPOT

from entrepot.testing.command_line import Ended, run
from entrepot.testing.server import Server

MAKERS = (("migrate",), ("demo",), ("demo", "--shell"), ("org", "create", "a"))
READERS = (("org", "list"), ("key", "list"), ("orders",), ("verify",))


def _modes(folder: Path) -> dict[str, int]:
    return {
        str(one.relative_to(folder)): stat.S_IMODE(one.stat().st_mode)
        for one in folder.rglob("*")
        if one.is_file()
    }


@pytest.mark.parametrize("words", MAKERS, ids=" ".join)
def test_what_a_command_makes_is_its_owner_s_alone(tmp_path: Path, words: tuple[str, ...]) -> None:
    before = os.umask(0)
    try:
        assert run(tmp_path, *words).code == 0
    finally:
        os.umask(before)
    found = _modes(tmp_path)
    assert "var/entrepot.db" in found
    assert ("demo" in words) == any(name.endswith(".demo.json") for name in found)
    assert set(found.values()) == {0o600}, found
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700


def test_what_a_server_makes_is_its_owner_s_alone(tmp_path: Path) -> None:
    made = {"ENTREPOT_EVENTS_DAYS": "1", "ENTREPOT_ARCHIVE_DIR": "archive/events"}
    server = Server("sqlite:///var/entrepot.db", tmp_path, env=made)
    server.env |= {"ENTREPOT_SANDBOX_LEDGER": "ledger/sandbox.db"}
    before = os.umask(0)
    try:
        server.launch("--demo")
    finally:
        os.umask(before)
    try:
        server.wait_until_ready()
        found = {name: mode for name, mode in _modes(tmp_path).items() if name != server.log.name}
        folders = {one for name in found for one in (tmp_path / name).parents}
    finally:
        server.kill()
    assert {"var/entrepot.db-wal", "var/entrepot.db-mark", "ledger/sandbox.db"} <= set(found)
    assert set(found.values()) == {0o600}, found
    folders.add(tmp_path / "archive" / "events")
    made_folders = [one for one in folders if one.is_relative_to(tmp_path) and one != tmp_path]
    assert {stat.S_IMODE(one.stat().st_mode) for one in made_folders} == {0o700}


@pytest.mark.parametrize("words", MAKERS, ids=" ".join)
def test_a_book_that_others_may_read_is_told_and_its_secrets_are_closed(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    assert command("demo").code == 0
    for path in (tmp_path / "var").iterdir():
        path.chmod(0o644)
    ended = command(*words)
    assert ended.code == 0
    assert "book.readable_by_others" in ended.err
    assert "chmod 600" in ended.err
    modes = _modes(tmp_path)
    assert modes["var/entrepot.db"] == 0o644, "the book's mode is its owner's choice"
    if "demo" in words:
        assert modes["var/entrepot.db.demo.json"] == 0o600


def test_a_demo_file_that_others_may_read_is_closed_before_new_secrets_are_in_it(
    command: Command, tmp_path: Path
) -> None:
    secrets = tmp_path / "var" / "entrepot.db.demo.json"
    secrets.parent.mkdir()
    secrets.write_text("x" * 100_000)
    secrets.chmod(0o666)
    told = json.loads(command("demo", "--json").out)
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert json.loads(secrets.read_text()) == told


# ------------------------------------------------------------------ what may not be used

_VERSION = 0x2008_0522  # of the kernel's structure
_OVERRIDE, _SEARCH = 1, 2  # numbers of rights
_DROP = 24  # what prctl is to do


def _go_by_modes() -> None:
    """This thread, and those it starts, go by the modes of files, also as root."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    about, sets = (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(about, sets) == 0, os.strerror(ctypes.get_errno())
    # Effective, permitted and inheritable, of the first 32 rights; then of the others.
    for place in range(3):
        sets[place] &= ~(1 << _OVERRIDE | 1 << _SEARCH)
    assert libc.capset(about, sets) == 0, os.strerror(ctypes.get_errno())


def _without_rights(folder: Path, *words: str) -> Ended:
    """A command as an operator without root's rights runs it; a server in its own process."""
    if words[0] != "serve":
        with ThreadPoolExecutor(1, initializer=_go_by_modes) as thread:
            return thread.submit(run, folder, *words).result()
    ended = subprocess.run(
        [ENTREPOT, *words], check=False, cwd=folder, env={"PATH": "/usr/bin:/bin"},
        timeout=60, capture_output=True, text=True, preexec_fn=_no_rights_for_a_program,
    )  # fmt: skip
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def _no_rights_for_a_program() -> None:
    if os.geteuid() == 0:
        for capability in (_OVERRIDE, _SEARCH):
            ctypes.CDLL(None).prctl(_DROP, capability, 0, 0, 0)


def _closed(path: str, mode: int) -> Callable[[Path], None]:
    def close(folder: Path) -> None:
        (folder / path).chmod(mode)

    return close


BOOK, MARK = "var/entrepot.db", "var/entrepot.db-mark"
WRITERS = (("serve", "--port", "0"), ("org", "create", "a"))
UNUSABLE: dict[str, tuple[Callable[[Path], None], tuple[tuple[str, ...], ...]]] = {
    # The change to the file, and the commands that go on.
    "the book may only be read": (_closed(BOOK, 0o400), READERS),
    # SQLite makes two files beside a book that it reads; only `verify` does without.
    "the folder may only be read": (_closed("var", 0o500), (("verify",),)),
    "the book may not be read": (_closed(BOOK, 0), ()),
    "the folder may not be entered": (_closed("var", 0), ()),
    # The mark may stay behind; whoever serves has to lock it.
    "the mark may only be read": (_closed(MARK, 0o400), (*READERS, WRITERS[1])),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_files_that_may_not_be_used_are_named(tmp_path: Path, what: str) -> None:
    close, going_on = UNUSABLE[what]
    assert run(tmp_path, "demo", "--json").code == 0
    close(tmp_path)
    try:
        for words in (*READERS, *WRITERS):
            ended = _without_rights(tmp_path, *words)
            if words in going_on:
                assert (ended.code, ended.err) == (0, ""), words
                continue
            assert ended.code == 2, (words, ended)
            assert ended.err.count("\n") == 1, ended.err
            assert "entrepot.db" in ended.err
            assert ";" in ended.err
    finally:
        with suppress(FileNotFoundError):
            (tmp_path / "var").chmod(0o700)
