"""Inviting a member, and the member's coming. A secret is made outside of the core."""

from __future__ import annotations

import re
from typing import NamedTuple

from entrepot.core import events
from entrepot.core.addresses import folded
from entrepot.core.changes import Changes
from entrepot.core.decide.keys import MakeKey, make
from entrepot.core.facts import Facts
from entrepot.core.keys import KEYS
from entrepot.core.members import ACTIVE, EMAIL_MAX, INVITED, MEMBERS, ROLES, Member
from entrepot.core.naming import capitals
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, KeyResult, MemberResult

# An address, by no more than what tells it from other texts.
_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\Z")
# The events of a member who was invited once, and who then joined: older versions count none.
_INVITED, _JOINED = 1, 2


class InviteMember(NamedTuple):
    """Invite a member, whose key has this digest. Nothing is sent to anybody."""

    org: int
    source: str
    email: str
    role: str
    digest: bytes
    dialect: str  # that the key opens


class JoinMember(NamedTuple):
    """The key of an invited member was used for the first time."""

    org: int
    source: str
    email: str


def wants_to_invite(command: InviteMember, needs: Needs) -> None:
    """The member who has the address, if any, with the member's key."""
    needs.of(MEMBERS).add((command.org, folded(command.email)))


def invite(command: InviteMember, facts: Facts) -> Decision:
    """Make the member and the member's key. A member whose key is revoked is invited again.

    Refused: a role that is none, an address that is none, and one that a member has already.
    """
    org, email, role = command.org, folded(command.email), capitals(command.role.strip())
    if not _EMAIL.match(email) or len(email) > EMAIL_MAX or not email.isprintable():
        raise refuse(Reason.INVALID, "must be an e-mail address", "email")
    if role not in ROLES:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(ROLES)}", "role")
    known = facts.of(MEMBERS).get((org, email))
    if known is not None and _has_a_key(known, facts):
        sentence = "a member has this address already; invite again once their key is revoked"
        raise refuse(Reason.DUPLICATE_ENTRY, sentence, "email")
    made = make(MakeKey(org, command.source, command.digest, command.dialect, role, email), facts)
    assert isinstance(made.result, KeyResult)
    key_id = made.result.key.id
    if known is None:
        member = Member(org, email, facts.new_id(), key_id, role, INVITED, facts.now)
    else:
        member = known._replace(
            key_id=key_id, role=role, status=INVITED, joined_at=None, version=_next(known)
        )
    made.changes.of(MEMBERS).put(member)
    _tell(member, events.MEMBER_INVITED, command.source, facts, made.changes)
    return Decision(made.changes, MemberResult(member))


def _has_a_key(member: Member, facts: Facts) -> bool:
    """Whether the member's key opens anything."""
    key = facts.of(KEYS).get((member.org, member.key_id))
    return key is not None and key.revoked_at is None


def _next(member: Member) -> int:
    """The number of the member's next event. An older version counts none."""
    return max(member.version, _INVITED if member.joined_at is None else _JOINED) + 1


def wants_to_join(command: JoinMember, needs: Needs) -> None:
    """The member."""
    needs.of(MEMBERS).add((command.org, command.email))


def join(command: JoinMember, facts: Facts) -> Decision:
    """The member is active from now on. One who is stays so. Refused: nobody has the address."""
    changes = Changes(facts)
    known = changes.of(MEMBERS).get((command.org, command.email))
    if known is None:
        raise refuse(Reason.NO_SUCH_ROUTE, "No such member is known here.")
    if known.status == ACTIVE:
        return Decision(changes, MemberResult(known))
    member = known._replace(status=ACTIVE, joined_at=facts.now, version=_next(known))
    changes.of(MEMBERS).put(member)
    _tell(member, events.MEMBER_JOINED, command.source, facts, changes)
    return Decision(changes, MemberResult(member))


def _tell(member: Member, type_: str, source: str, facts: Facts, changes: Changes) -> None:
    body = text_of({"email": member.email, "role": member.role})
    changes.events.append(
        Event(
            member.org,
            member.id,
            member.version,
            type_,
            facts.now,
            source,
            body,
            events.MEMBER,
            facts.actor,
        )
    )
