"""Keys are made and revoked by commands, on either engine."""

from __future__ import annotations

from tests.writer.test_first_step import Desk, a_desk

from entrepot.clock import new_id, now
from entrepot.core.decide.keys import MakeKey, RevokeKey
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import KeyResult
from entrepot.store import accounts, schema
from entrepot.store.engine import Database
from entrepot.writer.envelope import Envelope


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
    assert await desk.column(schema.events, "type") == ["key.made", "key.revoked"]
    assert await desk.column(schema.events, "number") == [1, 2]


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


async def test_a_key_of_another_organization_is_unknown(database: Database) -> None:
    desk = await a_desk(database, 5)
    key_id = await made(desk, "secret")
    other = await database.write(
        lambda conn: accounts.create_organization(conn, "Other", now(), new_id)
    )
    result = (await desk.do(RevokeKey(other.org, "native", key_id))).result
    assert isinstance(result, Refusal)
    assert await database.read(lambda conn: accounts.credential(conn, "secret")) is not None
