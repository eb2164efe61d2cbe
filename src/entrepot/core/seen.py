"""What is known of an organization and of an order without reading them again."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.funds import Funds
from entrepot.core.invoices import Invoice
from entrepot.core.order import Job, Order, Reservation


class OrgFacts(NamedTuple):
    """Members of an organization that decisions need."""

    org: int
    guest_id: bytes  # the customer that stands behind orders without one
    default_location: bytes
    default_list: bytes
    hard: bool  # HARD allocation: never reserve more than there is
    has_source: bool  # an order source is configured
    announced: bool = False  # orders are announced that nobody has told yet
    payment_secret: bytes | None = None  # in place of the book's, what payment keys derive from
    # When an order gets its invoice; None: nobody ever chose it, and there are no invoices.
    invoices: str | None = None


class Seen(NamedTuple):
    """An order as a batch of this process left it, with what hangs on it and the job that is held.

    A caller that passes this in saves one read. If it is out of date, the guarded write fails with
    Conflict, and the batch runs again after reading.
    """

    org: OrgFacts
    order: Order
    reservations: tuple[Reservation, ...]
    funds: Funds | None
    job: Job
    invoice: Invoice | None = None
