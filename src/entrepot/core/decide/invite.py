"""Inviting a member, and the member's coming. A secret is made outside of the core."""

from __future__ import annotations

import re
from typing import NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.decide.keys import MakeKey, make
from entrepot.core.facts import Facts
from entrepot.core.members import ACTIVE, EMAIL_MAX, INVITED, MEMBERS, ROLES, Member
from entrepot.core.naming import capitals
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, KeyResult, MemberResult

# One address, and no more than what tells it from other texts.
_EMAIL = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+\Z")
# The numbers of the two events of a member.
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
    """The member who has the address, if any."""
    needs.of(MEMBERS).add((command.org, command.email.strip().lower()))


def invite(command: InviteMember, facts: Facts) -> Decision:
    """Make the member and the member's key. Refused: a role that is none, an address that is none,
    and one that a member has already.
    """
    org, email, role = command.org, command.email.strip().lower(), capitals(command.role.strip())
    if not _EMAIL.match(email) or len(email) > EMAIL_MAX or not email.isprintable():
        raise refuse(Reason.INVALID, "must be an e-mail address", "email")
    if role not in ROLES:
        raise refuse(Reason.INVALID, f"must be one of {', '.join(ROLES)}", "role")
    if facts.of(MEMBERS).get((org, email)) is not None:
        raise refuse(Reason.DUPLICATE_ENTRY, "a member has this address already", "email")
    made = make(MakeKey(org, command.source, command.digest, command.dialect, role, email), facts)
    assert isinstance(made.result, KeyResult)
    member = Member(org, email, facts.new_id(), made.result.key.id, role, INVITED, facts.now)
    made.changes.of(MEMBERS).put(member)
    _tell(member, _INVITED, events.MEMBER_INVITED, command.source, facts, made.changes)
    return Decision(made.changes, MemberResult(member))


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
    member = known._replace(status=ACTIVE, joined_at=facts.now)
    changes.of(MEMBERS).put(member)
    _tell(member, _JOINED, events.MEMBER_JOINED, command.source, facts, changes)
    return Decision(changes, MemberResult(member))


def _tell(
    member: Member, seq: int, type_: str, source: str, facts: Facts, changes: Changes
) -> None:
    body = text_of({"email": member.email, "role": member.role})
    changes.events.append(
        Event(
            member.org, member.id, seq, type_, facts.now, source, body, events.MEMBER, facts.actor
        )
    )
