"""Members of an organization: people who were invited, each with a role and a key."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Kind, TextKey, by

ROLES = ("ADMIN", "EDITOR", "VIEWER", "MEMBER")
INVITED, ACTIVE = "invited", "active"
STATES = (INVITED, ACTIVE)
EMAIL_MAX = 254  # characters


class Member(NamedTuple):
    """A member. The key that was made with the last invitation says who the member is.

    A member is `invited` until the key opens something. `version` counts the member's events. Times
    are microseconds UTC.
    """

    org: int
    email: str  # in small letters; no two members of an organization have one
    id: bytes
    key_id: bytes
    role: str
    status: str
    created_at: int
    joined_at: int | None = None
    version: int = 1


MEMBERS: Kind[TextKey, Member] = Kind("member", Member, by(Member, "org", "email"), guard="version")
