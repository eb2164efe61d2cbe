"""Making and revoking keys. A secret is made outside of the core; only its digest comes here."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.keys import KEYS, OwnKey
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, KeyResult
from entrepot.core.scopes import MEANINGS, opened_by

# The numbers of the two events that a key can have.
_MADE, _REVOKED = 1, 2


class MakeKey(NamedTuple):
    """Make a key for a dialect, with a role or with scopes. `by`: the key that makes it, if any."""

    org: int
    source: str
    digest: bytes
    dialect: str
    role: str
    name: str
    by: bytes | None = None


class RevokeKey(NamedTuple):
    """Revoke a key. `by`: the key that revokes it, if any."""

    org: int
    source: str
    key_id: bytes
    by: bytes | None = None


def wants_maker(command: MakeKey, needs: Needs) -> None:
    """The key that makes the other."""
    if command.by is not None:
        needs.of(KEYS).add((command.org, command.by))


def make(command: MakeKey, facts: Facts) -> Decision:
    """Make the key. Refused: a maker that is revoked, and scopes that the maker does not have."""
    maker = _sender(command.org, command.by, facts)
    if maker is not None:
        more = opened_by(command.role) - opened_by(maker.role)
        if more:
            named = ", ".join([scope for scope in MEANINGS if scope in more])
            sentence = f"a key cannot give what it does not have: {named}"
            raise refuse(Reason.FORBIDDEN, sentence, "scopes")
    made = OwnKey(
        command.org, facts.new_id(), command.digest, command.dialect, command.role,
        command.name or command.dialect, facts.now,
    )  # fmt: skip
    return _told(made, events.KEY_MADE, _MADE, command.source, facts)


def wants_both(command: RevokeKey, needs: Needs) -> None:
    """The key, and the key that revokes it."""
    wanted = needs.of(KEYS)
    wanted.add((command.org, command.key_id))
    if command.by is not None:
        wanted.add((command.org, command.by))


def revoke(command: RevokeKey, facts: Facts) -> Decision:
    """Revoke the key. A key that is revoked already stays as it is.

    Refused: a sender that is revoked, an unknown key, and a key that revokes itself. So one key
    that may write keys is left, whatever keys do to each other.
    """
    _sender(command.org, command.by, facts)
    if command.by == command.key_id:
        raise refuse(
            Reason.FORBIDDEN,
            "a key does not revoke itself; another key does, or `entrepot key revoke`",
        )
    known = facts.of(KEYS).get((command.org, command.key_id))
    if known is None:
        raise refuse(Reason.NO_SUCH_ROUTE, "No such key is known here.")
    if known.revoked_at is not None:
        return Decision(Changes(facts), KeyResult(known))
    revoked = known._replace(revoked_at=facts.now)
    return _told(revoked, events.KEY_REVOKED, _REVOKED, command.source, facts)


def _sender(org: int, by: bytes | None, facts: Facts) -> OwnKey | None:
    """The key that sent the command, as it now is. Refused: one that was revoked meanwhile."""
    if by is None:
        return None
    sender = facts.of(KEYS).get((org, by))
    if sender is None or sender.revoked_at is not None:
        raise refuse(Reason.UNAUTHENTICATED, "the key is not valid", "Authorization")
    return sender


def _told(key: OwnKey, type_: str, seq: int, source: str, facts: Facts) -> Decision:
    """Write the key, and tell the organization's log without what is secret."""
    changes = Changes(facts)
    changes.of(KEYS).put(key)
    body = text_of({"dialect": key.dialect, "name": key.name, "opens": key.role})
    told = Event(key.org, key.id, seq, type_, facts.now, source, body, events.KEY, facts.actor)
    changes.events.append(told)
    return Decision(changes, KeyResult(key))
