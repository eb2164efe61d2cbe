"""The sandbox's ledger: what its file keeps, refuses, and takes over from earlier versions."""

import shutil
import stat
from contextlib import closing
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite3
from tests.providers.conftest import View, request_of, void_of

from entrepot.providers.payment import Authorised, NotSent, Voided
from entrepot.providers.sandbox import SandboxProvider
from entrepot.providers.sandbox_ledger import Ledger


async def test_a_commit_survives_the_end_of_the_process(path: Path) -> None:
    ledger = Ledger(path)
    assert ledger.connected().execute("PRAGMA synchronous").fetchone() == (1,)
    assert ledger.connected().execute("PRAGMA journal_mode").fetchone() == ("wal",)
    ledger.close()


async def test_the_file_itself_refuses_a_second_authorisation_and_lost_history(
    sandbox: SandboxProvider, view: View
) -> None:
    await sandbox.authorise(request_of())
    again = "INSERT INTO operations SELECT id + 1, key, order_ref, effect, 1, 2, 'EUR', 0 FROM"
    for sql in (f"{again} operations", "UPDATE operations SET at = 1", "DELETE FROM operations"):
        with pytest.raises(sqlite3.IntegrityError):
            view.rows(sql)


_FIRST_LAYOUT = """
CREATE TABLE payments (
  key TEXT PRIMARY KEY, order_ref TEXT NOT NULL, reference TEXT NOT NULL, units INTEGER NOT NULL,
  scale INTEGER NOT NULL, currency TEXT NOT NULL, state TEXT NOT NULL, calls INTEGER NOT NULL,
  provider_reference TEXT, created_at INTEGER NOT NULL DEFAULT 1,
  updated_at INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE TABLE operations (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL REFERENCES payments (key), order_ref TEXT NOT NULL,
  effect TEXT NOT NULL, units INTEGER NOT NULL, scale INTEGER NOT NULL, currency TEXT NOT NULL,
  at INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE UNIQUE INDEX operations_once ON operations (key) WHERE effect = 'authorise';
PRAGMA user_version = 1;
"""


async def test_a_ledger_of_an_earlier_version_is_gone_on_with(path: Path, view: View) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as first:
        first.executescript(_FIRST_LAYOUT)
    provider = SandboxProvider(path)
    answers = [await provider.authorise(request_of()) for _ in range(2)]
    assert answers[0] == answers[1]
    assert isinstance(answers[0], Authorised)
    assert isinstance(await provider.void(void_of(request_of())), Voided)
    await provider.close()
    assert view.effects() == ["authorise", "void"]


async def test_a_ledger_and_its_folder_are_the_owner_s_alone(
    path: Path, sandbox: SandboxProvider
) -> None:
    await sandbox.authorise(request_of())
    modes = {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_folder_that_exists_keeps_its_mode(path: Path, sandbox: SandboxProvider) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o755)
    await sandbox.authorise(request_of())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o755


@pytest.mark.parametrize("replaced", [False, True])
async def test_a_ledger_that_is_removed_under_the_server_takes_no_payment(
    path: Path, sandbox: SandboxProvider, view: View, replaced: bool
) -> None:
    await sandbox.authorise(request_of())
    away = path.with_name("away.db")
    shutil.move(path, away)
    if replaced:
        shutil.copyfile(away, path)
    for _ in range(2):
        for answer in (
            await sandbox.authorise(request_of(key="another")),
            await sandbox.void(void_of(request_of())),
            await sandbox.look_up(request_of()),
        ):
            assert answer == NotSent("sandbox ledger: removed or replaced while in use")
    shutil.move(away, path)
    assert isinstance(await sandbox.authorise(request_of(key="another")), Authorised)
    assert isinstance(await sandbox.void(void_of(request_of())), Voided)
    assert view.effects() == ["authorise", "authorise", "void"]
