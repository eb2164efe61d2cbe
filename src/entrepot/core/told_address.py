"""An address that was told in members, as text. The dialect that tells such addresses registers how
they read.

One dialect tells addresses in members. A second one would have to mark its addresses, so that each
is read by its own dialect.
"""

from __future__ import annotations

from collections.abc import Callable

_READERS: list[Callable[[str], str | None]] = []


def register(reader: Callable[[str], str | None]) -> None:
    """Let orders show addresses as `reader` makes text of what is kept. An earlier one goes."""
    _READERS[:] = [reader]


def text_of(kept: str) -> str | None:
    """The address as text of several lines; None if nobody can read what is kept."""
    (reader,) = _READERS
    return reader(kept)
