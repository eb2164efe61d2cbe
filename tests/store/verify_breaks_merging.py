"""How orders that became one can be broken behind the program's back."""

from __future__ import annotations

from tests.store.verify_breaks import Break

_NEWER = "WHERE org = 1 AND id = :merged"
_ITS_EVENT = "WHERE org = 1 AND subject_id = :merged AND type = 'order.cancelled'"
_TAKING = "WHERE org = 1 AND subject_id = :taker AND type = 'order.amended'"


def _number(name: str) -> str:
    return f"CAST((SELECT number FROM orders WHERE org = 1 AND id = :{name}) AS TEXT)"


def _told(where: str, before: str, after: str) -> tuple[str, ...]:
    """A text of an event is another one."""
    return (f"UPDATE events SET body = replace(body, {before}, {after}) {where}",)


def _pointing_to(which: str) -> str:
    """The event names the order whose lines were taken first (`min`), or last (`max`)."""
    took = "e.org = 1 AND e.subject_id = :taker AND e.type = 'order.amended'"
    return (
        "UPDATE events SET body = substr(body, 1, length(body) - 1) || ',' || ("
        "SELECT substr(replace(e.body, '\"merged\":', '\"merged_into\":'), 2) "
        f"FROM events AS e WHERE {took} AND e.seq = ("
        f"SELECT {which}(e.seq) FROM events AS e WHERE {took})) {_ITS_EVENT}"
    )


_REASON = f"UPDATE orders SET reason_detail = 'its lines are in order #' || {{}} {_NEWER}"

# The event says what an amendment says as well.
_TOLD_TOO = ("EVENTS", "STANDS_BY_EVENTS")

_NOT_OLDER = "the order that it names is not older"
_TWO_NAMES = "it names one order, and its event another one"
_NO_EVENT = "the order that it names has no event of taking its lines, or several"

BREAKS_OF_MERGING = (
    Break("MERGING", "merged into itself", _NOT_OLDER,
          (_REASON.format(_number("merged")), _pointing_to("min")), (), _TOLD_TOO),
    Break("MERGING", "a ring: merged into a newer one", _NOT_OLDER,
          (_REASON.format(_number("merged_too")), _pointing_to("max")), (), _TOLD_TOO),
    Break("MERGING", "another order than the event says", _TWO_NAMES,
          (_REASON.format(_number("merged_too")),)),
    Break("MERGING", "an order that nobody has", _TWO_NAMES,
          (_REASON.format("'9999'"),)),
    Break("MERGING", "no order", _TWO_NAMES,
          (f"UPDATE orders SET reason_detail = NULL {_NEWER}",)),
    Break("MERGING", "an event that names no order", "its events name no order, or several",
          _told(_ITS_EVENT, "'merged_into'", "'merged_in_to'")),
    Break("MERGING", "another buyer's order", "the order that it names is of another customer",
          ((f"UPDATE orders SET customer_id = (SELECT guest_id FROM organizations WHERE org = 1) "
            f"{_NEWER}"),), (), ("CONTACTS",)),
    Break("MERGING", "lines that nobody took", _NO_EVENT,
          _told(_TAKING, "'\"merged\":'", "'\"merged_\":'")),
    Break("MERGING", "another total", "the order that it names took another total",
          _told(_TAKING, "'\"total\":['", "'\"total\":[\"1\",\"1\"],\"_\":['")),
    Break("MERGING", "lines that were not taken", "the order that it names took other quantities",
          _told(_TAKING, "'\"lines\":'", "'\"_\":'")),
    Break("MERGING", "one that lives on", "taker",
          (f"UPDATE orders SET reason = NULL {_NEWER}",)),
)  # fmt: skip
