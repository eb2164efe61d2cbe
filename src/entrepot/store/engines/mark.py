"""The mark beside a SQLite book: how many commits the book had, kept outside the book and its log.

The mark is a small text file. It is written after each commit, without a sync, so that it survives
the end of the process. After a loss of power the mark may be older than the book. It is never ahead
of what is durable. The serving process holds a lock on the mark; the system frees the lock when the
process ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from entrepot.store.engines.private_files import FILE_MODE, make_folder

SUFFIX = "-mark"
_HEAD = "entrepot mark 1\nbook {book}\nserving {serving:010d}\ncommits "
_AT = len(_HEAD.format(book="0" * 32, serving=0))
_FORM = re.compile(rb"entrepot mark 1\nbook (\w{32})\nserving (\d{10})\ncommits (\d{20})\n")


class Marked(NamedTuple):
    """The content of a mark: its book, the book's commits, and the id of the process that serves,
    or 0.
    """

    book: bytes
    commits: int
    serving: int


class Mark:
    """The mark of the book at a path. Methods raise OSError."""

    def __init__(self, book: Path) -> None:
        self.path = book.with_name(book.name + SUFFIX)
        self._file: int | None = None

    def read(self) -> Marked | None:
        """The mark; None if there is no mark, or none that can be read."""
        try:
            found = _FORM.fullmatch(self.path.read_bytes())
        except FileNotFoundError:
            return None
        if found is None:
            return None
        return Marked(bytes.fromhex(found[1].decode()), int(found[3]), int(found[2]))

    def write(self, marked: Marked) -> None:
        """Write the mark as a whole, and sync it."""
        head = _HEAD.format(book=marked.book.hex(), serving=marked.serving)
        file = self._opened()
        os.pwrite(file, f"{head}{marked.commits:020d}\n".encode(), 0)
        os.fsync(file)

    def rise(self, commits: int) -> None:
        """Write how many commits there are, all of them durable. The mark was written whole."""
        os.pwrite(self._opened(), b"%020d\n" % commits, _AT)

    def clear(self) -> None:
        """Empty the mark; the file and its lock stay."""
        os.ftruncate(self._opened(), 0)

    def lock(self) -> bool:
        """Hold the mark until `close` or the end of the process; False where another holds it."""
        try:
            fcntl.flock(self._opened(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_locked(self) -> bool:
        """Whether another process holds the mark now."""
        try:
            probe = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(probe, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(probe)
        return False

    def is_removed(self) -> bool:
        """Whether somebody removed the file that this process writes to."""
        return self._file is not None and os.fstat(self._file).st_nlink == 0

    def close(self) -> None:
        """Let go of the file. Repeatable."""
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None

    def _opened(self) -> int:
        if self._file is None:
            make_folder(self.path.parent)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, FILE_MODE)
        return self._file
