"""Members and channels are made once, whoever comes at the same moment, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from tests.factories import new_id, open_shop

from entrepot.clock import now
from entrepot.core.decide.invite import InviteMember, JoinMember
from entrepot.core.decide.open_channel import MakeChannel
from entrepot.core.refusal import Reason, Refusal
from entrepot.core.results import MemberResult
from entrepot.store import accounts, schema
from entrepot.store.engine import Database
from entrepot.store.reading import organization
from entrepot.store.verify import verify
from entrepot.writer.envelope import Envelope
from entrepot.writer.writer import Writer


def inviting(org: int, at: int, email: str = "ada@example.org") -> InviteMember:
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
