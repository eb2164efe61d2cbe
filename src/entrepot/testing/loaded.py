"""The program with all that a server needs, loaded once: servers are forked from this.

A server starts here and ends at once. This process has found out then what each process finds out
once: patterns, the parts of the command line, the tables of paths.
"""

from __future__ import annotations

import gc
import tempfile
import threading
from pathlib import Path
from unittest import mock

import uvloop
from uvicorn import Server
from uvicorn.protocols.http import httptools_impl

from entrepot import serving
from entrepot.cli import serve
from entrepot.store.engines import postgres, sqlite
from entrepot.testing.command_line import run_in

__all__ = ["httptools_impl", "postgres", "serve", "serving", "sqlite", "uvloop"]


class _Ending(Server):
    """A server that ends once it has started."""

    async def startup(self, *arguments: object, **named: object) -> None:
        await super().startup(*arguments, **named)  # type: ignore[arg-type]
        self.should_exit = True


def _start_once() -> None:
    with tempfile.TemporaryDirectory() as name, mock.patch.object(serve, "Server", _Ending):
        folder = Path(name)
        env = {"ENTREPOT_DATABASE_URL": f"sqlite:///{folder / 'entrepot.db'}"}
        for words in (["demo", "--json"], ["serve", "--port", "0"]):
            ended = run_in(folder, env, *words)
            assert ended.code == 0, ended
    assert threading.active_count() == 1, threading.enumerate()


_start_once()
gc.collect()
gc.freeze()
