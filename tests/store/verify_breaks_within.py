"""How parts of an order that speak of each other can be made to differ, and the schema too."""

from __future__ import annotations

from tests.store.verify_breaks import Break

_FORGED = "order_id = :keyed"
_CONFIRMED = "WHERE order_id = :confirmed"


def _answer(change: str) -> tuple[str, ...]:
    return (f"UPDATE idempotency_keys SET {change} WHERE {_FORGED}",)


def _order(change: str, order: str) -> tuple[str, ...]:
    return (f"UPDATE orders SET {change} WHERE id = :{order}",)


def _event(change: str, seq: int, order: str = "confirmed") -> tuple[str, ...]:
    return (f"UPDATE events SET {change} WHERE subject_id = :{order} AND seq = {seq}",)


_OTHER = '{"order_id"\\:"0"}'
_SAME_JOB = (
    "INSERT INTO jobs (org, id, kind, order_id, state, run_at, leased_until, fence, tries, "
    "created_at) SELECT org, :nowhere, kind, order_id, state, run_at, 0, 0, 0, created_at "
    "FROM jobs WHERE order_id = :authorising"
)

_DIGEST = "SELECT sender_digest FROM orders WHERE id = :told"

_ANSWERS = (
    Break("ANSWERS", "another body", "keyed", _answer(f"body = CAST('{_OTHER}' AS {{bytes}})")),
    Break("ANSWERS", "another body without a checksum", "keyed",
          _answer(f"body = CAST('{_OTHER}' AS {{bytes}}), checksum = NULL")),
    Break("ANSWERS", "another status", "keyed", _answer("status = 409")),
    Break("ANSWERS", "another fingerprint", "keyed", _answer("fingerprint = :nowhere")),
    Break("ANSWERS", "another operation", "keyed", _answer("operation = 'synq.adjustStock'")),
    Break("ANSWERS", "another checksum", "keyed", _answer("checksum = checksum + 1")),
    Break("ANSWERS", "another order's answer", "intent-1", _answer("order_id = :placed"),
          (), ("KEY_AND_ORDER",)),
    Break("KEY_AND_ORDER", "a key that its order has forgotten", "intent-1",
          _order("idempotency_key = NULL", "keyed")),
)  # fmt: skip

_MONEY = (
    Break("REFERENCES", "no reference", "confirmed",
          (f"UPDATE payment_operations SET provider_reference = NULL {_CONFIRMED}",)),
    Break("REFERENCES", "an empty reference", "confirmed",
          (f"UPDATE payment_operations SET provider_reference = '' {_CONFIRMED}",)),
    Break(
        "REFERENCES", "another order's reference", "confirmed",
        (
            (
                "UPDATE payment_operations SET provider_reference = (SELECT provider_reference "
                f"FROM payment_operations WHERE order_id = :completed) {_CONFIRMED}"
            ),
        ),
    ),
    Break("TOTALS", "a discount from nowhere", "confirmed",
          _order("discount = discount + 100", "confirmed")),
    Break("TOTALS", "tax from nowhere", "confirmed", _order("tax = tax + 100", "confirmed")),
    Break("TOTALS", "shipping taken off", "unpaid", _order("shipping = -1", "unpaid")),
    Break("TOTALS", "a mirrored order's discount", "mirrored",
          _order("discount = discount + 100", "mirrored")),
)  # fmt: skip


def _claiming(order: str) -> tuple[str, ...]:
    """The order claims the payment, and but for what is wrong with the order it might."""
    return (
        *_order("shares_payment_of = NULL, payment_reference = 'tok'", order),
        *_claimed_by(order, "false"),
    )


def _claimed_by(order: str, shared: str) -> tuple[str, ...]:
    where = "WHERE order_id = :placed"
    return (f"UPDATE payment_claims SET order_id = :{order}, shared = {shared} {where}",)


_CLAIMS = (
    Break("CLAIMS", "an order that failed", "out_of_stock", _claiming("out_of_stock")),
    Break("CLAIMS", "a cancelled order", "parked_cancelled", _claiming("parked_cancelled")),
    Break("CLAIMS", "a mirrored order", "mirrored", _claiming("mirrored"), also=("SEARCH",)),
    Break("CLAIMS", "an order without a payment", "unpaid", _claiming("unpaid"),
          also=("SEARCH",)),
    Break("CLAIMS", "an order that shares the payment of another", "confirmed",
          _claiming("confirmed")[1:]),
    Break("CLAIMS", "a shared claim of an order without the reference", "unpaid",
          _claimed_by("unpaid", "true")),
    Break("CLAIMS", "another reference", "placed",
          ("UPDATE payment_claims SET reference = 'tok-2' WHERE order_id = :placed",)),
    Break("CLAIMS", "a payment shared with an order that has another", "confirmed",
          _order("shares_payment_of = :unpaid", "confirmed")),
    Break("CLAIMS", "a payment shared with itself", "confirmed",
          _order("shares_payment_of = :confirmed", "confirmed")),
)  # fmt: skip

_STORY = (
    Break("EVENTS", "another type", "confirmed", _event("type = 'order.cancelled'", 2)),
    Break("EVENTS", "a payment that was none", "confirmed",
          _event("type = 'payment.authorized'", 2)),
    Break("EVENTS", "a confirmation told by a client", "confirmed",
          _event("source = 'synq'", 2)),
    Break("EVENTS", "placed by the pipeline", "confirmed", _event("source = 'pipeline'", 1)),
    Break("EVENTS", "by an operator, told by the pipeline", "confirmed",
          _event("actor = 'operator\\:retry'", 2)),
    Break("EVENTS", "made by a kind that is none", "mirrored",
          _event("actor = 'somebody'", 1, "mirrored")),
    Break("EVENTS", "of a subject that nobody knows", "shelf",
          (("INSERT INTO events SELECT org, :nowhere, 1, type, at, source, body, 'shelf', actor, "
            "-number FROM events WHERE subject_id = :mirrored AND seq = 1"),),
          (), ("EVENT_NUMBERS",)),
    Break("EVENTS", "told by nobody", "mirrored", _event("source = ''", 1, "mirrored")),
    Break("EVENTS", "a move that was none", "shipped",
          _event("type = 'order.amended'", 6, "shipped")),
    Break("LINES", "one number twice", "confirmed",
          (f"UPDATE order_lines SET number = 1 {_CONFIRMED}",)),
    Break("LINES", "a line in another currency", "confirmed",
          (f"UPDATE order_lines SET currency = 'USD' {_CONFIRMED}",), (), ("SUBTOTAL",)),
    Break("SENDERS", "another sender", "mirrored", _order("sender_id = 'k-9'", "mirrored"),
          also=("SEARCH",)),
    Break("SENDERS", "no sender", "mirrored", _order("sender_id = NULL", "mirrored"),
          also=("SEARCH",)),
    Break("SENDERS", "another digest", "mirrored",
          _order(f"sender_digest = ({_DIGEST})", "mirrored")),
    Break("REASONS", "no such reason", "confirmed", _order("reason = 'because'", "confirmed")),
    Break("REASONS", "out of stock, and confirmed", "confirmed",
          _order("reason = 'out_of_stock'", "confirmed")),
    Break("REASONS", "cancelled, and placed", "placed", _order("reason = 'cancelled'", "placed")),
    Break("REASONS", "its hold lapses, and placed", "placed",
          _order("reason = 'hold_lapses'", "placed")),
    Break("REASONS", "a refund was declined, and placed", "placed",
          _order("reason = 'refund_declined'", "placed")),
    Break("REASONS", "parked, and not", "placed", _order("reason = 'parked'", "placed")),
    Break("REASONS", "the sandbox, and declined", "declined",
          _order("reason = 'sandbox'", "declined")),
)  # fmt: skip

_WORK = (
    Break("JOBS", "one step twice", "authorising", (_SAME_JOB,)),
    Break("JOBS", "one that its order does not find", "authorising",
          ("UPDATE jobs SET id = :nowhere WHERE order_id = :authorising",)),
    Break("TRACKED", "an untracked variant that is claimed", "hard_mug",
          ("UPDATE variants SET tracked = false WHERE id = :hard_mug",)),
)  # fmt: skip

_SCHEMA = (
    Break("SCHEMA", "a unique index dropped", "orders_number", ("DROP INDEX orders_number",)),
    Break("SCHEMA", "an index dropped", "jobs_due", ("DROP INDEX jobs_due",)),
    Break("SCHEMA", "an index that is no longer unique", "orders_number",
          ("DROP INDEX orders_number", "CREATE INDEX orders_number ON orders (org, number)")),
    Break("SCHEMA", "another index of its name", "jobs_due",
          ("DROP INDEX jobs_due", "CREATE INDEX jobs_due ON jobs (run_at)")),
    Break("SCHEMA", "a column more", "surplus", ("ALTER TABLE sweeps ADD COLUMN surplus TEXT",)),
    Break("SCHEMA", "constraints gone", "never_oversold", (), ("stock_levels",)),
)  # fmt: skip

BREAKS_WITHIN = (*_ANSWERS, *_MONEY, *_CLAIMS, *_STORY, *_WORK, *_SCHEMA)
