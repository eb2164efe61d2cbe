"""Synq's shapes of members, exactly. Sources in docs/dialects/synq.md."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from entrepot.core.members import EMAIL_MAX, ROLES
from entrepot.edge.synq.wire import Moment, Uuid

_ROLE = Meta(
    max_length=64,
    extra_json_schema={
        "examples": list(ROLES), "description": f"One of {', '.join(ROLES)}, in any case"
    },
)  # fmt: skip


class InviteMember(msgspec.Struct):
    """The body of POST /api/v1/organization/members."""

    email: Annotated[str, Meta(max_length=EMAIL_MAX, extra_json_schema={"format": "email"})]
    role: Annotated[str, _ROLE]


class Invited(msgspec.Struct):
    """The answer to an invitation. `token` is the credential of the member, shown only here."""

    message: str
    uid: Uuid
    token: str


class Member(msgspec.Struct):
    """A member. Who was invited is active once the token was used."""

    id: Uuid
    email: str
    role: str
    status: Literal["invited", "active"]
    created_at: Moment
