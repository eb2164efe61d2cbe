"""Noticing that an SQLite book lost its log or a part of the log, or that the book is older than it
was.

SQLite opens a book without its log as if nothing were missing. Two things tell of a loss:

- The count. Each transaction counts itself in a row of `installation`. The mark beside the book
  (mark.py) has the same number, outside of the book and its log. A book with fewer commits than its
  mark has lost commits.
- The seal, for a copy without a mark. While a process serves, the book's own file has a row that
  the log takes out again. So only a file without its log shows the row. The row names SQLite's
  schema version, which is random then, and which no complete copy keeps (`.backup`, `VACUUM INTO`,
  a dump).

See docs/adr/0020.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from pysqlite3 import dbapi2 as sqlite_driver

from entrepot.store.engines.mark import Mark, Marked
from entrepot.store.engines.outage import LogFault, LogLost
from entrepot.telemetry import log

COMMITS, BOOK_ID, SEAL = "commits", "book_id", "seal"  # names of rows of `installation`
REMEDY = (
    "put the missing file back, or restore a backup; `entrepot serve --accept-loss` goes on "
    "without what is lost"
)
SEEN_SECONDS = 0.02
TIMES_BETWEEN_LOOKS = 16
_COPY = "PRAGMA wal_checkpoint(PASSIVE)"
_COUNT = f"""
INSERT INTO installation (name, value) VALUES ('{COMMITS}', CAST('1' AS BLOB))
ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(CAST(value AS INTEGER) + 1 AS TEXT) AS BLOB)
RETURNING CAST(value AS INTEGER)
"""
_KEEP = (
    "INSERT INTO installation (name, value) VALUES (?, ?) "
    "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_UNSEAL = f"DELETE FROM installation WHERE name = '{SEAL}'"
TOUCH = "UPDATE installation SET value = value"  # a change that has to be counted
_HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'installation'"


class BookLog:
    """The state of a book's log. It belongs to one connection pool, and to the thread of its
    writer.

    Methods that touch the files raise OSError. Methods that see a loss raise LogLost.
    """

    def __init__(self, book: Path) -> None:
        self.book = book
        self.path = book.with_name(book.name + "-wal")
        self.mark = Mark(book)
        self.lost: LogLost | None = None
        """Set once the log or the book was removed under this process; for good."""
        self._book_id = b""
        self._commits = self._told = 0
        self._serving = 0
        self._version: int | None = None  # the schema version, in a process that serves
        self._is_checked = self._is_marked = False
        self._book_file: object = None
        self._log_file: object = None
        self._size = 0
        self._until_look = TIMES_BETWEEN_LOOKS
        self._seen_at = float("-inf")
        self._later: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------------ at start, and for verify

    def faults(self, driver: Any, marked: Marked | None) -> list[LogFault]:
        """Faults of the log, by the book as this connection sees the book.

        `marked` was read before the connection's snapshot began.
        """
        kept = _kept(driver)
        if marked is not None and not (kept and kept.get(BOOK_ID, marked.book) != marked.book):
            commits = int(kept.get(COMMITS, b"0"))
            if commits < marked.commits:
                return [self._behind(commits, marked.commits)]
            return []
        if kept.get(SEAL) == str(_schema_version(driver)).encode():
            told = (
                f"{self.book} is without its log ({self.path.name}) and lacks its latest commits: "
                f"the log was removed, or the book was copied while it was served; {REMEDY}"
            )
            return [LogFault("log_missing", None, told)]
        return []

    def removed(self) -> list[LogFault]:
        """Whether the log was removed under a process that serves; asked before the book is read.

        To open the book then would make another log beside the one that is still written to.
        """
        marked = self.mark.read()
        serving = marked is not None and marked.serving and self.mark.is_locked()
        if not serving or marked is None or self.path.exists():
            return []
        told = (
            f"the log of {self.book} was removed under the server that writes to it (process "
            f"{marked.serving}); stop that server, and start it again"
        )
        return [LogFault("log_removed", None, told)]

    def _behind(self, commits: int, marked: int) -> LogFault:
        missing = marked - commits
        if commits == 0:
            what = f"the book that was at {self.book} is gone, with its {marked} commits"
        else:
            what = (
                f"{self.book} lacks {missing} of its {marked} commits: its log is gone or torn, or "
                "the file is an older one"
            )
        return LogFault("commits_missing", missing, f"{what}; {REMEDY}")

    # ------------------------------------------------------------------ with every commit

    def opened(self) -> None:
        """Remember which files the first connection has opened."""
        if self._book_file is None:
            self._book_file, self._log_file = _identity(self.book), _identity(self.path)
            self._size = _size(self.book)

    def count(self, driver: Any) -> None:
        """Count this transaction, which writes, before it commits. Raises LogLost.

        Nothing is counted before the schema is there.
        """
        if not self._book_id:
            if driver.execute(_HAS_TABLE).fetchone() is None:
                return
            self._begin(driver)
        self._commits = driver.execute(_COUNT).fetchone()[0]

    def _begin(self, driver: Any) -> None:
        found = self.mark.read()
        if not self._is_checked:
            faults = self.faults(driver, found)
            if faults:
                raise LogLost(faults[0].sentence)
        book_id = _kept(driver).get(BOOK_ID)
        if book_id is None:
            book_id = secrets.token_bytes(16)
            driver.execute(_KEEP, (BOOK_ID, book_id))
        self._is_marked = found is not None and found.book == book_id
        self._serving = found.serving if found is not None and self._is_marked else 0
        self._is_checked = True
        self._book_id = bytes(book_id)

    def rolled_back(self) -> None:
        """Forget what the transaction that failed has counted, and what it was the first to see."""
        self._commits = self._told
        if not self._told:
            self._book_id = b""

    def committed(self, driver: Any) -> None:
        """Note a commit that is durable now. Raises LogLost.

        The mark and the files are seen to at once, or a moment after the last time: two system
        calls with every commit would be a measurable part of it.
        """
        if self._commits == self._told:
            return
        self._told = self._commits
        now = time.monotonic()
        if now - self._seen_at >= SEEN_SECONDS:
            self._see(driver, now)
        elif self._later is None:
            loop = asyncio.get_running_loop()
            self._later = loop.call_later(SEEN_SECONDS, self._see_later, driver)

    def _see_later(self, driver: Any) -> None:
        self._later = None
        with suppress(LogLost):  # the next write raises it
            self._see(driver, time.monotonic())

    def _see(self, driver: Any, now: float) -> None:
        self._seen_at = now
        self._tell_mark()
        self._until_look -= 1
        found = _identity(self.path)
        self._log_file = self._log_file or found  # an empty book has no log before its first commit
        if found != self._log_file:
            self._lose(driver, f"the log {self.path} was removed or replaced while it is in use")
        if self._until_look <= 0:
            self.look(driver)

    def _tell_mark(self) -> None:
        with suppress(OSError):  # the mark stays behind, which is allowed
            if self._is_marked:
                self.mark.rise(self._told)
            elif self._book_id:
                self.mark.write(Marked(self._book_id, self._told, self._serving))
                self._is_marked = True

    def look(self, driver: Any) -> None:
        """Whether the files are still those that were opened. Raises LogLost."""
        self._until_look = TIMES_BETWEEN_LOOKS
        for path, was in ((self.book, self._book_file), (self.path, self._log_file)):
            if was is not None and _identity(path) != was:
                self._lose(driver, f"{path} was removed or replaced while it is in use")
        size = _size(self.book)
        if size < self._size and self._is_cut_short(driver):
            self._lose(driver, f"{self.book} is shorter than it was: somebody cut it while in use")
        self._size = size
        if self._is_marked and self.mark.is_removed():
            with suppress(OSError):
                self.mark.close()
                self.mark.write(Marked(self._book_id, self._told, self._serving))

    def _is_cut_short(self, driver: Any) -> bool:
        """Whether somebody cut the file. VACUUM makes it shorter too, and a new schema version."""
        version = _schema_version(driver)
        if self._version is None or version == self._version:
            return self._version is not None
        self._version = version
        return False

    def _lose(self, driver: Any, what: str) -> None:
        # A connection can still read a log that was removed. If it is copied now, nothing is lost.
        with suppress(sqlite_driver.Error):
            driver.execute(_COPY).close()
        self.lost = LogLost(f"{what}; stop the server, and start it again")
        raise self.lost

    # ------------------------------------------------------------------ serving, and accepting

    def begin_serving(self, driver: Any) -> None:
        """Give the book a schema version that no copy has, seal it, tell the mark who serves."""
        version = secrets.randbelow(2**31 - 1) + 1
        driver.execute(f"PRAGMA schema_version = {version}").close()
        self._version = version
        self.copy(driver)
        self._serving, self._is_marked = os.getpid(), False
        self._tell_mark()

    def copy(self, driver: Any) -> None:
        """Copy the log into the book, and seal the book if it is served.

        A seal is a row in the book's own file that the log takes out. A reader that sees the row
        reads the file without its log. Raises the driver's errors.
        """
        if self._version is None:
            driver.execute(_COPY).close()
            return
        try:
            driver.execute(_KEEP, (SEAL, str(self._version).encode())).close()
            driver.execute(_COPY).close()
        finally:
            driver.execute(_UNSEAL).close()

    def accept_loss(self, driver: Any) -> list[LogFault]:
        """Go on with what there is: what was wrong. Inside a transaction, the first of its process.

        The mark follows with the commit.
        """
        faults = self.faults(driver, self.mark.read())
        if faults and _kept(driver):
            driver.execute(_UNSEAL).close()
            driver.execute(TOUCH).close()
            self._is_checked = True
        elif faults:
            self.mark.clear()  # there is no book any more; the next one has another id
        for fault in faults:
            log.warning("book.loss_accepted", kind=fault.kind, missing_commits=fault.missing)
        return faults

    def close(self) -> None:
        """Tell the mark the last commit, and that nobody serves the book any more."""
        if self._later is not None:
            self._later.cancel()
        if self._version is not None:
            self._serving, self._is_marked = 0, False
        if self._told:
            self._tell_mark()
        self.mark.close()


def _kept(driver: Any) -> dict[str, bytes]:
    """The rows of `installation` that are about the log; none where there is no schema."""
    if driver.execute(_HAS_TABLE).fetchone() is None:
        return {}
    names = (COMMITS, BOOK_ID, SEAL)
    found = driver.execute("SELECT name, value FROM installation WHERE name IN (?, ?, ?)", names)
    return {name: bytes(value) for name, value in found}


def _schema_version(driver: Any) -> int:
    return int(driver.execute("PRAGMA schema_version").fetchone()[0])


def _identity(path: Path) -> object:
    try:
        found = os.stat(path)  # noqa: PTH116 - a path that is made anew costs as much as the call
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
