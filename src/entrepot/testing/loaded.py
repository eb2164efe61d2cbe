"""The program with all that a server needs, loaded once: servers are forked from this."""

from __future__ import annotations

import gc

import uvloop
from uvicorn.protocols.http import httptools_impl

from entrepot import wiring
from entrepot.cli import serve
from entrepot.store.engines import postgres, sqlite

__all__ = ["httptools_impl", "postgres", "serve", "sqlite", "uvloop", "wiring"]

gc.collect()
gc.freeze()
