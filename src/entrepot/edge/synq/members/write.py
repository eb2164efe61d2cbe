"""Members in Synq's words; pure."""

from __future__ import annotations

import msgspec

from entrepot.core import ids, members
from entrepot.core.results import MemberResult
from entrepot.edge.synq.members import wire
from entrepot.edge.synq.refusals import refusal_answer
from entrepot.edge.times import seconds_text
from entrepot.edge.written import Written, written
from entrepot.writer.envelope import Answer

_encode = msgspec.json.Encoder().encode


def member(one: members.Member) -> wire.Member:
    """A member."""
    invited = one.status == members.INVITED
    return wire.Member(
        id=ids.dashed(one.id),
        email=one.email,
        role=one.role,
        status="invited" if invited else "active",
        created_at=seconds_text(one.created_at),
    )


def invited(request_id: str, token: str) -> Written:
    """How an invitation is answered: with the member's id and token. No key keeps this answer."""

    def answer(result: MemberResult) -> Answer:
        one = result.member
        message = f"{one.email} is invited as {one.role}; hand the token over, nothing was sent"
        return Answer(201, _encode(wire.Invited(message, ids.dashed(one.id), token)))

    return written(refusal_answer, request_id, MemberResult, answer)
