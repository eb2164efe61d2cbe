"""How what has left of orders can be broken behind the program's back."""

from __future__ import annotations

from tests.quantities import much
from tests.store.verify_breaks import Break

_EMPTY = (
    "INSERT INTO shipments (org, order_id, number, shipped_at, id, state) "
    "SELECT org, id, {number}, 0, id, 'sent' FROM orders WHERE id = :{order}"
)
_EMPTY_RETURN = (
    "INSERT INTO returns (org, order_id, number, returned_at, id, state, requested_at) "
    "SELECT org, id, {number}, 0, id, 'received', 0 FROM orders WHERE id = :{order}"
)

BREAKS_OF_GOODS = (
    Break(
        "SHIPPED_SUM", "shipped less than whole", "shipped",
        ("UPDATE reservations SET shipped = shipped - 1 WHERE order_id = :shipped",),
        also=("ON_HAND_SUM",),
    ),
    Break(
        "SHIPPED_SUM", "shipped more than it claims", "shipped",
        ("UPDATE reservations SET shipped = shipped + 1 WHERE order_id = :shipped",),
        ("reservations",), ("ON_HAND_SUM",),
    ),
    Break(
        "SHIPPED_SUM", "shipped and yet expired", "shipped",
        ("UPDATE reservations SET state = 'expired' WHERE order_id = :shipped",),
        also=("CONFIRMED_CLAIMED",),
    ),
    Break(
        "SHIPPED_SUM", "another sum than that of the shipments", "parts",
        ("UPDATE shipment_lines SET quantity = 3 WHERE order_id = :parts AND number = 1",),
    ),
    Break(
        "SHIPPED_SUM", "more than was ordered", "loose",
        ("UPDATE shipment_lines SET quantity = 2 * quantity WHERE order_id = :loose",),
    ),
    Break(
        "SHIPMENTS", "on its way with something left", "loose",
        ("UPDATE order_lines SET quantity = 2 * quantity WHERE order_id = :loose",),
        also=("SUBTOTAL",),
    ),
    Break(
        "SHIPMENTS", "a number left out", "parts",
        (
            "UPDATE shipments SET number = 3 WHERE order_id = :parts AND number = 2",
            "UPDATE shipment_lines SET number = 3 WHERE order_id = :parts AND number = 2",
        ),
    ),
    Break(
        "SHIPMENTS", "on its way though all goods arrived", "loose",
        (
            (
                "UPDATE shipments SET state = 'delivered', delivered_at = shipped_at "
                "WHERE order_id = :loose"
            ),
        ),
    ),
    Break(
        "SHIPMENTS", "delivered though goods are on their way", "arrived",
        ("UPDATE shipments SET state = 'sent', delivered_at = NULL WHERE order_id = :arrived",),
    ),
    Break(
        "SHIPMENTS", "lost though goods are on their way", "lost",
        ("UPDATE shipments SET state = 'sent' WHERE order_id = :lost AND number = 2",),
    ),
    Break(
        "SHIPMENTS", "arrived before it left", "arrived",
        ("UPDATE shipments SET delivered_at = shipped_at - 1000 WHERE order_id = :arrived",),
    ),
    Break("SHIPMENTS", "a shipment of nothing", "parts",
          (_EMPTY.format(number=3, order="parts"),)),
    Break("SHIPMENTS", "a shipment of what another system ships", "mirrored",
          (_EMPTY.format(number=1, order="mirrored"),)),
    Break(
        "RETURNED_SUM", "more than left", "back",
        (f"UPDATE return_lines SET quantity = {much(3)} WHERE order_id = :back AND NOT restocked",),
    ),
    Break(
        "RETURNED_SUM", "restocked without an entry", "hard_mug",
        ("UPDATE stock_entries SET kind = 'adjustment' WHERE order_id = :back AND delta > 0",),
    ),
    Break(
        "RETURNED_SUM", "an entry for what was scrapped", "hard_mug",
        (
            (
                "UPDATE return_lines SET restocked = false, location_id = NULL "
                "WHERE order_id = :back AND restocked"
            ),
        ),
    ),
    Break(
        "RETURNS", "all is back, and the order says a part", "back",
        (
            "DELETE FROM order_lines WHERE order_id = :back AND number = 2",
            f"UPDATE order_lines SET quantity = {much(4)} WHERE order_id = :back",
        ),
        also=("OWN_ORGANIZATION", "SHIPPED_SUM", "CONFIRMED_CLAIMED", "SUBTOTAL", "SEARCH"),
    ),
    Break(
        "RETURNS", "a number left out", "back",
        (
            "UPDATE returns SET number = 3 WHERE order_id = :back AND number = 2",
            "UPDATE return_lines SET number = 3 WHERE order_id = :back AND number = 2",
        ),
    ),
    Break(
        "RETURNED_SUM", "more is waited for than left", "asked",
        (f"UPDATE return_lines SET quantity = {much(9)} WHERE order_id = :asked",),
    ),
    Break(
        "RETURNS", "nobody asked, and a return is waited for", "not_taken",
        ("UPDATE returns SET state = 'requested' WHERE order_id = :not_taken",),
    ),
    Break(
        "RETURNS", "goods that came with a return that nobody received", "asked",
        ("UPDATE return_lines SET restocked = false WHERE order_id = :asked",),
    ),
    Break(
        "RETURNS", "a return of nothing", "back",
        (_EMPTY_RETURN.format(number=3, order="back"),),
    ),
    Break(
        "RETURNS", "a return of an order that nothing left of", "confirmed",
        (_EMPTY_RETURN.format(number=1, order="confirmed"),),
    ),
)  # fmt: skip
