"""Price lists: made, assigned to customers, and looked at where a line says no price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, Protocol

from entrepot.core import events, price_lists
from entrepot.core.changes import Changes
from entrepot.core.commands import CustomerRef, DraftLine
from entrepot.core.decide import partner
from entrepot.core.decide.catalogue import resolve_variant
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.money import Amount
from entrepot.core.naming import visible
from entrepot.core.needs import Needs, PricedLines
from entrepot.core.order import Event, Order, Variant
from entrepot.core.partnerships import PARTNERSHIPS, Partnership
from entrepot.core.price_lists import LIST_ENTRIES, PRICE_LISTS, ListEntry, PriceList
from entrepot.core.properties import text_of
from entrepot.core.refusal import Reason, Refusal, Refused, all_of, refuse
from entrepot.core.results import Decision, PriceListResult


class DraftEntry(NamedTuple):
    """An entry as wanted. `where` is its path in the sender's body, for refusals.

    Without a currency the variant's own is meant.
    """

    where: str
    variant_id: bytes
    price: Amount | None = None
    currency: str | None = None


class PriceListPaths(NamedTuple):
    """The sender's names for members, for refusals."""

    variant: str = "variant_id"
    partnerships: str = "customers"
    name: str = "name"


LISTED_ALREADY: Final = "the list has this variant already"


class Lists(Protocol):
    """The part that is common to the commands that write a list."""

    @property
    def org(self) -> int:
        """The organization."""
        ...

    @property
    def customers(self) -> tuple[bytes, ...]:
        """Who gets the list."""
        ...

    @property
    def places(self) -> Mapping[str, int]:
        """The decimal places of each currency's smallest unit."""
        ...

    @property
    def paths(self) -> PriceListPaths:
        """The sender's names for members."""
        ...


class MakePriceList(NamedTuple):
    """Make a price list with its entries, and assign the list to customers.

    `places` has the decimal places of each currency's smallest unit. `adjustment` is a percentage
    in units of four places.
    """

    org: int
    source: str
    name: str
    entries: tuple[DraftEntry, ...]
    customers: tuple[bytes, ...] = ()
    adjustment: int = 0
    properties: str | None = None
    places: Mapping[str, int] = {}
    paths: PriceListPaths = PriceListPaths()


def wants(command: MakePriceList, needs: Needs) -> None:
    """The variants, and the partnerships."""
    for entry in command.entries:
        needs.variants.add((command.org, entry.variant_id))
    for customer_id in command.customers:
        partner.wants(command.org, customer_id, needs)


def make(command: MakePriceList, facts: Facts) -> Decision:
    """Make the list. A customer who had another list has this one from now on.

    Refused: variants and customers that are unknown, and a variant twice.
    """
    org, changes = command.org, Changes(facts)
    faults = entry_faults(command, command.entries, facts)
    assigned = assignable(command, facts, changes, faults)
    if faults:
        raise Refused(all_of(faults))
    made = PriceList(
        org, facts.new_id(), visible(command.name, command.paths.name), command.adjustment,
        command.properties, facts.now, facts.now, 1,
    )  # fmt: skip
    entries = [entry_of(one, made, command.places, facts) for one in command.entries]
    changes.of(PRICE_LISTS).put(made)
    changes.of(LIST_ENTRIES).put_all(entries)
    body = {
        "name": made.name, "entries": len(entries),
        "customers": [dashed(one.id) for one in assigned],
    }  # fmt: skip
    changes.events.append(
        Event(
            org, made.id, 1, events.PRICE_LIST_CREATED, facts.now, command.source, text_of(body),
            events.PRICE_LIST, facts.actor,
        )
    )  # fmt: skip
    for partnership in assigned:
        partner.change(
            partnership, {"list_id": made.id}, command.source, facts, changes,
            command.paths.partnerships,
        )  # fmt: skip
    return Decision(changes, PriceListResult(made, tuple([one.id for one in entries])))


def entry_faults(command: Lists, entries: Iterable[DraftEntry], facts: Facts) -> list[Refusal]:
    """The faults of entries that are to come: variants that are unknown or come twice, and prices
    that nobody can tell.
    """
    faults: list[Refusal] = []
    seen: set[bytes] = set()
    for entry in entries:
        field = f"{entry.where}.{command.paths.variant}"
        variant = facts.variants.get((command.org, entry.variant_id))
        if variant is None or variant.deleted_at is not None:
            faults.append(Refusal(Reason.UNKNOWN_VARIANT, field=field))
        elif entry.variant_id in seen:
            faults.append(Refusal(Reason.INVALID, LISTED_ALREADY, field))
        elif fault := price_fault(entry, variant, command.places):
            faults.append(fault)
        seen.add(entry.variant_id)
    return faults


def price_fault(entry: DraftEntry, variant: Variant, places: Mapping[str, int]) -> Refusal | None:
    """Why an entry may not say the price of its variant; None where the entry may."""
    if (entry.currency or variant.currency) not in places:
        sentence = "the variant has no price yet: say a price and its currency"
        return Refusal(Reason.INVALID, sentence, f"{entry.where}.currency")
    if entry.price is None and entry.currency not in (None, variant.currency):
        sentence = f"the variant is priced in {variant.currency}: say a price"
        return Refusal(Reason.INVALID, sentence, f"{entry.where}.price")
    return None


def assignable(
    command: Lists, facts: Facts, changes: Changes, faults: list[Refusal]
) -> list[Partnership]:
    """The partnerships with the customers who get the list, each once; `faults` gets those of
    whom nothing is known.
    """
    assigned: list[Partnership] = []
    for index, customer_id in enumerate(command.customers):
        partnership = partner.of(command.org, customer_id, changes)
        if partnership is None or customer_id == facts.orgs[command.org].guest_id:
            field = f"{command.paths.partnerships}[{index}]"
            faults.append(Refusal(Reason.UNKNOWN_CUSTOMER, field=field))
        else:
            assigned.append(partnership)
    return list({one.id: one for one in assigned}.values())


def entry_of(
    draft: DraftEntry, of: PriceList, places: Mapping[str, int], facts: Facts
) -> ListEntry:
    """The entry that a draft becomes."""
    currency = draft.currency or facts.variants[of.org, draft.variant_id].currency
    return ListEntry(
        of.org, of.id, draft.variant_id, facts.new_id(), draft.price, currency, places[currency]
    )


def wants_of_order(
    org: int, customer: CustomerRef, lines: tuple[DraftLine, ...], needs: Needs
) -> None:
    """The list of a new order's customer, with the entries of these lines."""
    partner.wants_of_order(org, customer, needs)
    needs.priced.append(PricedLines(org, lines, customer))


def priced(
    drafts: tuple[DraftLine, ...],
    customer_id: bytes,
    org: int,
    currency: str,
    facts: Facts,
    changes: Changes,
) -> tuple[DraftLine, ...]:
    """The lines with the prices of the customer's list, where they say none.

    A line that names an entry of a list has that entry, whoever orders. A variant that is not on
    the customer's list has its own price.
    """
    partnership = facts.of(PARTNERSHIPS).get((org, customer_id))
    list_id = None if partnership is None else partnership.list_id
    return tuple([_priced(one, list_id, org, currency, facts, changes) for one in drafts])


def for_new_order(
    drafts: tuple[DraftLine, ...],
    customer_id: bytes,
    org: int,
    currency: str,
    facts: Facts,
    changes: Changes,
) -> tuple[tuple[DraftLine, ...], str]:
    """Lines of an order that is placed, as `priced`; and the order's currency, if it is known."""
    drafts = priced(drafts, customer_id, org, currency, facts, changes)
    return drafts, currency or drafts[0].currency or ""


def for_order(
    drafts: tuple[DraftLine, ...], order: Order, facts: Facts, changes: Changes
) -> tuple[DraftLine, ...]:
    """Lines that are added to an order, as `priced`."""
    return priced(drafts, order.customer_id, order.org, order.currency, facts, changes)


def _priced(
    draft: DraftLine, list_id: bytes | None, org: int, currency: str, facts: Facts,
    changes: Changes,
) -> DraftLine:  # fmt: skip
    ref = draft.variant
    named = None if ref.entry_id is None else facts.list_of_entry.get((org, ref.entry_id))
    list_id = named or list_id
    if list_id is None:
        return draft
    variant = resolve_variant(draft, org, facts, changes)
    entry = facts.of(LIST_ENTRIES).get((org, list_id, variant.id))
    its = facts.of(PRICE_LISTS).get((org, list_id))
    if entry is None or its is None or entry.removed_at is not None:
        return draft
    # The variant stays the one that the line means, however the line names it.
    draft = draft._replace(variant=ref._replace(variant_id=variant.id, entry_id=entry.id))
    if draft.price is not None:
        return draft
    found = price_lists.resolved(entry, its, variant)
    wanted = draft.currency or currency
    if found is None or wanted not in ("", found.currency):
        listed = entry.currency if found is None else found.currency
        say = f"say a price in {wanted}" if wanted else "say a price and its currency"
        sentence = f"the list {its.name} has a price in {listed}: {say}"
        raise refuse(Reason.INVALID, sentence, field=f"{draft.where}.{draft.price_field}")
    if not found.price.within_range():
        sentence = "the price on the list is out of range"
        raise refuse(Reason.INVALID, sentence, f"{draft.where}.{draft.price_field}")
    return draft._replace(price=found.price, currency=found.currency)
