"""Synq's members: the path table, and the lines that connect reading, the writer or a question,
and writing."""

from __future__ import annotations

import msgspec

from entrepot.edge.access import ADMINS
from entrepot.edge.dialect import Call, Operation, Response
from entrepot.edge.new_secret import new_secret
from entrepot.edge.synq.documented import BODY_ERRORS, ERRORS, HEADERS
from entrepot.edge.synq.members import read, wire, write
from entrepot.store.reading import organization
from entrepot.writer.envelope import Answer

_PATH = "/api/v1/organization/members"
_encode = msgspec.json.Encoder().encode


async def list_members(call: Call) -> Answer:
    """Answer with the members."""
    found = await call.read(organization.members)
    return Answer(200, _encode(list(map(write.member, found))))


async def invite_member(call: Call) -> Answer:
    """Invite a member, and show the member's token once. Nothing is sent to anybody."""
    body = await call.json(read.INVITE)
    token = new_secret("synq", call.services.cell)
    command = read.invite_member(body, token, call.principal)
    return await call.submit(command, write.invited(call.request_id, token))


OPERATIONS = (
    Operation(
        method="GET", path=_PATH, operation_id="listMembers", summary="List members",
        handler=list_members, tag="Organization", parameters=HEADERS,
        responses={200: Response("The members", list[wire.Member]), **ERRORS},
    ),
    Operation(
        method="POST", path=_PATH, operation_id="inviteMember", summary="Invite a member",
        handler=invite_member, access=ADMINS, tag="Organization", parameters=HEADERS,
        body=wire.InviteMember,
        description="Nothing is sent to anybody: the answer has the token of the member, once.",
        responses={201: Response("The member is invited", wire.Invited), **BODY_ERRORS},
    ),
)  # fmt: skip
