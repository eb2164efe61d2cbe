"""A database that cannot be used is told in a sentence, which the command line prints as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from entrepot.store import migrate
from entrepot.store.engine import PostgresDatabase, Unavailable, open_database


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://somebody:secret@host/name"])
def test_what_is_no_database_is_a_sentence_without_a_password(url: str) -> None:
    with pytest.raises(RuntimeError, match="database") as raised:
        open_database(url)
    assert "secret" not in str(raised.value)


async def test_a_role_that_may_not_make_temporary_types(
    fresh_database: Callable[[str], str],
) -> None:
    url = fresh_database("postgres")
    address, _, name = url.rpartition("/")
    poor = f"poor_{name}"

    def make(conn: Connection) -> None:
        conn.exec_driver_sql(f"CREATE ROLE {poor} LOGIN")
        conn.exec_driver_sql(f"REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC")

    owners = PostgresDatabase(url)
    await owners.write(make)
    await owners.close()
    theirs = PostgresDatabase(f"postgresql://{poor}@{address.partition('@')[2]}/{name}")
    with pytest.raises(Unavailable, match="temporary"):
        await migrate.upgrade(theirs)
    await theirs.close()
