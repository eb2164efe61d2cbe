"""An organization says how it runs its stock."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import events
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.needs import Needs
from entrepot.core.order import Event, Level
from entrepot.core.organization import OwnChanges
from entrepot.core.properties import text_of
from entrepot.core.quantity import text
from entrepot.core.refusal import Reason, refuse
from entrepot.core.results import Decision, StockSettingsResult
from entrepot.core.stock_settings import (
    ALLOCATIONS,
    COSTINGS,
    DEFAULT_COSTING,
    DEFAULT_THRESHOLD,
    STOCK_SETTINGS,
    THRESHOLD_MAX,
    StockSettings,
)


class RunStock(NamedTuple):
    """Say how stock is run. None leaves a setting as it is, or as it is by default."""

    org: int
    source: str
    allocation: str | None = None
    low_stock_threshold: int | None = None
    auto_po: bool | None = None
    costing: str | None = None
    by: bytes | None = None  # the id of the credential that says it, if it is one


def wants(command: RunStock, needs: Needs) -> None:
    """The settings as they are, and the shelves that HARD allocation would not allow."""
    needs.of(STOCK_SETTINGS).add((command.org,))
    if command.allocation == "HARD":
        needs.oversold.add(command.org)


def run(command: RunStock, facts: Facts) -> Decision:
    """Write the settings, and tell the organization's log of them, changed or not.

    The first settings begin the watch over low stock. Refused: an unknown word, a threshold out of
    range, and HARD allocation while more is reserved of a shelf than there is.
    """
    changes = Changes(facts)
    return Decision(changes, StockSettingsResult(*tell(command, facts, changes)))


def says_nothing_new(command: RunStock, facts: Facts) -> bool:
    """Whether each setting is told as it is: as somebody told it last, or by default."""
    known = facts.of(STOCK_SETTINGS).get((command.org,))
    here = {
        "allocation": "HARD" if facts.orgs[command.org].hard else "SOFT",
        "low_stock_threshold": None if known is None else known.low_stock_threshold,
        "auto_po": False if known is None else known.auto_po,
        "costing": DEFAULT_COSTING if known is None else known.costing,
    }
    return all(getattr(command, name) in (None, value) for name, value in here.items())


def tell(command: RunStock, facts: Facts, changes: Changes) -> tuple[StockSettings, bool]:
    """As `run` does, as a part of other changes: the settings, and whether allocation is HARD."""
    org = command.org
    _look(command)
    hard = facts.orgs[org].hard
    if command.allocation == "HARD" and not hard and (over := facts.oversold.get(org)):
        raise refuse(Reason.OUT_OF_STOCK, _oversold(over), "inventory_allocation_model")
    known = changes.of(STOCK_SETTINGS).get((org,)) or StockSettings(
        org, facts.new_id(), 0, DEFAULT_THRESHOLD, False, DEFAULT_COSTING, 0, None, facts.now,
        facts.now,
    )  # fmt: skip
    told: dict[str, Any] = {
        name: value
        for name in ("low_stock_threshold", "auto_po", "costing")
        if (value := getattr(command, name)) is not None
    }
    settings = known._replace(
        version=known.version + 1, updated_by=command.by, updated_at=facts.now, **told
    )
    changes.of(STOCK_SETTINGS).put(settings)
    if command.allocation is not None:
        hard = command.allocation == "HARD"
        if hard != facts.orgs[org].hard:
            changes.organizations[org] = OwnChanges(hard)
    body = {
        "inventory_allocation_model": "HARD" if hard else "SOFT",
        "default_low_stock_threshold": settings.low_stock_threshold,
        "auto_po_enabled": settings.auto_po,
        "costing_method": settings.costing,
    }
    changes.events.append(
        Event(
            org, settings.id, settings.version, events.STOCK_SETTINGS_TOLD, facts.now,
            command.source, text_of(body), events.SETTINGS, facts.actor,
        )
    )  # fmt: skip
    return settings, hard


def _look(command: RunStock) -> None:
    """Refuse words and numbers that are none."""
    for name, value, words in (
        ("inventory_allocation_model", command.allocation, ALLOCATIONS),
        ("costing_method", command.costing, COSTINGS),
    ):
        if value is not None and value not in words:
            raise refuse(Reason.INVALID, f"must be one of {', '.join(words)}", name)
    threshold = command.low_stock_threshold
    if threshold is not None and not 0 <= threshold <= THRESHOLD_MAX:
        sentence = f"must be a whole number from 0 to {THRESHOLD_MAX}"
        raise refuse(Reason.INVALID, sentence, "default_low_stock_threshold")


def _oversold(shelves: list[Level]) -> str:
    """Why HARD allocation cannot begin, with the first shelf as an example."""
    one = shelves[0]
    return (
        f"more is reserved than there is: of variant {dashed(one.variant_id)} "
        f"{text(one.reserved)} reserved, {text(one.on_hand)} on hand; adjust the stock, or cancel "
        "orders, first"
    )
