"""An open, migrated database on each engine."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = open_database(database_url)
    yield opened
    await opened.close()
