"""The customer of an order. The sender's own id decides. An address joins only orders that are
plainly of one person.
"""

from __future__ import annotations

from typing import Any

from entrepot.core import ids, own_ids
from entrepot.core.addresses import folded
from entrepot.core.changes import Changes
from entrepot.core.commands import CustomerRef
from entrepot.core.facts import Facts
from entrepot.core.kinds import CustomerName
from entrepot.core.order import Customer, Order
from entrepot.core.refusal import Reason, refuse


def resolve_customer(
    ref: CustomerRef, org: int, facts: Facts, changes: Changes, order: Order | None = None
) -> bytes:
    """The customer's id: of the named customer, of the one with the sender's id, of the one joined
    by an address, or a new one.

    `order` is the order that is told again; its customer is mostly the same. A customer who could
    not be known again is the organization's guest, so every order has a customer.
    """
    if ref.customer_id is not None:
        if changes.customers.get((org, ref.customer_id)) is None:
            raise refuse(Reason.UNKNOWN_CUSTOMER, field=ref.field)
        return ref.customer_id
    if ref.own is None and order is not None and _still(ref, order, facts, changes):
        _remember(ref, org, order.customer_id, facts, changes)
        return order.customer_id
    if ref.own is None and not ref.identifiers:
        return facts.orgs[org].guest_id
    names = changes.customer_names
    own = None if ref.own is None else (org, *ref.own)
    # A name stays with its customer: only a new name is in the changes.
    found = None if own is None else facts.customer_names.get(own) or names.get(own)
    customer_id = None if found is None else found.customer_id
    if customer_id is None and own is not None:
        customer_id = _as_shown_to(own[2], org, facts, changes)
        ref = ref if customer_id is None else ref._replace(own=None)
    if customer_id is None:
        customer_id = _joined(ref, org, changes) or facts.new_id()
        if own is not None:
            names.put(CustomerName(*own, customer_id))
    for kind, value in ref.identifiers:
        # An address stays with the customer who had it first.
        name = (org, kind, value)
        if name not in facts.customer_names.now and names.get(name) is None:
            names.put(CustomerName(org, kind, value, customer_id))
    if order is None or customer_id != order.customer_id or not _as_shown(ref, order):
        _remember(ref, org, customer_id, facts, changes)
    return customer_id


def _as_shown_to(text: str, org: int, facts: Facts, changes: Changes) -> bytes | None:
    """The customer whom this text names by our own id. Orders show our id for a customer of whom no
    sender's is known. The guest is nobody, so the guest's id is no customer's.
    """
    shown = ids.spelled(text)
    known = None if shown is None else changes.customers.get((org, shown))
    return None if known is None or shown == facts.orgs[org].guest_id else shown


def snapshot(
    ref: CustomerRef, customer_id: bytes, org: int, facts: Facts, changes: Changes
) -> dict[str, Any]:
    """The customer's names and addresses as the order keeps them, whatever the customer is called
    later.

    An order that names a customer by id alone keeps what that customer is called now.
    """
    told = (ref.first_name, ref.last_name, ref.email, ref.phone)
    if told == _NOBODY and customer_id != facts.orgs[org].guest_id:
        known = changes.customers.get((org, customer_id))
        if known is not None:
            told = (known.first_name, known.last_name, known.email, known.phone)
    if told == _NOBODY:
        return _NAMELESS
    return dict(zip(_SNAPSHOT, told, strict=True))


def retold(
    ref: CustomerRef, order: Order, customer_id: bytes, facts: Facts, changes: Changes
) -> dict[str, Any]:
    """The snapshot of an order that is told again. Members that are absent now stay."""
    told = snapshot(ref, customer_id, order.org, facts, changes)
    if customer_id != order.customer_id:
        return told
    before = (order.first_name, order.last_name, order.email, order.phone)
    return {
        name: old if value is None else value
        for (name, value), old in zip(told.items(), before, strict=True)
    }


_NOBODY = (None, None, None, None)
_SNAPSHOT = ("first_name", "last_name", "email", "phone")
_NAMELESS: dict[str, Any] = dict.fromkeys(_SNAPSHOT)  # never written to


def _as_shown(ref: CustomerRef, order: Order) -> bool:
    """Whether the customer is told as the order has it, so that nothing is news.

    Then the order keeps its names, whatever other orders have called the customer since.
    """
    told = (ref.first_name, ref.last_name, ref.email, ref.phone)
    return told == (order.first_name, order.last_name, order.email, order.phone)


def _still(ref: CustomerRef, order: Order, facts: Facts, changes: Changes) -> bool:
    """Whether a sender without an id of its own means the customer that the order has."""
    known = changes.customers.get((order.org, order.customer_id))
    if known is None or order.customer_id == facts.orgs[order.org].guest_id:
        return False
    return folded(_name(ref)) in ("", folded(known.name))


def _joined(ref: CustomerRef, org: int, changes: Changes) -> bytes | None:
    for kind, value in ref.identifiers:
        name = (org, kind, value)
        found = changes.customer_names.get(name)
        known = None if found is None else changes.customers.get((org, found.customer_id))
        if known is not None and _one_person(ref, kind, known):
            return known.id
    return None


def _one_person(ref: CustomerRef, kind: str, known: Customer) -> bool:
    """Whether nothing that is told contradicts that an address of this kind means this customer.

    A sender's id contradicts another id of that sender, and a name another name. A telephone is
    shared more often than a mailbox: the name has to be told then, and no other mailbox.
    """
    if ref.own is not None and (known.senders is None or ref.own[0] in known.senders.split()):
        return False
    name, nameless = folded(_name(ref)), not (known.first_name or known.last_name)
    if kind == "email":
        return not name or nameless or name == folded(known.name)
    emails = [value for what, value in ref.identifiers if what == "email"]
    same_mail = not emails or known.email is None or folded(known.email) in emails
    return same_mail and not nameless and name == folded(known.name)


def _name(ref: CustomerRef) -> str:
    first, last = ref.first_name, ref.last_name
    return f"{first} {last}" if first and last else first or last or ""


def _remember(
    ref: CustomerRef, org: int, customer_id: bytes, facts: Facts, changes: Changes
) -> None:
    """Keep what the customer is called now; orders keep what they were told."""
    known = changes.customers.get((org, customer_id))
    name = _name(ref)
    if known is None:
        changes.customers.put(Customer(
            org, customer_id, name or "Customer", ref.first_name or None, ref.last_name or None,
            ref.email, ref.phone, facts.now, facts.now, ref.own[0] if ref.own else "",
            own_ids.kept(None, ref.own),
        ))  # fmt: skip
        return
    senders, theirs = known.senders, known.own_ids
    if ref.own is not None:
        if senders is not None and ref.own[0] not in senders.split():
            senders = f"{senders} {ref.own[0]}".strip()
            theirs = own_ids.kept(theirs, ref.own)
        elif theirs is None:
            # In a book from before ids were kept with their customers.
            theirs = own_ids.kept(theirs, ref.own)
    told = Customer(
        org, customer_id, name or known.name, ref.first_name or known.first_name,
        ref.last_name or known.last_name, ref.email or known.email, ref.phone or known.phone,
        known.created_at, known.updated_at, senders, theirs,
    )  # fmt: skip
    if told != known:
        # The time is the row's guard against other processes: no two versions share one.
        changes.customers.put(told._replace(updated_at=max(facts.now, known.updated_at + 1)))
