"""How what is kept of payments can be broken behind the program's back."""

from __future__ import annotations

from tests.store.verify_breaks import Break, operation


def _payment(change: str, order: str) -> tuple[str, ...]:
    return (f"UPDATE payments SET {change} WHERE order_id = :{order}",)


def _second_payment(order: str, state: str) -> tuple[str, ...]:
    same = "provider, service, reference, amount_units, amount_scale, currency, created_at"
    return (
        (
            f"INSERT INTO payments (org, order_id, number, {same}) "
            f"SELECT org, order_id, 2, {same} FROM payments WHERE order_id = :{order}"
        ),
        _further("authorise", order, state, payment=2, number=1),
    )


def _further(
    kind: str, order: str, state: str = "done", payment: int = 1, number: int = 2
) -> str:  # fmt: skip
    """One more operation for the whole payment, made of its authorisation."""
    key = f":{order}_key_2" if kind == "authorise" else f"'{kind} {number}'"
    return (
        "INSERT INTO payment_operations "
        "(org, order_id, payment, number, kind, units, key, state, created_at, updated_at) "
        f"SELECT org, order_id, {payment}, {number}, '{kind}', units, {key}, '{state}', "
        f"created_at, updated_at FROM payment_operations WHERE order_id = :{order} AND number = 1"
    )


_TWICE = (
    "INSERT INTO payment_operations SELECT * FROM payment_operations "
    "WHERE order_id = :voiding AND number = 1"
)

BREAKS_OF_PAYMENTS = (
    Break(
        "ONE_AUTHORISATION", "two live authorisations", "voiding",
        (_TWICE,), ("payment_operations",), ("OPERATION_KEYS", "OPERATION_NUMBERS", "REFERENCES"),
    ),
    Break(
        "PAYMENT_TOTAL", "a further payment of nothing that was added", "confirmed",
        _second_payment("confirmed", "done"), (), ("REFERENCES",),
    ),
    Break(
        "OPERATION_SUMS", "a hold that another one has taken the place of", "confirmed",
        (*_second_payment("confirmed", "done"),
         "UPDATE payments SET amount_units = 0 WHERE order_id = :confirmed AND number = 1"),
        (), ("REFERENCES",),
    ),
    Break(
        "MONEY_USED", "money kept for an ended order", "cancelled",
        operation("state = 'done'", "cancelled"),
    ),
    Break(
        "MONEY_USED", "nobody gives it back", "voiding",
        ("DELETE FROM jobs WHERE order_id = :voiding",)
    ),
    Break(
        "MONEY_USED", "nobody asks for it", "late",
        operation("state = 'prepared'", "late"), (), ("PAYMENT_FACET",),
    ),
    Break(
        "PAYMENT_TOTAL", "another amount", "confirmed",
        _payment("amount_units = amount_units + 1", "confirmed"),
    ),
    Break("PAYMENT_TOTAL", "another currency", "confirmed",
          _payment("currency = 'USD'", "confirmed")),
    Break("PAYMENT_TOTAL", "a reference that is not the order's", "confirmed",
          _payment("reference = 'pi_other'", "confirmed")),
    Break("PAYMENT_TOTAL", "less was asked for", "confirmed",
          operation("units = units - 1", "confirmed")),
    Break(
        "OPERATION_NUMBERS", "a payment left out", "confirmed",
        (*_payment("number = 2", "confirmed"),
         *operation("payment = 2, key = :confirmed_key_2", "confirmed")), (), ("OPERATION_KEYS",),
    ),
    Break(
        "OPERATION_NUMBERS", "an operation lost", "voiding",
        ("DELETE FROM payment_operations WHERE order_id = :voiding AND kind = 'authorise'",),
        (), ("OPERATION_KEYS", "PAYMENT_FACET"),
    ),
    Break("OPERATION_NUMBERS", "operations of no payment", "voiding",
          ("DELETE FROM payments WHERE order_id = :voiding",), (), ("PAYMENT_FACET",)),
    Break("OPERATION_NUMBERS", "too early a next one", "authorising",
          _second_payment("authorising", "declined"), (), ("PAYMENT_TOTAL",)),
    Break("OPERATION_KEYS", "a foreign key", "confirmed",
          operation("key = 'other'", "confirmed")),
    Break("OPERATION_KEYS", "another kind", "voiding",
          operation("kind = 'refund'", "voiding", 2), (), ("MONEY_USED", "OPERATION_SUMS")),
    Break("OPERATION_SUMS", "more captured than authorised", "declined",
          (_further("capture", "declined"),), (), ("OPERATION_KEYS", "PAYMENT_FACET")),
    Break("OPERATION_SUMS", "more refunded than captured", "confirmed",
          (_further("refund", "confirmed"),), (), ("OPERATION_KEYS",)),
    Break("OPERATION_SUMS", "captured and voided", "confirmed",
          (_further("capture", "confirmed"), _further("void", "confirmed", number=3)),
          (), ("OPERATION_KEYS", "PAYMENT_FACET")),
    Break("OPERATION_SUMS", "refunds under way above what was captured", "confirmed",
          (_further("capture", "confirmed"), _further("refund", "confirmed", number=3),
           _further("refund", "confirmed", "prepared", number=4)),
          (), ("MONEY_USED", "OPERATION_KEYS", "PAYMENT_FACET")),
    Break("OPERATION_SUMS", "money kept of an order that ended", "voiding",
          operation("kind = 'capture', state = 'done'", "voiding", 2),
          (), ("OPERATION_KEYS", "PAYMENT_FACET")),
    Break("MONEY_USED", "nobody takes it", "confirmed",
          (_further("capture", "confirmed", "prepared"),), (), ("OPERATION_KEYS",)),
    Break("OPERATION_SUMS", "for more than the payment", "voiding",
          operation("units = units + 1", "voiding", 2)),
    Break("OPERATION_SUMS", "given up by nobody", "cancelled",
          ("DELETE FROM payment_operations WHERE order_id = :cancelled AND kind = 'void'",)),
    Break("PAYMENT_FACET", "the payment gone", "confirmed",
          ("DELETE FROM payment_operations WHERE order_id = :confirmed",
           "DELETE FROM payments WHERE order_id = :confirmed")),
    Break("PAYMENT_FACET", "the payment declined", "confirmed",
          operation("state = 'declined'", "confirmed")),
    Break("PAYMENT_FACET", "no outcome known", "completed",
          operation("state = 'prepared'", "completed"), (), ("MONEY_USED",)),
    Break("PAYMENT_FACET", "captured, and the order does not say so", "confirmed",
          (_further("capture", "confirmed"),), (), ("OPERATION_KEYS",)),
)  # fmt: skip
