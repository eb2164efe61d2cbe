"""Making a channel, and looking whether the channel of an order accepts orders."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.channels import CHANNELS, CHANNELS_MAX, NAME_MAX, Channel
from entrepot.core.facts import Facts
from entrepot.core.ids import spelled
from entrepot.core.naming import composed, visible
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import ChannelResult, Decision


class MakeChannel(NamedTuple):
    """Make a channel with a name that no other channel of the organization has."""

    org: int
    source: str
    name: str
    currency: str
    active: bool = True


def wants(command: MakeChannel, needs: Needs) -> None:
    """All channels of the organization."""
    needs.all_of.setdefault(CHANNELS, set()).add(command.org)


def make(command: MakeChannel, facts: Facts) -> Decision:
    """Make the channel. Refused: a blank or long name, one that a channel has, one too many."""
    org, name = command.org, visible(command.name.strip(), "name")
    if len(name) > NAME_MAX:
        raise refuse(Reason.INVALID, f"must not be longer than {NAME_MAX} characters", "name")
    known = [one for one in facts.of(CHANNELS).values() if one.org == org]
    if any(composed(one.name) == composed(name) for one in known):
        raise refuse(Reason.DUPLICATE_ENTRY, "a channel has this name already", "name")
    if len(known) >= CHANNELS_MAX:
        sentence = f"an organization has at most {CHANNELS_MAX:,} channels"
        raise refuse(Reason.ILLEGAL_MOVE, sentence, "name")
    made = Channel(
        org, facts.new_id(), name, command.currency, command.active, facts.now, facts.now
    )
    changes = Changes(facts)
    changes.of(CHANNELS).put(made)
    body = text_of({"name": name, "currency": made.currency, "active": made.active})
    changes.events.append(
        Event(
            org, made.id, 1, events.CHANNEL_MADE, facts.now, command.source, body, events.CHANNEL,
            facts.actor,
        )
    )  # fmt: skip
    return Decision(changes, ChannelResult(made))


def look(named: str | None, org: int, facts: Facts) -> None:
    """Refuse the channel that an order names, by name or by id, if it accepts no orders.

    Blanks around a name are no part of it, as where the channel was made, and two spellings of its
    letters are one.
    """
    named = None if named is None else composed(named)
    id_ = None if named is None else spelled(named)
    for one in facts.of(CHANNELS).values():
        if one.org == org and not one.active and (named == composed(one.name) or id_ == one.id):
            raise refuse(Reason.CHANNEL_CLOSED, field="channel")
