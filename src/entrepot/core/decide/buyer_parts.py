"""The contacts and locations of a buyer: deleted, updated and made together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from entrepot.core.buyers import (
    BUYER_CONTACTS,
    BUYER_LOCATIONS,
    CONTACT_KINDS,
    LOCATION_ACTIVE,
    PARTS_MAX,
    BuyerContact,
    BuyerLocation,
)
from entrepot.core.changes import Changes
from entrepot.core.decide import named_twice
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.kinds import CustomerName, Key, Kind
from entrepot.core.needs import Needs
from entrepot.core.refusal import Reason, refuse

P = TypeVar("P", BuyerContact, BuyerLocation)
_PLACE = ("label", "type", "line1", "line2", "city", "state", "postcode", "country")


class Address(NamedTuple):
    """A mailbox or a telephone: as it was told, and as it is compared.

    `name` is what a customer is known by through it; None for a placeholder, which names nobody.
    """

    value: str
    compared: str
    name: tuple[str, str] | None


class NewContact(NamedTuple):
    """A contact as wanted. `where` is its path in the sender's body, for refusals."""

    where: str
    kind: str
    address: Address
    contact_name: str | None = None
    is_primary: bool | None = None
    sequence: int | None = None


class ContactChange(NamedTuple):
    """Changes of a contact: a new address, and members by their names."""

    where: str
    kind: str
    id: bytes
    address: Address | None = None
    said: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple default; never written to


class Primary(NamedTuple):
    """The primary address of a kind, told by itself; None: there is none."""

    where: str
    kind: str
    address: Address | None


class PlaceChange(NamedTuple):
    """A location as wanted, or the changes of one: members by their names."""

    where: str
    said: dict[str, Any]
    id: bytes | None = None


class Removal(NamedTuple):
    """A part that goes. `kind` is that of a contact; None for a location."""

    where: str
    kind: str | None
    id: bytes


class BuyerParts(NamedTuple):
    """What is told of the contacts and locations of a buyer.

    `primary_member`, `id_member` and `value_member` are the sender's names of these members, for
    refusals. The value of a contact is called as its kind unless another name is told.
    """

    new: tuple[NewContact, ...] = ()
    changed: tuple[ContactChange, ...] = ()
    primary: tuple[Primary, ...] = ()
    new_places: tuple[PlaceChange, ...] = ()
    changed_places: tuple[PlaceChange, ...] = ()
    removed: tuple[Removal, ...] = ()
    primary_member: str = "is_primary"
    id_member: str = "id"
    value_member: str | None = None

    def addresses(self) -> list[Address]:
        """Every address that is told."""
        told: list[Address | None] = [one.address for one in self.new]
        told += [one.address for one in self.changed]
        told += [one.address for one in self.primary]
        return [one for one in told if one is not None]


def wants(org: int, parts: BuyerParts, needs: Needs) -> None:
    """The customers whom the told addresses name already."""
    names = [one.name for one in parts.addresses()]
    needs.customer_names.update([(org, *name) for name in names if name is not None])


def as_left(kind: Kind[Any, P], of: Key, facts: Facts, changes: Changes) -> list[P]:
    """The parts of a buyer as the decision leaves them so far."""
    rows = {kind.key(row): row for row in facts.group(kind, of)}
    for key, row in changes.of(kind).rows.items():
        if row is None:
            rows.pop(key, None)
        elif key[:2] == of:
            rows[key] = row
    return list(rows.values())


def change(
    org: int, customer_id: bytes, parts: BuyerParts, facts: Facts, changes: Changes
) -> dict[str, Any]:
    """Write what is told; what differs then, by the id of the part, with both values.

    Refused: an unknown part, a part too many, a part that is named twice, an address that the buyer
    has already, two primary contacts of one kind.
    """
    told: dict[str, Any] = {}
    named_twice.refuse([(one.id, one) for one in parts.changed], "contact", parts.id_member)
    places = [(one.id or b"", one) for one in parts.changed_places]
    named_twice.refuse(places, "location", parts.id_member)
    for kind in CONTACT_KINDS:
        _Contacts(org, customer_id, kind, parts, facts, changes).change()
    _places(org, customer_id, parts, facts, changes)
    if differing := _differing(BUYER_CONTACTS, facts, changes):
        told["contacts"] = differing
    if differing := _differing(BUYER_LOCATIONS, facts, changes):
        told["locations"] = differing
    return told


class _Contacts:
    """The contacts of one kind, while they change."""

    def __init__(
        self,
        org: int,
        customer_id: bytes,
        kind: str,
        parts: BuyerParts,
        facts: Facts,
        changes: Changes,
    ) -> None:
        self._org, self._customer, self._kind = org, customer_id, kind
        self._parts, self._facts, self._changes = parts, facts, changes
        known = as_left(BUYER_CONTACTS, (org, customer_id), facts, changes)
        self._before = {one.id: one for one in known if one.kind == kind}
        self._now = dict(self._before)
        # The contact that is told to be primary, and its place in the sender's body.
        self._chosen: tuple[bytes, str] | None = None
        # The contacts that got another address, in their order, with their places in the body.
        self._moved: dict[bytes, str] = {}

    def change(self) -> None:
        """Delete, update, make; then see to what is primary."""
        parts, kind = self._parts, self._kind
        for gone in [one for one in parts.removed if one.kind == kind]:
            _taken(self._now, gone.id, gone.where, kind)
        for told in [one for one in parts.changed if one.kind == kind]:
            self._update(told)
        for new in [one for one in parts.new if one.kind == kind]:
            self._make(new)
        self._look_for_twins()
        self._choose([one for one in parts.primary if one.kind == kind])
        self._write()

    def _update(self, told: ContactChange) -> None:
        known = self._now.get(told.id)
        if known is None:
            raise _unknown(f"{told.where}.{self._parts.id_member}", self._kind)
        self._now[told.id] = known._replace(**told.said)
        if told.address is not None:
            self._address(told.id, told.address, told.where)
        if told.said.get("is_primary"):
            self._choose_told(told.id, told.where)

    def _make(self, new: NewContact) -> None:
        if len(self._now) >= PARTS_MAX:
            raise _too_many(new.where, f"{self._kind}s")
        id_, last = (
            self._facts.new_id(),
            max([one.sequence for one in self._now.values()], default=0),
        )
        first = not self._now and new.is_primary is None
        self._now[id_] = BuyerContact(
            self._org, self._customer, id_, self._kind, "", "", new.contact_name,
            bool(new.is_primary) or first, last + 1 if new.sequence is None else new.sequence,
            self._facts.now, self._facts.now,
        )  # fmt: skip
        self._address(id_, new.address, new.where)
        if new.is_primary:
            self._choose_told(id_, new.where)

    def _address(self, id_: bytes, address: Address, where: str) -> None:
        known = self._now[id_]
        if known.compared != address.compared:
            self._moved[id_] = where
        self._now[id_] = known._replace(value=address.value, compared=address.compared)
        _name(self._org, self._customer, address, self._changes)

    def _look_for_twins(self) -> None:
        """Refuse an address that another contact has. Only what all changes leave counts, so that
        two contacts may change their addresses with each other.
        """
        seen = {one.compared for id_, one in self._now.items() if id_ not in self._moved}
        for id_, where in self._moved.items():
            told = self._now[id_].compared
            if told in seen:
                sentence = f"the buyer has this {self._kind} already"
                member = self._parts.value_member or self._kind
                raise refuse(Reason.DUPLICATE_ENTRY, sentence, f"{where}.{member}")
            seen.add(told)

    def _choose_told(self, id_: bytes, where: str) -> None:
        if self._chosen is not None and self._chosen[0] != id_:
            at = f"{where}.{self._parts.primary_member}"
            raise refuse(Reason.INVALID, f"another {self._kind} is told to be primary", at)
        self._chosen = (id_, where)

    def _choose(self, primary: list[Primary]) -> None:
        """At most one contact is primary: the one that is told to be, the earlier one else."""
        for told in primary:
            self._tell(told)
        if self._chosen is not None:
            for id_, one in self._now.items():
                self._now[id_] = one._replace(is_primary=id_ == self._chosen[0])

    def _tell(self, primary: Primary) -> None:
        """The primary address by itself: that of a contact, or of a new one."""
        address, chosen = primary.address, self._chosen
        if chosen is not None and (
            address is None or self._now[chosen[0]].compared != address.compared
        ):
            sentence = f"is not the {self._kind} that is told to be primary"
            raise refuse(Reason.INVALID, sentence, primary.where)
        if address is None:
            for id_, one in self._now.items():
                self._now[id_] = one._replace(is_primary=False)
            return
        same = [one.id for one in self._now.values() if one.compared == address.compared]
        if not same:
            if len(self._now) >= PARTS_MAX:
                raise _too_many(primary.where, f"{self._kind}s")
            self._make(NewContact(primary.where, self._kind, address, is_primary=True))
        else:
            self._address(same[0], address, primary.where)
            self._chosen = (same[0], primary.where)

    def _write(self) -> None:
        pending = self._changes.of(BUYER_CONTACTS)
        for id_, one in self._now.items():
            if one != self._before.get(id_):
                pending.put(one._replace(updated_at=self._facts.now))
        for id_ in self._before.keys() - self._now.keys():
            pending.remove((self._org, self._customer, id_))


def _name(org: int, customer_id: bytes, address: Address, changes: Changes) -> None:
    """Know the customer by the address, unless another customer had the address first."""
    if address.name is not None:
        names = changes.customer_names
        if names.get((org, *address.name)) is None:
            names.put(CustomerName(org, *address.name, customer_id))


def _places(
    org: int, customer_id: bytes, parts: BuyerParts, facts: Facts, changes: Changes
) -> None:
    at, pending = facts.now, changes.of(BUYER_LOCATIONS)
    known = {one.id: one for one in as_left(BUYER_LOCATIONS, (org, customer_id), facts, changes)}
    for gone in [one for one in parts.removed if one.kind is None]:
        _taken(known, gone.id, gone.where, "location")
        pending.remove((org, customer_id, gone.id))
    for told in parts.changed_places:
        place = known.get(told.id or b"")
        if place is None:
            raise _unknown(f"{told.where}.{parts.id_member}", "location")
        changed = place._replace(**told.said)
        if changed != place:
            known[place.id] = changed._replace(updated_at=at)
            pending.put(known[place.id])
    for new in parts.new_places:
        if len(known) >= PARTS_MAX:
            raise _too_many(new.where, "locations")
        values = {name: new.said.get(name) for name in _PLACE}
        status = new.said.get("status") or LOCATION_ACTIVE
        made = BuyerLocation(
            org, customer_id, facts.new_id(), status=status, created_at=at, updated_at=at, **values
        )
        known[made.id] = made
        pending.put(made)


def _taken(known: dict[bytes, P], id_: bytes, where: str, kind: str) -> None:
    if known.pop(id_, None) is None:
        raise _unknown(where, kind)


def _unknown(where: str, kind: str) -> Exception:
    return refuse(Reason.INVALID, f"the buyer has no such {kind}", where)


def _too_many(where: str, kinds: str) -> Exception:
    return refuse(Reason.INVALID, f"a buyer has at most {PARTS_MAX} {kinds}", where)


def _differing(kind: Kind[Any, P], facts: Facts, changes: Changes) -> dict[str, Any]:
    rows: Iterable[tuple[Any, P | None]] = changes.of(kind).rows.items()
    before: Callable[[Any], P | None] = facts.of(kind).get
    return {dashed(key[2]): [_told(before(key)), _told(row)] for key, row in rows}


_UNTOLD = frozenset({"org", "customer_id", "id", "compared", "created_at", "updated_at"})


def _told(part: BuyerContact | BuyerLocation | None) -> dict[str, Any] | None:
    """A part as an event tells it, by the members that have a value."""
    if part is None:
        return None
    members = part._asdict().items()
    return {name: value for name, value in members if name not in _UNTOLD and value is not None}
