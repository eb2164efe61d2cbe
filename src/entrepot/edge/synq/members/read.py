"""Synq's requests about members into commands; pure."""

from __future__ import annotations

import msgspec

from entrepot.core.decide.invite import InviteMember
from entrepot.edge.access import Principal
from entrepot.edge.new_secret import digest_of
from entrepot.edge.synq.members import wire

INVITE: msgspec.json.Decoder[wire.InviteMember] = msgspec.json.Decoder(wire.InviteMember)


def invite_member(body: wire.InviteMember, token: str, principal: Principal) -> InviteMember:
    """The command. The token is the member's, and only its digest goes on."""
    return InviteMember(principal.org, "synq", body.email, body.role, digest_of(token), "synq")
