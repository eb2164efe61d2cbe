"""An open, migrated database on each engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from entrepot.store.engine import Database
from entrepot.store.engines import book_log
from entrepot.store.engines.opening import open_database


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
def folder(fresh_database: Callable[[str], str]) -> Path:
    """A folder with a migrated SQLite book, called `entrepot.db`."""
    return Path(fresh_database("sqlite").removeprefix("sqlite:///")).parent


@pytest.fixture
def exact_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark and the files are seen to with every commit, as where commits come slowly."""
    monkeypatch.setattr(book_log, "SEEN_SECONDS", 0.0)
