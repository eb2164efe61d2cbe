"""Members and channels are made once, whoever comes at the same moment, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.factories import new_id, open_shop

from entrepot.clock import now
from entrepot.core.decide.invite import InviteMember, JoinMember
from entrepot.core.decide.keys import RevokeKey
from entrepot.core.decide.open_channel import MakeChannel
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import MemberResult
from entrepot.store import accounts, schema
from entrepot.store.engine import Database
from entrepot.store.reading import audit, organization
from entrepot.store.verify import verify
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer

EMAIL = "ada@example.org"


def inviting(org: int, at: int, email: str = EMAIL) -> InviteMember:
    return InviteMember(org, "synq", email, "EDITOR", accounts.digest(f"token {at}"), "synq")


def channel(org: int, at: int) -> MakeChannel:
    return MakeChannel(org, "synq", "shop", "EUR", at % 2 == 0)


@pytest.mark.parametrize("made", [inviting, channel])
async def test_of_64_at_once_one_is_made(made: Callable[..., Any], database: Database) -> None:
    shop = await database.write(open_shop)
    writers = [Writer(database, now=now, new_id=new_id) for _ in range(8)]
    outcomes = await asyncio.gather(
        *[writers[at % 8].submit(Envelope(made(shop.org, at))) for at in range(64)]
    )
    refused = [one.result for one in outcomes if isinstance(one.result, Refusal)]
    assert [one.reason for one in refused] == [Reason.DUPLICATE_ENTRY] * 63
    members = await organization.members.ask(database, shop.org)
    channels = await organization.channels.ask(database, shop.org)
    assert len(members) + len(channels) == 1

    def looked(conn: Any) -> Any:
        keys = conn.execute(select(schema.credentials.c.id)).all()
        assert len(keys) == len(members)
        return verify(conn)

    report = await database.read(looked)
    assert report.ok, report.violations


async def test_a_member_joins_once_by_the_key_of_the_invitation(database: Database) -> None:
    shop = await database.write(open_shop)
    writer = Writer(database, now=now, new_id=new_id)
    await writer.submit(Envelope(inviting(shop.org, 1)))

    async def found() -> accounts.Credential | None:
        return await database.read(lambda conn: accounts.credential(conn, "token 1"))

    known = await found()
    assert known is not None
    assert (known.role, known.invited, known.closed_channels) == (
        "EDITOR",
        "ada@example.org",
        False,
    )
    for _ in range(2):  # two requests at once tell it twice
        joined = JoinMember(shop.org, "synq", "ada@example.org")
        outcome = await writer.submit(Envelope(joined, actor="key:k"))
        assert isinstance(outcome.result, MemberResult)
    await writer.submit(Envelope(channel(shop.org, 1)))
    known = await found()
    assert known is not None
    assert (known.invited, known.closed_channels) == (None, True)

    def types(conn: Any) -> list[str]:
        c = schema.events.c
        return list(conn.execute(select(c.type).order_by(c.number)).scalars())

    told = await database.read(types)
    assert told == ["key.made", "member.invited", "member.joined", "channel.made"]
    unknown = await writer.submit(Envelope(JoinMember(shop.org, "synq", "bob@example.org")))
    assert isinstance(unknown.result, Refusal)


async def test_a_member_whose_key_is_revoked_is_invited_again(database: Database) -> None:
    shop = await database.write(open_shop)
    writer = Writer(database, now=now, new_id=new_id)

    async def invited(at: int) -> Any:
        return (await writer.submit(Envelope(inviting(shop.org, at)))).result

    async def joined() -> Any:
        return (await writer.submit(Envelope(JoinMember(shop.org, "synq", EMAIL)))).result

    first = (await invited(1)).member
    await joined()
    refused = await invited(2)
    assert (refused.reason, "revoked" in refused.detail) == (Reason.DUPLICATE_ENTRY, True)
    await writer.submit(Envelope(RevokeKey(shop.org, "operator", first.key_id)))
    again = (await invited(3)).member
    assert (again.id, again.status, again.version) == (first.id, "invited", 3)
    assert again.key_id != first.key_id
    secrets = ("token 1", "token 3")
    opened = [await database.read(partial(accounts.credential, secret=one)) for one in secrets]
    assert opened[0] is None
    assert opened[1] is not None
    assert opened[1].invited == EMAIL
    assert (await joined()).member.version == 4
    assert (await invited(4)).reason is Reason.DUPLICATE_ENTRY

    def told(conn: Any) -> list[Any]:
        c = schema.events.c
        mine = select(c.seq, c.type).where(c.subject_id == first.id).order_by(c.seq)
        return [tuple(row) for row in conn.execute(mine)]

    assert await database.read(told) == [
        (1, "member.invited"), (2, "member.joined"), (3, "member.invited"), (4, "member.joined"),
    ]  # fmt: skip
    # What the first key did is still the member's.
    keys = {first.key_id, again.key_id}
    emails = await database.read(lambda conn: audit._emails(conn, shop.org, keys))
    assert emails == dict.fromkeys(keys, EMAIL)
    report = await database.read(verify)
    assert report.ok, report.violations


async def test_the_events_of_a_member_who_joined_by_an_older_version_are_counted(
    database: Database,
) -> None:
    """It writes no version."""
    shop = await database.write(open_shop)
    writer = Writer(database, now=now, new_id=new_id)
    outcome = await writer.submit(Envelope(inviting(shop.org, 1)))
    assert isinstance(outcome.result, MemberResult)
    await writer.submit(Envelope(JoinMember(shop.org, "synq", EMAIL)))
    await database.write(lambda conn: conn.execute(update(schema.members).values(version=1)))
    key_id = outcome.result.member.key_id
    await writer.submit(Envelope(RevokeKey(shop.org, "operator", key_id)))
    again = await writer.submit(Envelope(inviting(shop.org, 2)))
    assert isinstance(again.result, MemberResult)
    assert again.result.member.version == 3
