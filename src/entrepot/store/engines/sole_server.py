"""One server on one SQLite book: a serving process holds a lock that ends with the process."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from entrepot.store.engines.mark import Mark
from entrepot.store.engines.opening import parsed_url
from entrepot.store.engines.outage import Unavailable

_TRIES, _PAUSE_SECONDS = 5, 0.02  # somebody may be looking whether the lock is held


class AlreadyServed(RuntimeError):
    """Another process serves the book."""


@contextmanager
def sole_server(url: str) -> Iterator[None]:
    """Be the only server on a SQLite book, until the end or until the process ends.

    Other commands work beside a server. On PostgreSQL any number of servers may run. Raises
    AlreadyServed, and Unavailable where the lock's file cannot be made.
    """
    parsed = parsed_url(url)
    if parsed.get_backend_name() != "sqlite":
        yield
        return
    mark = Mark(Path(os.path.realpath(str(parsed.database))))
    try:
        try:
            _hold(mark)
        except OSError as error:
            raise Unavailable(f"{mark.path}: {error.strerror}") from error
        yield
    finally:
        mark.close()


def _hold(mark: Mark) -> None:
    for left in reversed(range(_TRIES)):
        if mark.lock():
            break
        if not left:
            raise AlreadyServed(_told(mark))
        time.sleep(_PAUSE_SECONDS)
    marked = mark.read()
    if marked is not None and marked.serving:
        # The process that it names has ended.
        mark.write(marked._replace(serving=0))


def _told(mark: Mark) -> str:
    marked = mark.read()
    who = f" (process {marked.serving})" if marked is not None and marked.serving else ""
    return (
        f"another `entrepot serve`{who} works on this book already, and SQLite takes one; stop it, "
        "or use PostgreSQL"
    )
