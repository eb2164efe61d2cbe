"""Files that only their owner may read: the book holds customers, secrets and prices."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def make_folder(folder: Path) -> None:
    """Make a folder, and the folders above it, for the owner alone. Existing folders stay as they
    are.

    Raises OSError.
    """
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        with suppress(FileExistsError):
            missing.mkdir(FOLDER_MODE)


def make_file(path: Path) -> None:
    """Make an empty file for the owner alone. An existing file is not touched.

    An existing file is not even opened: closing it would drop the locks that SQLite holds on it in
    this process. Raises OSError.
    """
    if path.exists():
        return
    make_folder(path.parent)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, FILE_MODE))


def write_private(path: Path, text: str) -> None:
    """Write a whole file for the owner alone; one that others could read is closed to them first.

    Raises OSError.
    """
    make_folder(path.parent)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, FILE_MODE), "w") as file:
        os.fchmod(file.fileno(), FILE_MODE)
        file.truncate()
        file.write(text)


def readable_by_others(path: Path) -> bool:
    """Whether somebody beside the owner may read or write the file."""
    return bool(path.stat().st_mode & 0o077)
