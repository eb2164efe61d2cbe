"""The archive of old events: JSON lines, gzip, a file for each day and process.

Events are removed from the book only after `append` has returned: by then they are on the disk. A
line may stand in the archive twice, if the process died in between. The organization, the subject
and the number tell that two lines are one event.
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from entrepot.core.ids import dashed
from entrepot.core.order import Event
from entrepot.core.shown import MICROSECONDS
from entrepot.store.engines.private_files import FILE_MODE, make_folder


class EventArchive:
    """A folder of archived events. Files are only ever appended to, and never shared by processes.

    Each `append` is a gzip member of its own, so that what a power loss cuts off is only the end
    of a file, and only what the book still has.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: Path | None = None
        self._day = ""
        self._size = 0

    def prepare(self) -> None:
        """Make the folder if there is none. Raises OSError where nothing can be written to it."""
        made = not self._folder.exists()
        make_folder(self._folder)
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise PermissionError(f"no right to write into {self._folder}")
        if made:
            _sync_folder(self._folder.parent)

    def append(self, events: Sequence[Event], at: int) -> None:
        """Write events to the archive. When this returns, they survive a loss of power. `at`:
        microseconds.

        Raises OSError; then it is not known whether the events were written. Waits for the disk.
        """
        day = datetime.fromtimestamp(at / MICROSECONDS, UTC).date().isoformat()
        packed = gzip.compress("".join(line(event) for event in events).encode(), 6, mtime=0)
        try:
            file = self._open(day)
            try:
                _write_all(file, packed)
                os.fsync(file)
            except OSError:
                self._take_back(file)
                raise
            finally:
                os.close(file)
        except OSError:
            # The end of that file is not known, so nothing more is written to the file.
            self._file = None
            raise
        self._size += len(packed)

    def _take_back(self, file: int) -> None:
        """Leave no torn end, and no empty file: a disk that is full for a night would have
        thousands of them.
        """
        with suppress(OSError):
            os.ftruncate(file, self._size)
            if self._file is not None and not self._size:
                self._file.unlink()

    def _open(self, day: str) -> int:
        if self._file is not None and self._day == day:
            try:
                file = os.open(self._file, os.O_WRONLY | os.O_APPEND)
            except FileNotFoundError:
                pass  # somebody moved it away
            else:
                if os.fstat(file).st_size == self._size:
                    return file
                os.close(file)
        self.prepare()
        path = self._folder / f"events-{day}-{secrets.token_hex(4)}.jsonl.gz"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, FILE_MODE)
        try:
            _sync_folder(self._folder)
        except OSError:
            os.close(file)
            with suppress(OSError):
                path.unlink()
            raise
        self._file, self._day, self._size = path, day, 0
        return file


def line(event: Event) -> str:
    """An event as a line of JSON, with its own body in it as it was."""
    head = {
        "org": event.org,
        "number": event.number,
        "subject": event.subject,
        f"{event.subject}_id": dashed(event.subject_id),
        "seq": event.seq,
        "type": event.type,
        "at": event.at,
        "source": event.source,
        "actor": event.actor,
    }
    return f'{json.dumps(head)[:-1]}, "body": {_body(event.body)}}}\n'


def _body(text: str) -> str:
    """The body's own text, so that no number loses a digit; a string where it is no JSON."""
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(text)
    return text if "\n" not in text and "\r" not in text else json.dumps(text)


def _write_all(file: int, packed: bytes) -> None:
    left = memoryview(packed)
    while left:
        left = left[os.write(file, left) :]


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
