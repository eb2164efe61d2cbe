"""Amending price lists: their entries, their percentage, and who has them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from entrepot.core import events, price_lists
from entrepot.core.changes import Changes
from entrepot.core.decide import named_twice, partner
from entrepot.core.decide.price import (
    LISTED_ALREADY,
    DraftEntry,
    PriceListPaths,
    assignable,
    entry_faults,
    entry_of,
    price_fault,
)
from entrepot.core.expected import ANY, Expected
from entrepot.core.facts import Facts
from entrepot.core.naming import visible
from entrepot.core.needs import Needs
from entrepot.core.order import Event, or_equal
from entrepot.core.price_lists import (
    LIST_ENTRIES,
    PRICE_LISTS,
    EntryKey,
    ListEntry,
    PriceList,
)
from entrepot.core.properties import merged_text, parse, text_of
from entrepot.core.refusal import Reason, Refusal, Refused, all_of, refuse
from entrepot.core.results import Decision, PriceListResult

NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class EntryChange(NamedTuple):
    """An entry to change. `said` may have its `price` (None: the variant's own) and `currency`."""

    where: str
    variant_id: bytes
    said: Mapping[str, Any]


class AmendPriceList(NamedTuple):
    """Change a price list, its entries and who has the list together, or nothing.

    `said` may have `name`, `adjustment` (as in MakePriceList) and `properties`: an object that is
    merged deeply, None takes all away. Entries are removed, then changed, then added. A removed
    entry is named by its variant and the path of that. `customers` get the list, and whoever of
    `without` has the list has the default one again.
    """

    org: int
    source: str
    list_id: bytes
    said: Mapping[str, Any] = NOTHING
    add: tuple[DraftEntry, ...] = ()
    change: tuple[EntryChange, ...] = ()
    remove: tuple[tuple[bytes, str], ...] = ()
    customers: tuple[bytes, ...] = ()
    without: tuple[bytes, ...] = ()
    expected: Expected = ANY
    places: Mapping[str, int] = {}
    paths: PriceListPaths = PriceListPaths()


def wants(command: AmendPriceList, needs: Needs) -> None:
    """The list, the entries and variants that change, and the partnerships."""
    org, list_id = command.org, command.list_id
    needs.of(PRICE_LISTS).add((org, list_id))
    needs.variants.update((org, variant_id) for variant_id in _priced(command))
    needs.of(LIST_ENTRIES).update(_touched(command))
    for customer_id in (*command.customers, *command.without):
        partner.wants(org, customer_id, needs)
    for customer_id in command.customers:
        # An order of the same batch may come after this command, and has the list then.
        needs.assigned.setdefault((org, customer_id), set()).add(list_id)


def _priced(command: AmendPriceList) -> set[bytes]:
    """The variants whose entries come or change."""
    return {one.variant_id for one in command.add} | {one.variant_id for one in command.change}


def _touched(command: AmendPriceList) -> set[EntryKey]:
    """The keys of the entries that the command names."""
    variants = _priced(command) | {variant_id for variant_id, _ in command.remove}
    return {(command.org, command.list_id, variant_id) for variant_id in variants}


def amend(command: AmendPriceList, facts: Facts) -> Decision:
    """Write what is told. Lines keep the prices that they were placed with.

    What is as it was changes nothing. Refused: an unknown list, another version than is expected,
    variants and customers that are unknown, entries that are there already or are not there, and an
    entry that is named twice.
    """
    changes = Changes(facts)
    before = facts.of(PRICE_LISTS).get((command.org, command.list_id))
    if before is None or command.list_id == facts.orgs[command.org].default_list:
        raise refuse(Reason.UNKNOWN_PRICE_LIST)
    _as_expected(before, command.expected)
    faults: list[Refusal] = []
    entries = _entries(command, before, facts, changes, faults)
    assigned = assignable(command, facts, changes, faults)
    if faults:
        raise Refused(all_of(faults))
    after = _told(before, command.said)
    if after.name != before.name:
        visible(after.name, command.paths.name)
    body = _differing(before, after)
    if entries:
        body["entries"] = entries
    if body:
        # No two versions have one time, so that a reader who goes by the time misses none.
        at = max(facts.now, before.updated_at + 1)
        after = after._replace(updated_at=at, version=before.version + 1)
        changes.of(PRICE_LISTS).put(after)
        changes.events.append(
            Event(
                after.org, after.id, after.version, events.PRICE_LIST_CHANGED, facts.now,
                command.source, text_of({"name": after.name, **body}), events.PRICE_LIST,
                facts.actor,
            )
        )  # fmt: skip
    for partnership in assigned:
        partner.change(
            partnership, {"list_id": after.id}, command.source, facts, changes,
            command.paths.partnerships,
        )  # fmt: skip
    _take_from(command, facts, changes)
    return Decision(changes, PriceListResult(after, ()))


def _take_from(command: AmendPriceList, facts: Facts, changes: Changes) -> None:
    """Customers who have the list have the default one again; others keep what they have."""
    for customer_id in command.without:
        partnership = partner.of(command.org, customer_id, changes)
        if partnership is not None and partnership.list_id == command.list_id:
            partner.change(partnership, {"list_id": None}, command.source, facts, changes)


def _as_expected(of: PriceList, expected: Expected) -> None:
    current = price_lists.revision(of)
    if not expected.met_by(current, of.updated_at):
        sentence = f"the price list is the version {current}, and not the one that is meant"
        raise Refused(Refusal(Reason.CHANGED_MEANWHILE, sentence, version=current))


def _told(of: PriceList, said: Mapping[str, Any]) -> PriceList:
    told = dict(said)
    if isinstance(told.get("properties"), dict):
        told["properties"] = merged_text(of.properties, told["properties"])
    return of._replace(**told)


def _differing(before: PriceList, after: PriceList) -> dict[str, Any]:
    pairs = {
        name: [_plain(name, getattr(before, name)), _plain(name, getattr(after, name))]
        for name in ("name", "adjustment", "properties")
        if getattr(before, name) != getattr(after, name)
    }
    return {"changed": pairs} if pairs else {}


def _plain(name: str, value: Any) -> Any:
    if name == "adjustment":
        return price_lists.percent_text(value)
    return parse(value) if name == "properties" and value is not None else value


def _entries(
    command: AmendPriceList, of: PriceList, facts: Facts, changes: Changes, faults: list[Refusal]
) -> dict[str, int]:
    """Write the entries that differ; how many were removed, changed and added, if any."""
    found = facts.of(LIST_ENTRIES)
    known = {
        key: one for key in _touched(command)
        if (one := found.get(key)) is not None and one.removed_at is None
    }  # fmt: skip
    now = dict(known)
    for variant_id, where in command.remove:
        if now.pop((of.org, of.id, variant_id), None) is None:
            faults.append(_not_listed(where))
    twins = [(one.variant_id, one) for one in command.change]
    faults += named_twice.faults(twins, "variant", command.paths.variant)
    for change in command.change:
        key = (of.org, of.id, change.variant_id)
        if (entry := now.get(key)) is None:
            faults.append(_not_listed(f"{change.where}.{command.paths.variant}"))
        else:
            now[key] = _changed(entry, change, command, facts, faults)
    faults += entry_faults(command, command.add, facts)
    for draft in command.add:
        key = (of.org, of.id, draft.variant_id)
        if key in now:
            field = f"{draft.where}.{command.paths.variant}"
            faults.append(Refusal(Reason.INVALID, LISTED_ALREADY, field))
        elif not faults:
            now[key] = _again(entry_of(draft, of, command.places, facts), facts)
    if faults:
        return {}
    return _written(known, now, facts, changes)


def _again(entry: ListEntry, facts: Facts) -> ListEntry:
    """An entry that was removed before comes back with the id that the entry had."""
    removed = facts.of(LIST_ENTRIES).get((entry.org, entry.list_id, entry.variant_id))
    return entry if removed is None else entry._replace(id=removed.id)


def _changed(
    entry: ListEntry, change: EntryChange, command: AmendPriceList, facts: Facts,
    faults: list[Refusal],
) -> ListEntry:  # fmt: skip
    told = entry._replace(**change.said)
    if entry.price is not None and told.price is not None:
        # An equal price with other places is no change.
        told = told._replace(price=or_equal(entry.price, told.price))
    draft = DraftEntry(change.where, change.variant_id, told.price, told.currency)
    fault = price_fault(draft, facts.variants[entry.org, entry.variant_id], command.places)
    if fault is None and "price" not in change.said and told.currency != entry.currency:
        # The same number in another currency is another price.
        fault = Refusal(
            Reason.INVALID, f"say the price in {told.currency}", f"{change.where}.price"
        )
    if fault is not None:
        faults.append(fault)
        return entry
    return told._replace(places=command.places[told.currency])


def _written(
    known: Mapping[Any, ListEntry], now: Mapping[Any, ListEntry], facts: Facts, changes: Changes
) -> dict[str, int]:
    removed = [one._replace(removed_at=facts.now) for key, one in known.items() if key not in now]
    added = [one for key, one in now.items() if key not in known]
    changed = [one for key, one in now.items() if key in known and one != known[key]]
    changes.of(LIST_ENTRIES).put_all([*removed, *changed, *added])
    counts = {"removed": len(removed), "changed": len(changed), "added": len(added)}
    return {name: count for name, count in counts.items() if count}


def _not_listed(field: str) -> Refusal:
    return Refusal(Reason.UNKNOWN_VARIANT, "the list does not have this variant", field)
