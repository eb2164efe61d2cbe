"""Stock and the moves of an order: counters, reservations and ledger move together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from entrepot.core import kinds
from entrepot.core.changes import Changes
from entrepot.core.facts import Facts
from entrepot.core.ids import dashed
from entrepot.core.order import Level, Line, Order, Reservation, StockEntry
from entrepot.core.quantity import NONE, ON_HAND_MAX, Quantity, text
from entrepot.core.refusal import Reason, refuse

Shelf = tuple[int, bytes, bytes]
OPEN = ("held", "committed")
CLAIMED = (*OPEN, "shipped")


def missing_stock(wanted: dict[Shelf, Quantity], facts: Facts) -> str | None:
    """The shelf with too little free stock, as a sentence; None if all can be reserved."""
    for shelf, quantity in wanted.items():
        level = facts.levels.get(shelf)
        free = level.on_hand - level.reserved if level else 0
        if free < quantity:
            left = text(Quantity(max(free, 0)))
            return f"variant {dashed(shelf[1])} has {left} free, {text(quantity)} wanted"
    return None


def uncountable(wanted: dict[Shelf, Quantity], facts: Facts) -> str | None:
    """The shelf that would promise more than can be counted, as a sentence; None if there is none.

    Under SOFT allocation an order may take more than there is. The bound keeps sums in 63 bits.
    """
    for shelf, quantity in wanted.items():
        level = facts.levels.get(shelf)
        on_hand, reserved = (level.on_hand, level.reserved) if level else (NONE, NONE)
        reserved = Quantity(reserved + quantity)
        if reserved > ON_HAND_MAX or reserved - on_hand > ON_HAND_MAX:
            return f"variant {dashed(shelf[1])} has {text(reserved)} promised: more than is counted"
    return None


def short_of(wanted: dict[Shelf, Quantity], org: int, facts: Facts) -> str | None:
    """Why the organization's allocation does not allow to reserve it all; None where it does."""
    return missing_stock(wanted, facts) if facts.orgs[org].hard else uncountable(wanted, facts)


def shelved(order: Order, facts: Facts) -> list[tuple[Line, Shelf]]:
    """The lines that need stock, each with its shelf: those with a location and tracked goods."""
    org, variant_of, found = order.org, facts.variants.get, []
    for line in order.lines:
        if line.location_id is not None:
            variant = variant_of((org, line.variant_id))
            if variant is not None and variant.tracked:
                found.append((line, (org, line.variant_id, line.location_id)))
    return found


def wanted_for(lines: Iterable[tuple[Line, Shelf]]) -> dict[Shelf, Quantity]:
    """How much these lines need of each shelf."""
    wanted: dict[Shelf, Quantity] = {}
    for line, shelf in lines:
        wanted[shelf] = Quantity(wanted.get(shelf, 0) + line.quantity)
    return wanted


def move_level(
    shelf: Shelf, facts: Facts, changes: Changes, *, on_hand: int = 0, reserved: int = 0
) -> None:
    """Change a level's counters, on top of what these changes already did to it."""
    levels = changes.levels
    level = levels.get(shelf)
    if level is None:
        level = Level(*shelf, on_hand=NONE, reserved=NONE, soft=not facts.orgs[shelf[0]].hard)
    # By place: `_replace` takes three times as long, and every line of every order comes here.
    levels.put(
        Level(
            *shelf, Quantity(level.on_hand + on_hand), Quantity(level.reserved + reserved),
            level.version + 1, level.soft,
        )
    )  # fmt: skip


def hold(
    order_id: bytes, lines: Iterable[tuple[Line, Shelf]], state: str, until: int,
    facts: Facts, changes: Changes,
) -> None:  # fmt: skip
    """Reserve what these lines of an order need. The caller has checked that there is enough."""
    reserved = []
    for line, shelf in lines:
        move_level(shelf, facts, changes, reserved=line.quantity)
        org, variant_id, location_id = shelf
        reserved.append(
            Reservation(
                org, order_id, line.id, variant_id, location_id, line.quantity, state, until,
                facts.now,
            )
        )  # fmt: skip
    changes.reservations.put_all(reserved)


def reservations_of(order: Order, facts: Facts, changes: Changes) -> dict[bytes, Reservation]:
    """The order's reservations by line, as these changes leave them."""
    known = {r.line_id: r for r in facts.reservations.of((order.org, order.id))}
    if kinds.RESERVATIONS in changes.pending:
        known.update((r.line_id, r) for r in changes.reservations if r.order_id == order.id)
    return known


def open_reservations(order: Order, facts: Facts, changes: Changes) -> list[Reservation]:
    """The order's reservations that still claim stock, as these changes leave them."""
    known = reservations_of(order, facts, changes).values()
    return [reservation for reservation in known if reservation.state in OPEN]


def commit(order: Order, facts: Facts, changes: Changes) -> None:
    """The order is confirmed: what was held is its own until it ships or is released."""
    committed = [
        Reservation(
            one.org, one.order_id, one.line_id, one.variant_id, one.location_id, one.quantity,
            "committed", one.held_until, facts.now, one.shipped,
        )
        for one in open_reservations(order, facts, changes) if one.state == "held"
    ]  # fmt: skip
    changes.reservations.put_all(committed)


def release(order: Order, facts: Facts, changes: Changes, state: str = "released") -> bool:
    """Give back what the order claims of what has not left. `state`: `released` or `expired`."""
    claimed = open_reservations(order, facts, changes)
    for reservation in claimed:
        shelf = (order.org, reservation.variant_id, reservation.location_id)
        move_level(shelf, facts, changes, reserved=-reservation.left)
        changes.reservations.put(reservation._replace(state=state, updated_at=facts.now))
    return bool(claimed)


def ship(
    order: Order, facts: Facts, changes: Changes, parts: Mapping[bytes, Quantity] | None = None
) -> bool:
    """Goods leave: on hand and reserved both fall, and the ledger says by which order.

    `parts` says how much of each line; without `parts` all that is left leaves. False where no
    stock was claimed for what leaves.
    """
    taken = False
    for reservation in open_reservations(order, facts, changes):
        quantity = reservation.left if parts is None else parts.get(reservation.line_id, NONE)
        if quantity:
            _take_off(reservation, quantity, facts, changes)
            taken = True
    return taken


def put_back(
    shelf: Shelf, quantity: Quantity, order_id: bytes, facts: Facts, changes: Changes
) -> None:
    """Goods of an order lie on this shelf again, and the ledger says of which order."""
    move_level(shelf, facts, changes, on_hand=quantity)
    changes.entries.append(
        StockEntry(
            *shelf[:1], facts.new_id(), *shelf[1:], quantity, "return", order_id, "", facts.now
        )
    )


def _take_off(reservation: Reservation, quantity: Quantity, facts: Facts, changes: Changes) -> None:
    org, variant_id, location_id = (
        reservation.org, reservation.variant_id, reservation.location_id
    )  # fmt: skip
    shelf = (org, variant_id, location_id)
    move_level(shelf, facts, changes, on_hand=-quantity, reserved=-quantity)
    changes.entries.append(
        StockEntry(
            org, facts.new_id(), variant_id, location_id, Quantity(-quantity), "sale",
            reservation.order_id, "", facts.now,
        )
    )  # fmt: skip
    shipped = Quantity(reservation.shipped + quantity)
    state = "shipped" if shipped == reservation.quantity else reservation.state
    changes.reservations.put(
        reservation._replace(shipped=shipped, state=state, updated_at=facts.now)
    )


def reclaim(before: Order, after: Order, facts: Facts, changes: Changes) -> None:
    """Lines of a reserved order changed: claim the new quantities, give the rest back.

    Refused when there is too little free stock. Does nothing to an order without reservations. No
    line may be below what was shipped of it: the caller has looked.
    """
    known = reservations_of(before, facts, changes)
    claimed = {id_: one for id_, one in known.items() if one.state in CLAIMED}
    if not claimed and before.facets.stage == "placed":
        _can_be_reserved(before, after, facts)
        return
    wanted = {line.id: (shelf, line.quantity) for line, shelf in shelved(after, facts)}
    more: dict[Shelf, Quantity] = {}
    for line_id, (shelf, quantity) in wanted.items():
        held = claimed[line_id].quantity if line_id in claimed else 0
        more[shelf] = Quantity(more.get(shelf, 0) + quantity - held)
    for line_id, reservation in claimed.items():
        if line_id not in wanted:
            shelf = (after.org, reservation.variant_id, reservation.location_id)
            more[shelf] = Quantity(more.get(shelf, 0) - reservation.left)
            changes.reservations.put(reservation._replace(state="released", updated_at=facts.now))
    short = short_of({shelf: n for shelf, n in more.items() if n > 0}, after.org, facts)
    if short is not None:
        raise refuse(Reason.OUT_OF_STOCK, short)
    for shelf, quantity in more.items():
        if quantity:
            move_level(shelf, facts, changes, reserved=quantity)
    _reclaim_lines(after, claimed, wanted, facts, changes)


def _can_be_reserved(before: Order, after: Order, facts: Facts) -> None:
    """Refuse more of a shelf than is free, as after the reservation: the pipeline may be slow."""
    had, wants = wanted_for(shelved(before, facts)), wanted_for(shelved(after, facts))
    more = {shelf: n for shelf, n in wants.items() if n > had.get(shelf, 0)}
    short = short_of(more, after.org, facts)
    if short is not None:
        raise refuse(Reason.OUT_OF_STOCK, short)


def _reclaim_lines(
    order: Order,
    claimed: dict[bytes, Reservation],
    wanted: dict[bytes, tuple[Shelf, Quantity]],
    facts: Facts,
    changes: Changes,
) -> None:
    for line_id, (shelf, quantity) in wanted.items():
        held = claimed.get(line_id)
        if held is None:
            changes.reservations.put(
                Reservation(
                    order.org,
                    order.id,
                    line_id,
                    shelf[1],
                    shelf[2],
                    quantity,
                    "committed",
                    0,
                    facts.now,
                )
            )
        elif held.quantity != quantity:
            state = _state_of(held, quantity)
            changes.reservations.put(
                held._replace(quantity=quantity, state=state, updated_at=facts.now)
            )


def _state_of(reservation: Reservation, quantity: int) -> str:
    """The state of a claim on another quantity: shipped while nothing more is to leave."""
    if reservation.shipped == quantity:
        return "shipped"
    return "committed" if reservation.state == "shipped" else reservation.state
