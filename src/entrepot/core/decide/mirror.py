"""Mirroring: another system runs the order. Its word is true, except for deleted orders."""

from __future__ import annotations

from typing import Any, NamedTuple

from entrepot.core import ahead, events, ids
from entrepot.core.changes import Changes
from entrepot.core.commands import CustomerRef, DraftLine
from entrepot.core.decide import retold_lines
from entrepot.core.decide.catalogue import make_line
from entrepot.core.decide.customers import resolve_customer, retold, snapshot
from entrepot.core.decide.jobs import held_job
from entrepot.core.decide.moves import Telling, dated, retell, retell_besides
from entrepot.core.decide.retold_lines import unreserved
from entrepot.core.facets import ENDED, SHIPPED, Facets
from entrepot.core.facts import Facts
from entrepot.core.kinds import OwnLine
from entrepot.core.money import RANGE, Amount, balance, priceable
from entrepot.core.needs import Needs
from entrepot.core.order import (
    SEAL_BYTES,
    SEALED_BYTES,
    Customer,
    Order,
    sealed_digest,
    sealed_for,
    subtotal,
)
from entrepot.core.refusal import OTHERS_CAN_GO, Reason, Refusal, Refused, all_of, refuse
from entrepot.core.results import Decision, OrdersResult
from entrepot.core.telling import first_told

_UNTOLD = Facets()


class OrderDraft(NamedTuple):
    """A mirrored order as its sender tells it; `words` maps axes of core.words to what was told."""

    where: str
    sender_id: str
    digest: bytes
    currency: str
    total: Amount
    lines: tuple[DraftLine, ...]
    customer: CustomerRef
    words: tuple[tuple[str, str], ...]
    said: dict[str, Any]
    # Axes whose word is told as an order shows it: read and sent back, it is no telling.
    as_shown: tuple[str, ...] = ()


class MirrorOrders(NamedTuple):
    """Take over what another system says of its orders: all of them or none."""

    org: int
    source: str
    drafts: tuple[OrderDraft, ...]
    job_id: bytes | None = None  # the fetch job that brought it, with its fence
    fence: int = 0
    announced: str | None = None  # what that job was to fetch


def wants(command: MirrorOrders, needs: Needs) -> None:
    """Each order by its sender's id and by ours, with what moves along where a word ends it."""
    org = command.org
    if command.job_id is not None:
        needs.jobs.add((org, command.job_id))
    if command.announced is not None:
        needs.announced.add((org, command.announced))
    for draft in command.drafts:
        needs.bring(org, draft.said, draft.sender_id)
        needs.senders.add((org, draft.sender_id, command.source))
        spelled = ids.any_spelling(draft.sender_id)
        if spelled is not None:
            needs.whole_order(org, spelled)
            needs.ending.add((org, spelled))
            needs.moving.add((org, spelled))
        needs.of_lines(org, draft.lines, stock=False)
        needs.of_customer(org, draft.customer)


def mirror(command: MirrorOrders, facts: Facts) -> Decision:
    """Take over every draft or none. The same content again changes nothing and is counted.

    Refused: drafts that cannot be taken, each named.
    """
    changes = Changes(facts)
    if command.job_id is not None:
        job = held_job(command.org, command.job_id, command.fence, facts)
        changes.jobs.remove((job.org, job.id))
    if command.announced is not None:
        if (command.org, command.announced) not in facts.announced:
            # Somebody else brought it meanwhile: a second order of it would be one too many.
            return Decision(changes, OrdersResult((), {}))
        changes.announced.remove((command.org, command.announced))
    meant: list[bytes] = []
    named: dict[str, bytes] = {}
    # Each order as last told: one array may tell it twice, by its sender's id and by ours.
    stands: dict[bytes, Order] = {}
    faults: list[Refusal] = []
    for draft in command.drafts:
        told_here = named.get(draft.sender_id) if named else None
        known = _known(command, draft, facts) if told_here is None else stands[told_here]
        if meant or faults:  # between two orders
            facts.breathe()
        try:
            if known is None:
                order = _create(command, draft, facts, changes)
            else:
                order = known = stands.get(known.id, known)
                told = _sealed(draft, known)
                if known.sender_digest != told.digest and not _over(known):
                    order = _update(command, told, known, facts, changes)
                    if order is not known:
                        changes.orders.put(order)
        except Refused as refused:
            faults.append(refused.refusal)
            continue
        named[draft.sender_id] = order.id
        stands[order.id] = order
        meant.append(order.id)
    if faults:
        raise Refused(all_of(faults, OTHERS_CAN_GO if meant else ""))
    orders = tuple(map(stands.__getitem__, meant))
    contacts = _contacts(command.org, orders, facts, changes)
    return Decision(changes, OrdersResult(orders, contacts))


def _contacts(
    org: int, orders: tuple[Order, ...], facts: Facts, changes: Changes
) -> dict[bytes, Customer]:
    contacts: dict[bytes, Customer] = {}
    guest_id = facts.orgs[org].guest_id
    for order in orders:
        customer_id = order.customer_id
        if customer_id in contacts or customer_id == guest_id:
            continue
        known = changes.customers.get((org, customer_id))
        if known is not None:
            contacts[customer_id] = known
    return contacts


def _known(command: MirrorOrders, draft: OrderDraft, facts: Facts) -> Order | None:
    """The order that the sender told by this id before, or the one that has it as its own id.

    `by_text` has ids of notifications; an array of a sender must not match on them.
    """
    order_id = facts.by_sender.get((command.org, draft.sender_id, command.source))
    if order_id is None:
        order_id = ids.any_spelling(draft.sender_id)
    return facts.orders.get((command.org, order_id)) if order_id is not None else None


def _sealed(draft: OrderDraft, known: Order) -> OrderDraft:
    """The draft with a digest that is sealed for the known order, and not for the told id."""
    owner = sealed_for(known)
    if draft.sender_id == owner or len(draft.digest) != SEALED_BYTES:
        return draft
    return draft._replace(digest=sealed_digest(owner, draft.digest[:-SEAL_BYTES]))


def _over(order: Order) -> bool:
    """Whether the order has ended here, so that its sender's tellings are taken and change nothing.

    An end that was told ahead of the confirmation is an end as well: else the answer would depend
    on the speed of the pipeline. A mirrored order that is called off can still be taken up again by
    its sender.
    """
    stage = ahead.stand(order).stage
    return stage == "deleted" or (order.managed and stage in ENDED)


def _create(command: MirrorOrders, draft: OrderDraft, facts: Facts, changes: Changes) -> Order:
    org = command.org
    customer_id = resolve_customer(draft.customer, org, facts, changes)
    lines = tuple([
        unreserved(make_line(line, number, org, draft.currency, facts, changes))
        for number, line in enumerate(draft.lines, 1)
    ])  # fmt: skip
    summed = subtotal(lines, draft.currency)
    if not priceable(summed, draft.total):
        raise refuse(Reason.INVALID, f"the sum of the lines is out of range: {RANGE}", draft.where)
    discount, shipping = balance(summed, draft.total)
    facets, shown, heard = first_told(draft.words)
    # The first twelve by place: an order has many members, and a name for each is slow.
    order = Order(
        org, facts.new_id(), command.source, False, facets, shown, draft.currency,
        summed, draft.total, customer_id, facts.now, facts.now, discount, shipping,
        sender_id=draft.sender_id, sender_digest=draft.digest, sender_words=heard, version=1,
        lines=lines, **snapshot(draft.customer, customer_id, org, facts, changes),
        **_told_ids(draft),
    )  # fmt: skip
    if facets.fulfilment in SHIPPED:
        order = dated(order, _UNTOLD, facts)
    changes.events.append(events.latest(order, events.ORDER_MIRRORED, facts, command.source))
    if order.ingested:
        order, ingested = events.happened(order, events.ORDER_INGESTED, facts, command.source)
        changes.events.append(ingested)
    changes.orders.put(order)
    changes.lines.put_all([OwnLine(org, order.id, line) for line in lines])
    return order


def _told_ids(draft: OrderDraft) -> dict[str, Any]:
    """The told members of the order. An external id that repeats the sender's id is kept once."""
    if draft.said.get("external_id") != draft.sender_id:
        return draft.said
    return draft.said | {"external_id": None}


def _update(
    command: MirrorOrders, draft: OrderDraft, known: Order, facts: Facts, changes: Changes
) -> Order:
    order = known.changed(sender_digest=draft.digest)
    if known.managed or known.origin != command.source:
        # Entrepot runs this order, or another sender does. So this sender may move the order and
        # say where the parcel is, and nothing else. The sender that brought the order does not
        # change.
        order = order.changed(sender_digest=draft.digest if known.managed else known.sender_digest)
        tracking = draft.said.get("tracking_url") or order.tracking_url
        order = order.changed(tracking_url=tracking)
    else:
        order = _retold(draft, order, facts, changes)
    if order.changed(sender_digest=known.sender_digest) != known:
        order, amended = events.amended(known, order, facts, command.source)
        changes.events.append(amended)
    if told := _told(draft, order):
        telling = Telling(told, command.source, draft.where)
        brought = known.managed or known.origin == command.source
        order = (retell if brought else retell_besides)(order, telling, facts, changes)
    # An order that was read and is sent back is the same order: it is not written, nor dated anew.
    same = order.changed(sender_digest=known.sender_digest) == known
    return known if same else _touched(order, facts)


def _told(draft: OrderDraft, order: Order) -> tuple[tuple[str, str], ...]:
    """The told words, without those that were read off the order and sent back. Such words would
    stay when the order moves on.
    """
    if not draft.as_shown:
        return draft.words
    return tuple([
        (axis, word)
        for axis, word in draft.words
        if axis not in draft.as_shown or order.words[axis] != word
    ])  # fmt: skip


def _touched(order: Order, facts: Facts) -> Order:
    return order.changed(updated_at=max(facts.now, order.updated_at + 1000))


def _retold(draft: OrderDraft, order: Order, facts: Facts, changes: Changes) -> Order:
    customer_id = resolve_customer(draft.customer, order.org, facts, changes, order)
    lines = retold_lines.match(draft.lines, draft.currency, order, facts, changes)
    summed = subtotal(lines, draft.currency)
    if not priceable(summed, draft.total):
        raise refuse(Reason.INVALID, f"the sum of the lines is out of range: {RANGE}", draft.where)
    said = {name: value for name, value in draft.said.items() if value is not None}
    if said.get("external_id") in (draft.sender_id, order.sender_id):
        said["external_id"] = None
    if "address" in said or "delivery_address" in said:
        # An order has one address: the last one that was told, also if somebody corrected it
        # meanwhile.
        said = {"address": None, "delivery_address": None, **said}
    who = retold(draft.customer, order, customer_id, facts, changes)
    return order.costing(summed, draft.total).changed(
        customer_id=customer_id, currency=draft.currency, lines=lines, **who, **said
    )
