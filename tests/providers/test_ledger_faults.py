"""A sandbox whose ledger cannot be opened or written: an answer in words, never an exception."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite3
from tests.providers.conftest import View, request_of, void_of

from entrepot.providers.payment import Absent, Authorised, NotSent, Unknown
from entrepot.providers.sandbox import SandboxProvider
from entrepot.providers.sandbox_ledger import Ledger

FAILURES = [
    ("begin", sqlite3.OperationalError("unable to open database file"), NotSent,
     "unable to open database file"),
    ("begin", sqlite3.OperationalError("attempt to write a readonly database"), NotSent,
     "attempt to write a readonly database"),
    ("begin", sqlite3.DatabaseError("file is not a database"), NotSent, "file is not a database"),
    ("begin", sqlite3.DatabaseError("database disk image is malformed"), NotSent,
     "database disk image is malformed"),
    ("begin", PermissionError(13, "Permission denied", "/a/path"), NotSent, "Permission denied"),
    ("begin", OSError(24, "Too many open files"), NotSent, "Too many open files"),
    ("begin", RuntimeError("a fault of ours"), NotSent, "RuntimeError"),
    ("save", sqlite3.OperationalError("database or disk is full"), NotSent,
     "database or disk is full"),
    ("save", RuntimeError("a fault of ours"), NotSent, "RuntimeError"),
    ("commit", sqlite3.OperationalError("disk I/O error"), Unknown, "disk I/O error"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "error", "answer", "words"), FAILURES)
async def test_a_failing_ledger_is_an_answer_in_words_and_leaves_nothing_behind(
    sandbox: SandboxProvider, view: View, method: str, error: Exception, answer: type, words: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    await sandbox.authorise(request_of(key=str(uuid.uuid4())))
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(Ledger, method, fail)
        assert await sandbox.authorise(request_of()) == answer(f"sandbox ledger: {words}")
    assert await sandbox.look_up(request_of()) == Absent()
    assert type(await sandbox.authorise(request_of())) is Authorised
    assert view.effects() == ["authorise", "authorise"]


def _a_folder(path: Path) -> None:
    path.mkdir()


def _a_file_in_the_way(path: Path) -> None:
    path.write_text("no database, but long enough to be taken for one " * 20)


@pytest.mark.parametrize(
    ("spoil", "below", "words"),
    [
        (_a_folder, "", "unable to open database file"),
        (_a_file_in_the_way, "", "file is not a database"),
        (_a_file_in_the_way, "sandbox.db", "Not a directory"),
        (_a_file_in_the_way, "deep/sandbox.db", "Not a directory"),
    ],
)
async def test_a_ledger_that_cannot_be_opened_is_asked_again_until_it_can(
    tmp_path: Path, spoil: Callable[[Path], None], below: str, words: str
) -> None:
    spoil(tmp_path / "in-the-way")
    provider = SandboxProvider(tmp_path / "in-the-way" / below)
    assert provider.open() == f"sandbox ledger: {words}"
    for answer in (
        await provider.authorise(request_of()),
        await provider.void(void_of(request_of())),
        await provider.look_up(request_of()),
    ):
        assert answer == NotSent(f"sandbox ledger: {words}")
    (tmp_path / "in-the-way").rename(tmp_path / "out-of-the-way")
    assert provider.open() is None
    assert type(await provider.authorise(request_of())) is Authorised
    await provider.close()


def test_an_opened_ledger_is_a_file_before_the_first_payment(path: Path) -> None:
    assert SandboxProvider(path).open() is None
    assert path.is_file()
