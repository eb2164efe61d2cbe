"""A notification of a payment service is kept, once, before anything follows from it."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.needs import Needs
from entrepot.core.notice import NOTICES, Notice, Topics
from entrepot.core.results import Decision, NoticeResult


class KeepNotice(NamedTuple):
    """Keep a notification whose signature was found right, under each reference that it names."""

    org: int
    service: str
    event: str
    references: tuple[str, ...]
    body: bytes
    topics: Topics = Topics()


def wants(command: KeepNotice, needs: Needs) -> None:
    """The notices that the notification makes: some may be there."""
    for reference in command.references:
        needs.of(NOTICES).add((command.org, command.service, reference, command.event))


def keep(command: KeepNotice, facts: Facts) -> Decision:
    """Make the notices that are not there yet. A repeat makes none."""
    changes = Changes(facts)
    new = False
    for reference in dict.fromkeys(command.references):
        made = Notice(
            command.org, command.service, reference, command.event, facts.now, 0, command.body,
            command.topics.money, command.topics.dispute,
        )  # fmt: skip
        if facts.of(NOTICES).get(NOTICES.key(made)) is None:
            changes.of(NOTICES).put(made)
            new = True
    return Decision(changes, NoticeResult(new))
