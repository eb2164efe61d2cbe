"""structlog without rich, which is installed for the command line's help.

Where rich can be imported, structlog imports it for tracebacks in colour. No log line of ours has
one, and rich takes 4 MB of memory and a tenth of the time of a start.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """As if the package were not installed. One that is loaded already stays."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[package]


with _hidden("rich"):
    import structlog

__all__ = ["structlog"]
