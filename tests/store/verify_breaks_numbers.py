"""How numbers and tallies can be made to differ from the rows that they count."""

from __future__ import annotations

from tests.store.verify_breaks import Break


def _order(change: str, order: str) -> tuple[str, ...]:
    return (f"UPDATE orders SET {change} WHERE id = :{order}",)


_SPAN = "UPDATE order_spans SET {} WHERE org = 1 AND level = {} AND stage = 'failed'"
_NUMBER_OF = "SELECT e.number FROM events AS e WHERE e.subject_id = :confirmed AND e.seq ="
_VALUE = "UPDATE order_property_tallies SET {} WHERE path = '{}' AND value = '{}'"
BREAKS_OF_NUMBERS = (
    Break(
        "NUMBERS", "a counter ahead", "1",
        ("UPDATE order_counters SET orders = orders + 1 WHERE org = 1",),
    ),
    Break("NUMBERS", "no counter", "2", ("DELETE FROM order_counters WHERE org = 2",),
          (), ("EVENT_NUMBERS",)),
    Break("NUMBERS", "one left out", "1", _order("number = 100", "placed"),
          also=("OWN_ORGANIZATION",)),
    Break(
        "EVENT_NUMBERS", "a counter ahead", "1",
        ("UPDATE order_counters SET events = events + 1 WHERE org = 1",),
    ),
    Break(
        "EVENT_NUMBERS", "a number that was not given", "1",
        ("UPDATE events SET number = number + 1000000 WHERE subject_id = :mirrored",),
    ),
    Break(
        "EVENT_NUMBERS", "a number twice", "1",
        ("UPDATE events SET number = number + 1 WHERE subject_id = :placed AND seq = 1",),
        ("events",),
    ),
    Break(
        "EVENT_NUMBERS", "a later event before an earlier one", "confirmed",
        (
            (
                f"UPDATE events SET number = CASE seq WHEN 1 THEN ({_NUMBER_OF} 2) "
                f"ELSE ({_NUMBER_OF} 1) END WHERE subject_id = :confirmed AND seq IN (1, 2)"
            ),
        ),
        ("events",),
    ),
    Break(
        "TIMES", "a counter of yesterday", "1",
        ("UPDATE order_counters SET committed_at = committed_at - 1 WHERE org = 1",),
    ),
    Break("SPANS", "one too many", "failed", (_SPAN.format("orders = orders + 1", 0),)),
    Break("SPANS", "one too few above", "failed", (_SPAN.format("orders = orders - 1", 2),)),
    Break(
        "SPANS", "a row lost", "failed",
        ("DELETE FROM order_spans WHERE org = 1 AND level = 1 AND stage = 'failed'",),
    ),
    Break("SPANS", "goods moved unseen", "packed/none", _order("fulfilment = 'packed'", "placed"),
          (), ("STANDS_BY_EVENTS",)),
    Break("SPANS", "made before its span", "0", (_SPAN.format("created_min = created_max", 0),)),
    Break("SPANS", "made after its span", "0", (_SPAN.format("created_max = created_min", 0),)),
    Break("SPANS", "changed before its span", "1",
          (_SPAN.format("updated_min = updated_max", 1),)),
    Break("SPANS", "changed after its span", "2", (_SPAN.format("updated_max = updated_min", 2),)),
    Break(
        "SPANS", "no such level", "9",
        ("UPDATE order_spans SET level = 9 WHERE org = 2 AND level = 2",),
    ),
    Break(
        "TALLIES", "one value too many", "erp.no",
        (_VALUE.format("orders = orders + 1", "erp.no", "=7"),),
    ),
    Break(
        "TALLIES", "one path too few", "erp.ok",
        (_VALUE.format("orders = orders - 1", "erp.ok", ""),),
    ),
    Break(
        "TALLIES", "a path lost", "erp.no",
        ("DELETE FROM order_property_tallies WHERE path = 'erp.no' AND value = ''",),
    ),
    Break(
        "TALLIES", "an order updated unseen", "1",
        ("UPDATE order_update_tallies SET orders = orders + 1 WHERE org = 1 AND level = 1",),
    ),
    Break(
        "TALLIES", "a slot lost", "2",
        ("DELETE FROM order_update_tallies WHERE org = 2 AND level = 0",),
    ),
    Break(
        "WATCHED", "further than the log", "99999", ("UPDATE stock_settings SET watched = 99999",)
    ),
    Break(
        "WATCHED", "sent what is not there", "99998", ("UPDATE webhooks SET reached = 99998",)
    ),
)  # fmt: skip
