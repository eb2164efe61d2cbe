"""Adding, sealing anew and removing accounts at payment services.

What is secret is sealed outside of the core, and comes here sealed. No event tells it.
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.provider_accounts import ACCOUNTS, ProviderAccount
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import AccountResult, Decision


class AddAccount(NamedTuple):
    """Add an account, in place of the one that the organization has at the service.

    `told`: members that are not secret, for the organization's log.
    """

    org: int
    source: str
    service: str
    sealed: bytes
    told: tuple[tuple[str, str], ...] = ()


class SealAnew(NamedTuple):
    """Keep what is kept of an account under another key. `before` is the sealed text as it was."""

    org: int
    source: str
    service: str
    before: bytes
    sealed: bytes


class RemoveAccount(NamedTuple):
    """Forget an account."""

    org: int
    source: str
    service: str


def wants(command: AddAccount | SealAnew | RemoveAccount, needs: Needs) -> None:
    """The account at the service."""
    needs.of(ACCOUNTS).add((command.org, command.service))


def add(command: AddAccount, facts: Facts) -> Decision:
    """Keep the account."""
    known = facts.of(ACCOUNTS).get((command.org, command.service))
    type_ = events.ACCOUNT_ADDED if known is None else events.ACCOUNT_CHANGED
    added_at = facts.now if known is None else known.added_at
    made = ProviderAccount(command.org, command.service, command.sealed, added_at)
    changes = Changes(facts)
    changes.of(ACCOUNTS).put(made)
    changes.events.append(_event(command, type_, facts, dict(command.told)))
    return Decision(changes, AccountResult(made, changed=known is not None))


def seal_anew(command: SealAnew, facts: Facts) -> Decision:
    """Keep the account under another key. Refused: an account that was changed meanwhile."""
    known = _known(command, facts)
    if known.sealed != command.before:
        raise refuse(Reason.CHANGED_MEANWHILE)
    kept = known._replace(sealed=command.sealed)
    changes = Changes(facts)
    changes.of(ACCOUNTS).put(kept)
    changes.events.append(_event(command, events.ACCOUNT_RESEALED, facts, {}))
    return Decision(changes, AccountResult(kept, changed=True))


def remove(command: RemoveAccount, facts: Facts) -> Decision:
    """Forget the account. Payments that the service holds wait for an account to come back."""
    known = _known(command, facts)
    changes = Changes(facts)
    changes.of(ACCOUNTS).remove((known.org, known.service))
    changes.events.append(_event(command, events.ACCOUNT_REMOVED, facts, {}))
    return Decision(changes, AccountResult(known, changed=True))


def _known(command: SealAnew | RemoveAccount, facts: Facts) -> ProviderAccount:
    known = facts.of(ACCOUNTS).get((command.org, command.service))
    if known is None:
        raise refuse(Reason.NO_SUCH_ROUTE, "The organization has no such account.")
    return known


def _event(
    command: AddAccount | SealAnew | RemoveAccount, type_: str, facts: Facts, told: dict[str, str]
) -> Event:
    """The event of a change, which is the only one of its subject: an account has no id."""
    body = text_of({"service": command.service, **told})
    return Event(
        command.org, facts.new_id(), 1, type_, facts.now, command.source, body, events.ACCOUNT,
        facts.actor,
    )  # fmt: skip
