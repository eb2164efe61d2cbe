"""An organization changes its settings."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core import actor, events
from entrepot.core.attributing import WINDOW_DAYS_MAX
from entrepot.core.changes import Changes
from entrepot.core.decide import run_stock
from entrepot.core.decide.capturing import settings_of
from entrepot.core.decide.run_stock import RunStock
from entrepot.core.facts import Facts
from entrepot.core.invoices import WHEN
from entrepot.core.lapsing import RULES
from entrepot.core.merging import MERGING, NEVER
from entrepot.core.needs import Needs
from entrepot.core.order import Event
from entrepot.core.organization import CAPTURES, SETTINGS, OrganizationSettings
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, Refusal, Refused, all_of
from entrepot.core.results import Decision, SettingsResult
from entrepot.core.stock_settings import STOCK_SETTINGS

_WORDS = (("capture", CAPTURES), ("lapsing", RULES), ("invoices", WHEN), ("merging", MERGING))


class ChangeSettings(NamedTuple):
    """Change what an organization chose. None leaves a setting as it is.

    `stock`: how stock is run from now on, changed together with the rest or not at all.
    """

    org: int
    capture: str | None = None
    lapsing: str | None = None
    attribution_days: int | None = None
    invoices: str | None = None
    merging: str | None = None
    source: str = actor.OPERATOR  # the dialect that tells it, or the operator
    stock: RunStock | None = None


def wants(command: ChangeSettings, needs: Needs) -> None:
    """The settings as they are, and how stock is run."""
    needs.of(SETTINGS).add((command.org,))
    if command.stock is None:
        needs.of(STOCK_SETTINGS).add((command.org,))
    else:
        run_stock.wants(command.stock, needs)


def change(command: ChangeSettings, facts: Facts) -> Decision:
    """Write the settings, and tell the organization's log of those that changed, from what to what.

    Decisions of earlier commands stay. How stock is run may be told as it is, and changes nothing
    then: no watch over low stock begins. Refused: unknown values, and what `run_stock` refuses.
    """
    known, days = settings_of(command.org, facts), command.attribution_days
    if faults := _faults(command):
        raise Refused(all_of(faults))
    chosen = OrganizationSettings(
        command.org, command.capture or known.capture, command.lapsing or known.lapsing,
        known.attribution_days if days is None else days, command.invoices or known.invoices,
        _merging_since(command, known, facts),
    )  # fmt: skip
    changes = Changes(facts)
    if chosen != known:
        changes.of(SETTINGS).put(chosen)
        changes.events.append(_told(known, chosen, command.source, facts))
    if command.stock is None or run_stock.says_nothing_new(command.stock, facts):
        stock, hard = facts.of(STOCK_SETTINGS).get((command.org,)), facts.orgs[command.org].hard
    else:
        stock, hard = run_stock.tell(command.stock, facts, changes)
    return Decision(changes, SettingsResult(chosen, stock, hard))


def _faults(command: ChangeSettings) -> list[Refusal]:
    """Every value that is none."""
    faults = [
        Refusal(Reason.INVALID, f"must be one of {', '.join(words)}", name)
        for name, words in _WORDS
        if getattr(command, name) not in (None, *words)
    ]
    days = command.attribution_days
    if days is not None and not 1 <= days <= WINDOW_DAYS_MAX:
        sentence = f"must be 1 to {WINDOW_DAYS_MAX}"
        faults.append(Refusal(Reason.INVALID, sentence, "attribution_days"))
    return faults


def _merging_since(
    command: ChangeSettings, known: OrganizationSettings, facts: Facts
) -> int | None:
    """Since when orders are merged: of orders that were there before, none is."""
    if command.merging is None:
        return known.merging_since
    return None if command.merging == NEVER else known.merging_since or facts.now


def _told(
    before: OrganizationSettings, after: OrganizationSettings, source: str, facts: Facts
) -> Event:
    """The event of a change, of which it is the only one."""
    pairs = zip(after._fields, before, after, strict=True)
    changed = {name: [was, is_] for name, was, is_ in pairs if was != is_}
    return Event(
        after.org, facts.new_id(), 1, events.SETTINGS_CHANGED, facts.now, source,
        text_of({"changed": changed}), events.CHOICE, facts.actor,
    )  # fmt: skip
