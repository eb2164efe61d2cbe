"""Ways in which a PostgreSQL server refuses to work, brought about on a real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from entrepot.testing.postgres import Postgres

Refusing = Callable[[Postgres, str], str]


def name_of(url: str) -> str:
    """The database that a URL names."""
    return url.rpartition("/")[2]


def as_role(url: str, role: str, password: str = "") -> str:
    """The URL for another role."""
    login = f"{role}:{password}" if password else role
    return f"postgresql://{login}@{url.partition('@')[2]}"


def role_for(postgres: Postgres, url: str, options: str = "") -> str:
    """A role of the database's own that may read and write its rows."""
    role = f"worker_{name_of(url)}"
    postgres.sql(f"CREATE ROLE {role} LOGIN {options} IN ROLE pg_read_all_data, pg_write_all_data")
    return role


def no_database(_postgres: Postgres, url: str) -> str:
    return f"{url}_gone"


def no_role(_postgres: Postgres, url: str) -> str:
    return as_role(url, "nobody")


def no_login(postgres: Postgres, url: str) -> str:
    role = role_for(postgres, url)
    postgres.sql(f"ALTER ROLE {role} NOLOGIN")
    return as_role(url, role)


def wrong_password(postgres: Postgres, url: str) -> str:
    role = role_for(postgres, url, "PASSWORD 'right'")
    postgres.let_in(f"host all {role} all scram-sha-256")
    return as_role(url, role, "wrong")


def no_password(postgres: Postgres, url: str) -> str:
    role = role_for(postgres, url, "PASSWORD 'right'")
    postgres.let_in(f"host all {role} all scram-sha-256")
    return as_role(url, role)


def tls_demanded(postgres: Postgres, url: str) -> str:
    role = role_for(postgres, url)
    postgres.let_in(f"hostnossl all {role} all reject")
    return as_role(url, role)


def no_tls_to_be_had(_postgres: Postgres, url: str) -> str:
    return f"{url}?sslmode=require"


def no_line_in_pg_hba(postgres: Postgres, url: str) -> str:
    role = role_for(postgres, url)
    postgres.let_in(f"host all {role} all reject")
    return as_role(url, role)


def too_many_of_the_role(postgres: Postgres, url: str) -> str:
    role = role_for(postgres, url)
    postgres.sql(f"ALTER ROLE {role} CONNECTION LIMIT 0")
    return as_role(url, role)


def too_many_of_the_database(postgres: Postgres, url: str) -> str:
    postgres.sql(f"ALTER DATABASE {name_of(url)} CONNECTION LIMIT 0")
    return as_role(url, role_for(postgres, url))


def connections_not_allowed(postgres: Postgres, url: str) -> str:
    postgres.sql(f"ALTER DATABASE {name_of(url)} ALLOW_CONNECTIONS false")
    return url


def unknown_host(_postgres: Postgres, url: str) -> str:
    return url.replace("127.0.0.1", "no-such-host.invalid")


def closed_port(postgres: Postgres, url: str) -> str:
    return url.replace(f":{postgres.port}/", ":1/")


@asynccontextmanager
async def held_up(url: str, table: str = "organizations") -> AsyncIterator[None]:
    """Every statement on a table waits for a lock, and those of this database not for long."""
    book = await asyncpg.connect(url)
    try:
        limit = f"ALTER DATABASE {name_of(url)} SET statement_timeout = '200ms'"
        await book.execute(limit)
        await book.execute(f"BEGIN; LOCK TABLE {table}")
        yield
    finally:
        await book.close()


@contextmanager
def held_up_meanwhile(url: str) -> Iterator[None]:
    """The same around what has an event loop of its own."""
    with asyncio.Runner() as loop:
        holding = held_up(url)
        loop.run(holding.__aenter__())
        try:
            yield
        finally:
            loop.run(holding.__aexit__(None, None, None))
