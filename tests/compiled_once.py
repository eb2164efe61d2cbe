"""Statements are compiled once for all databases of a test process.

A server has one engine for its life, and compiles each statement once. Each test opens a database
of its own, whose engine would compile all of them anew: that was a sixth of a processor's time.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event

_KEPT_MAX = 4000


class _Compiled(dict[Any, Any]):
    """What `compiled_cache` of SQLAlchemy keeps, by the kind of the dialect in place of the one
    engine's: engines of one kind are set up alike here.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get((type(key[0]), *key[1:]), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        if len(self) >= _KEPT_MAX:
            self.clear()
        super().__setitem__((type(key[0]), *key[1:]), compiled)


_compiled = _Compiled()


def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_compiled)


def compile_once() -> None:
    """From now on, engines of this process share what they have compiled."""
    event.listen(Engine, "engine_connect", _share)
