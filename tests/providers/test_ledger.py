"""The sandbox's ledger: what its file keeps, refuses, and takes over from earlier versions."""

from contextlib import closing
from pathlib import Path

import pytest
from pysqlite3 import dbapi2 as sqlite3
from tests.providers.conftest import View, request_of

from entrepot.providers.payment import Authorised, Voided
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
    assert isinstance(await provider.void(request_of()), Voided)
    await provider.close()
    assert view.effects() == ["authorise", "void"]
