"""An open, migrated database on each engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from entrepot.store import migrate
from entrepot.store.engine import Database, open_database


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    await migrate.upgrade(opened)
    yield opened
    await opened.close()
