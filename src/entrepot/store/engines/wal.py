"""Copying SQLite's write-ahead log into the file, beside the commits and not in one of them.

Left to itself SQLite copies in the commit that finds the log long enough, and that batch waits for
all of it: tens of milliseconds where keys lie all over a large file. Here a thread copies the bulk
while commits go on; what they wrote meanwhile is little, and is copied by the writer, between two
batches, so that the log begins again from its start and does not grow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from pysqlite3 import dbapi2 as sqlite_driver

# Pages of 4 KiB in the log before they are copied.
PAGES = 8_000
# As many that SQLite copies by itself, in a commit: only where the thread fails to keep up.
PAGES_MAX = 8 * PAGES
COMMITS_BETWEEN_LOOKS = 16


class Checkpoints:
    """Keeps one file's log short. Belongs to one event loop; `writer` is the writing connection.

    `copy` is called with `writer` to copy the rest of the log between two batches.
    """

    def __init__(self, path: str, copy: Callable[[Any], None]) -> None:
        self._path = path
        self._copy_rest = copy
        self._commits = 0
        self._copying: asyncio.Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, "checkpoint")
        self._connection: Any = None

    def committed(self, writer: Any) -> None:
        """Look at the log now and then, and have it copied when it is long."""
        self._commits += 1
        if self._commits < COMMITS_BETWEEN_LOOKS or self._copying is not None:
            return
        self._commits = 0
        _, pages, copied = writer.execute("PRAGMA wal_checkpoint(NOOP)").fetchone()
        if pages - copied >= PAGES:
            loop = asyncio.get_running_loop()
            self._copying = loop.run_in_executor(self._thread, self._copy)
            self._copying.add_done_callback(lambda _: self._finish(writer))

    def _copy(self) -> None:
        if self._connection is None:
            self._connection = sqlite_driver.connect(
                self._path, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA synchronous=FULL").close()
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()

    def _finish(self, writer: Any) -> None:
        copying, self._copying = self._copying, None
        # A failure of this loses nothing: the log is longer, and SQLite's own bound comes.
        if copying is not None and not copying.cancelled() and copying.exception() is None:
            with suppress(sqlite_driver.Error):
                self._copy_rest(writer)

    async def close(self) -> None:
        """Let the thread finish what it does, and go."""
        if self._copying is not None:
            with suppress(Exception):
                await self._copying
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
