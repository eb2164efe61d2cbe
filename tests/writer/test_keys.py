"""Keys are made and revoked by commands, on either engine."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, select
from tests.writer.test_first_step import Desk, a_desk

from entrepot.clock import new_id, now
from entrepot.core.decide.keys import MakeKey, RevokeKey
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import KeyResult
from entrepot.store import accounts, schema
from entrepot.store.engine import Database
from entrepot.store.engines.opening import open_database
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer


async def made(desk: Desk, secret: str, role: str = "ADMIN") -> bytes:
    command = MakeKey(desk.shop.org, "operator", accounts.digest(secret), "native", role, "")
    result = (await desk.do(command)).result
    assert isinstance(result, KeyResult)
    return result.key.id


async def test_a_key_opens_until_it_is_revoked(database: Database) -> None:
    desk = await a_desk(database, 5)
    key_id = await made(desk, "secret", "orders:read")
    found = await database.read(lambda conn: accounts.credential(conn, "secret"))
    assert found is not None
    assert (found.org, found.id, found.role) == (desk.shop.org, key_id, "orders:read")
    await desk.do(RevokeKey(desk.shop.org, "operator", key_id))
    assert await database.read(lambda conn: accounts.credential(conn, "secret")) is None
    told = await desk.column(schema.events, "type")
    assert told == ["stock.adjusted", "key.made", "key.revoked"]
    assert await desk.column(schema.events, "number") == [1, 2, 3]


async def test_a_revoked_key_writes_no_keys(database: Database) -> None:
    """Two keys revoke each other at once: the one that comes first stays."""
    desk = await a_desk(database, 5)
    org, first, second = desk.shop.org, await made(desk, "first"), await made(desk, "second")
    commands = (
        RevokeKey(org, "native", second, first), RevokeKey(org, "native", first, second),
        MakeKey(org, "native", accounts.digest("third"), "native", "orders:read", "", second),
    )  # fmt: skip
    done = await desk.writer.submit_all([Envelope(command) for command in commands])
    assert isinstance(done[0].result, KeyResult)
    for outcome in done[1:]:
        assert isinstance(outcome.result, Refusal)
        assert outcome.result.reason is Reason.UNAUTHENTICATED
    keys = [await database.read(lambda conn, s=s: accounts.credential(conn, s))
            for s in ("first", "second", "third")]  # fmt: skip
    assert [one and one.id for one in keys] == [first, None, None]


async def test_sixty_four_keys_that_revoke_each_other_leave_one_of_each_two(
    database: Database, database_url: str
) -> None:
    """Each pair revokes each other, at two processes at once. Whoever revokes is not revoked."""
    desk = await a_desk(database, 5)
    org = desk.shop.org
    keys = [await made(desk, f"key {number}") for number in range(64)]
    pairs = list(zip(keys[::2], keys[1::2], strict=True))
    # SQLite has one process that writes; on PostgreSQL the other half is another process.
    other = database if database.side_by_side == 1 else open_database(database_url)
    writers = [Writer(one, now=now, new_id=new_id) for one in (database, other)]
    for number, writer in enumerate(writers):  # both are connected before it begins
        digest = accounts.digest(f"warm {number}")
        await writer.submit(Envelope(MakeKey(org, "operator", digest, "native", "ADMIN", "")))
    sides = [pairs, [(second, first) for first, second in pairs]]
    await asyncio.gather(*[
        writer.submit_all([Envelope(RevokeKey(org, "native", gone, by), actor=by.hex())
                           for by, gone in side])
        for writer, side in zip(writers, sides, strict=True)
    ])  # fmt: skip
    if other is not database:
        await other.close()

    def left(conn: Connection) -> set[bytes]:
        credentials = schema.credentials.c
        found = select(credentials.id).where(credentials.org == org)
        return {
            bytes(id_) for (id_,) in conn.execute(found.where(credentials.revoked_at.is_(None)))
        }

    living = await database.read(left)
    assert [len({first, second} & living) for first, second in pairs] == [1] * len(pairs)


async def test_a_key_of_another_organization_is_unknown(database: Database) -> None:
    desk = await a_desk(database, 5)
    key_id = await made(desk, "secret")
    other = await database.write(
        lambda conn: accounts.create_organization(conn, "Other", now(), new_id)
    )
    result = (await desk.do(RevokeKey(other.org, "native", key_id))).result
    assert isinstance(result, Refusal)
    assert await database.read(lambda conn: accounts.credential(conn, "secret")) is not None
