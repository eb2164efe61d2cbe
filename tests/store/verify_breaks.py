"""How each invariant can be broken behind the program's back, and who is then named."""

from __future__ import annotations

from typing import NamedTuple

from tests.quantities import much


class Break(NamedTuple):
    """Statements that break one invariant. `:name` is an id of the healthy book.

    `loosened` tables lose their constraints first. `witness` is an id's name or a text that one of
    the witnesses shows. `also` are invariants that cannot but break as well.
    """

    invariant: str
    name: str
    witness: str
    statements: tuple[str, ...]
    loosened: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


def _order(change: str, order: str) -> tuple[str, ...]:
    return (f"UPDATE orders SET {change} WHERE id = :{order}",)


def _line(change: str, order: str) -> tuple[str, ...]:
    return (f"UPDATE order_lines SET {change} WHERE order_id = :{order}",)


def _event(change: str, order: str, seq: int) -> tuple[str, ...]:
    return (f"UPDATE events SET {change} WHERE subject_id = :{order} AND seq = {seq}",)


def operation(change: str, order: str, number: int = 1) -> tuple[str, ...]:
    """Change an operation of an order's payment."""
    where = f"order_id = :{order} AND number = {number}"
    return (f"UPDATE payment_operations SET {change} WHERE {where}",)


def _claim(change: str, order: str, reserved: int) -> tuple[str, ...]:
    return (
        f"UPDATE reservations SET {change} WHERE order_id = :{order}",
        f"UPDATE stock_levels SET reserved = reserved + {reserved} WHERE variant_id = :hard_mug",
    )


def _key(key: str, operation: str, order: str) -> tuple[str, ...]:
    return (
        (
            "INSERT INTO idempotency_keys "
            "(org, key, operation, fingerprint, status, body, order_id, created_at) "
            f"SELECT org, '{key}', '{operation}', fingerprint, 201, body, {order}, created_at "
            "FROM idempotency_keys WHERE key = 'intent-1'"
        ),
    )


_STOCK = (
    Break(
        "OVERSOLD", "reserved beyond what is on hand", "hard_mug",
        (
            (
                "INSERT INTO stock_entries "
                "(org, id, variant_id, location_id, delta, kind, note, created_at) "
                "SELECT org, :nowhere, variant_id, location_id, reserved - 1 - on_hand, "
                "'adjustment', '', 0 FROM stock_levels WHERE variant_id = :hard_mug"
            ),
            "UPDATE stock_levels SET on_hand = reserved - 1 WHERE variant_id = :hard_mug",
        ),
        ("stock_levels",), ("COSTING",),
    ),
    Break(
        "OVERSOLD", "a soft level under hard allocation", "hard_mug",
        ("UPDATE stock_levels SET soft = true WHERE variant_id = :hard_mug",),
    ),
    Break(
        "OVERSOLD", "less than nothing reserved", "hard_tee",
        ("UPDATE stock_levels SET reserved = -1 WHERE variant_id = :hard_tee",),
        ("stock_levels",), ("RESERVED_SUM",),
    ),
    Break(
        "RESERVED_SUM", "counted too high", "hard_tee",
        ("UPDATE stock_levels SET reserved = reserved + 1 WHERE variant_id = :hard_tee",),
    ),
    Break(
        "RESERVED_SUM", "a claim lost", "hard_mug",
        ("UPDATE reservations SET state = 'released' WHERE order_id = :authorising",),
    ),
    Break(
        "ON_HAND_SUM", "on hand without an entry", "hard_mug",
        ("UPDATE stock_levels SET on_hand = on_hand + 1 WHERE variant_id = :hard_mug",),
        also=("COSTING",),
    ),
    Break(
        "ON_HAND_SUM", "shipped without a sale", "hard_mug",
        ("UPDATE stock_entries SET kind = 'adjustment' WHERE order_id = :shipped",),
    ),
    Break("CLAIMS_LIVE", "held for an ended order", "declined",
          _claim("state = 'held'", "declined", much(1))),
    Break(
        "CLAIMS_LIVE", "committed to an ended order", "declined",
        _claim("state = 'committed'", "declined", much(1)),
    ),
    Break(
        "CLAIMS_LIVE", "held without a payment under way", "authorising",
        operation("state = 'declined'", "authorising"), (), ("PAYMENT_FACET",),
    ),
    Break("CONFIRMED_CLAIMED", "more than ordered", "unpaid",
          _claim("quantity = quantity + 1", "unpaid", 1)),
    Break("CONFIRMED_CLAIMED", "nothing claimed", "unpaid",
          _claim("state = 'released'", "unpaid", much(-1))),
)  # fmt: skip

_KEYS = (
    Break("KEY_AND_ORDER", "a key of no order", "stray",
          _key("stray", "polinate.updateOrder", ":nowhere")),
    Break("KEY_AND_ORDER", "a create of nothing", "empty",
          _key("empty", "synq.createOrder", "NULL")),
    Break("KEY_AND_ORDER", "an order without its key", "keyed",
          ("DELETE FROM idempotency_keys WHERE key = 'intent-1'",)),
    Break(
        "KEY_AND_ORDER", "a key removed before its time", "keyed",
        (
            (
                "UPDATE sweeps SET horizon = "
                "(SELECT created_at FROM idempotency_keys WHERE key = 'intent-1') "
                "WHERE kind = 'keys'"
            ),
            "DELETE FROM idempotency_keys WHERE key = 'intent-1'",
        ),
    ),
    Break(
        "KEY_AND_ORDER", "two orders of one key", "intent-1",
        _order("idempotency_key = 'intent-1'", "mirrored"),
    ),
)  # fmt: skip

_FAILED = '{"facets":["failed","pending","unassigned","none"],"total":"1.25"}'.replace(":", "\\:")
_NOWHERE = '{"facets":["gone","pending","unassigned","none"],"total":"1.25"}'.replace(":", "\\:")
_STORY = (
    Break(
        "EVENT_SEQUENCE", "an event lost", "confirmed",
        ("DELETE FROM events WHERE subject_id = :confirmed AND seq = 2",),
        (), ("EVENT_NUMBERS",),
    ),
    Break(
        "EVENT_SEQUENCE", "an event lost to the archive", "archived",
        ("UPDATE order_archives SET last_seq = last_seq - 1 WHERE order_id = :archived",),
        (), ("EVENT_NUMBERS",),
    ),
    Break(
        "EVENT_SEQUENCE", "an event before the archived ones lost", "archived",
        ("UPDATE order_archives SET first_seq = first_seq + 1 WHERE order_id = :archived",),
        (), ("EVENT_NUMBERS",),
    ),
    Break(
        "EVENT_SEQUENCE", "archived, and here as well", "archived",
        (
            (
                "INSERT INTO events SELECT org, subject_id, seq - 1, type, at, source, body, "
                "subject, actor, -number FROM events WHERE subject_id = :archived"
            ),
        ), (), ("EVENT_NUMBERS",),
    ),
    Break(
        "EVENT_SEQUENCE", "what the archive has forgotten", "archived",
        ("DELETE FROM order_archives WHERE order_id = :archived",),
        (), ("EVENT_NUMBERS",),
    ),
    Break("EVENT_SEQUENCE", "a version too many", "mirrored",
          _order("version = version + 1", "mirrored")),
    Break("EVENT_SEQUENCE", "a wrong beginning", "mirrored",
          _event("type = 'order.moved'", "mirrored", 1)),
    Break("EVENT_SEQUENCE", "an unknown event", "confirmed",
          _event("type = 'x.y'", "confirmed", 2)),
    Break("EVENT_SEQUENCE", "a move back", "confirmed",
          _event(f"body = '{_FAILED}'", "confirmed", 2),
          (), ("EVENTS",)),
    Break("EVENT_SEQUENCE", "no such stand", "confirmed",
          _event(f"body = '{_NOWHERE}'", "confirmed", 2),
          (), ("EVENTS",)),
    Break(
        "EVENT_SEQUENCE", "confirmed by somebody's word", "confirmed",
        _event("source = 'synq'", "confirmed", 4), (), ("EVENTS",),
    ),
    Break("STANDS_BY_EVENTS", "another total", "mirrored", _order("total = total + 1", "mirrored")),
    Break("STANDS_BY_EVENTS", "another stand", "out_of_stock",
          _order("payment = 'none'", "out_of_stock")),
    Break("STANDS_BY_EVENTS", "an unreadable event", "mirrored",
          _event("body = '{'", "mirrored", 1)),
    Break(
        "TIMES_IN_ORDER", "an event before its forerunner", "confirmed",
        _event("at = at - 600000000", "confirmed", 2),
    ),
    Break(
        "TIMES_IN_ORDER", "updated before it was made", "mirrored",
        # By a day, so that the tallies of the times of updating are other ones each time.
        _order("updated_at = created_at - 86400000000", "mirrored"), also=("TALLIES", "SPANS"),
    ),
    Break(
        "TIMES_IN_ORDER", "a customer of tomorrow", "customers",
        ("UPDATE customers SET created_at = updated_at + 86400000000",),
    ),
    Break(
        "TIMES_IN_ORDER", "a line of tomorrow", "order_lines",
        _line("created_at = updated_at + 86400000000", "mirrored"),
    ),
    Break(
        "TIMES_IN_ORDER", "an operation of tomorrow", "confirmed",
        operation("created_at = updated_at + 86400000000", "confirmed"),
    ),
)  # fmt: skip

_ORDERS = (
    Break("SUBTOTAL", "another subtotal", "mirrored",
          _order("subtotal = subtotal + 1", "mirrored")),
    Break("SUBTOTAL", "a scale too fine", "mirrored", _order("scale = 10", "mirrored")),
    Break("SUBTOTAL", "a total that its scale cannot say", "confirmed",
          _order("total_scale = 0", "confirmed")),
    Break(
        "SUBTOTAL", "a price beyond counting", "mirrored",
        _line("cost_units = 10000000000000000", "mirrored"),
    ),
    Break("WORDS", "a word that no dialect has", "placed",
          _order("told_words = 'synq=perfect'", "placed")),
    Break("WORDS", "a word of nobody's status", "placed",
          _order("told_words = 'nobody=completed'", "placed")),
    Break("WORDS", "two words of one status", "shipped",
          _order("told_words = 'konvo=open konvo=paid'", "shipped")),
    Break("WORDS", "no word at all", "placed", _order("told_words = 'konvo='", "placed")),
    Break(
        "PROPERTIES", "one not to be found", "mirrored",
        ("DELETE FROM order_properties WHERE order_id = :mirrored AND path = 'erp.no'",),
        (), ("TALLIES",),
    ),
    Break(
        "PROPERTIES", "one never said", "mirrored",
        ("INSERT INTO order_properties VALUES (1, :mirrored, 'x', '=1', 1)",),
        (), ("TALLIES",),
    ),
    Break(
        "PROPERTIES", "one of another number", "mirrored",
        ("UPDATE order_properties SET number = number + 1 WHERE order_id = :mirrored",),
    ),
    Break("PROPERTIES", "unreadable ones", "mirrored", _order("properties = '['", "mirrored")),
)  # fmt: skip

_JOBS = (
    Break("HAS_A_JOB", "nobody takes it on", "placed",
          ("DELETE FROM jobs WHERE order_id = :placed",)),
    Break("PARKED", "parked unseen", "parked", _order("parked = false", "parked"),
          (), ("REASONS",)),
    Break("PARKED", "parked for nothing", "parked", _order("reason = NULL", "parked")),
    Break("PARKED", "nothing to retry", "parked", ("DELETE FROM jobs WHERE order_id = :parked",)),
    Break("PARKED", "parked without a word", "parked",
          _event("type = 'order.ingested'", "parked", 2), (), ("EVENTS",)),
    Break(
        "HELD", "a step that goes on", "held",
        ("UPDATE jobs SET state = 'due' WHERE order_id = :held",),
    ),
    Break(
        "HELD", "a step that stands still for nobody", "authorising",
        ("UPDATE jobs SET state = 'stopped' WHERE order_id = :authorising",),
    ),
    Break(
        "HELD", "held after its end", "declined",
        ("UPDATE orders SET sender_words = 'held=' WHERE id = :declined",),
    ),
    Break(
        "KNOWN_STEPS", "a step that nobody knows", "placed",
        ("UPDATE jobs SET kind = 'dance' WHERE order_id = :placed",),
    ),
    Break(
        "KNOWN_STEPS", "a step of no order", "void",
        ("UPDATE jobs SET kind = 'void' WHERE kind = 'fetch'",),
    ),
)  # fmt: skip

_ROWS = (
    Break(
        "ANNOUNCED", "an order that came unseen", "mirrored",
        (
            "DELETE FROM announced_orders",
            "INSERT INTO announced_orders SELECT org, sender_id, 'polinate', 1 "  # noqa: ISC004
            "FROM orders WHERE id = :mirrored",
        ),
    ),
    Break(
        "OWN_ORGANIZATION", "an event of no order", "nowhere",
        (
            (
                "INSERT INTO events VALUES "
                "(1, :nowhere, 1, 'order.placed', 0, 'synq', '', 'order', '', -1)"
            ),
        ), (), ("EVENT_NUMBERS",),
    ),
    Break(
        "OWN_ORGANIZATION", "an event of no key", "org, subject_id -> credentials",
        ("UPDATE events SET subject_id = :nowhere WHERE subject = 'key' AND org = 2",),
    ),
    Break(
        "OWN_ORGANIZATION", "a note beside no order", "org, order_id -> orders",
        (
            "UPDATE order_notes SET order_id = :nowhere",
        ),
    ),
    Break(
        "OWN_ORGANIZATION", "another organization's customer", "mirrored",
        _order(
            "customer_id = (SELECT guest_id FROM organizations WHERE org = 2)", "mirrored"
        ), (), ("CONTACTS",),
    ),
    Break(
        "OWN_ORGANIZATION", "a claim for no line", "retried",
        (
            "UPDATE reservations SET line_id = :nowhere WHERE order_id = :retried",
        ),
    ),
    Break("UNIQUE_IDS", "one credential twice", "nowhere",
          ("UPDATE credentials SET id = :nowhere WHERE name IN ('hard', 'soft')",)),
    Break(
        "UNIQUE_IDS", "one organization twice", "nowhere",
        ("UPDATE organizations SET id = :nowhere",),
        ("organizations",),
    ),
)  # fmt: skip

BREAKS = (*_STOCK, *_KEYS, *_STORY, *_ORDERS, *_JOBS, *_ROWS)
