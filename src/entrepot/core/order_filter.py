"""The filter of a list of orders."""

from typing import NamedTuple


class OrderFilter(NamedTuple):
    """The orders that a list wants; all members that are set must hold. Times are microseconds,
    UTC.
    """

    created_after: int | None = None  # strictly
    updated_after: int | None = None  # strictly
    modified_after: int | None = None  # created or updated, strictly
    created_min: int | None = None  # inclusive
    created_max: int | None = None
    updated_min: int | None = None
    updated_max: int | None = None
    stages: tuple[str, ...] = ()  # any of these; empty: any at all
    goods: tuple[str, ...] = ()  # any of these states of the goods (core.facets.goods), as above
    property_path: str | None = None
    property_value: str | None = None
    property_exists: bool | None = None
    before: int | None = None  # with a smaller number
    # Members that no tally of spans knows: orders are looked at one by one.
    payments: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    customer_id: bytes | None = None
    # A text that somebody would say of the orders: a name of the order, a payment's reference, a
    # mailbox, a telephone, a part of the customer's name, a SKU.
    text: str | None = None
    # Parked or failed, or placed here and unchanged since this time.
    stuck_since: int | None = None
