"""How a PostgreSQL server is worked with is found out once for all databases of a test process.

A program finds it out when it first connects. Each test opens a database of its own, and asked the
session's server anew, which takes a connection: 7 ms of the test's process and 6 ms of the server.
"""

from __future__ import annotations

from sqlalchemy.engine import make_url

from entrepot.store.engines import postgres
from entrepot.store.engines.postgres_pools import Sizes, Ways, ways_to


def go_directly(port: int) -> None:
    """From now on this process knows that no pooler stands before the server at this port."""

    async def known(url: str, sizes: Sizes, pooler: str) -> Ways:
        is_there = make_url(url).port == port
        return await ways_to(url, sizes, "no" if is_there and pooler == "auto" else pooler)

    postgres.ways_to = known  # type: ignore[attr-defined]
