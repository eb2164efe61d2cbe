"""What somebody wants, in the imperative. Commands carry no status codes and no wire shapes."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from entrepot.core.money import Amount


class VariantRef(NamedTuple):
    """How a line names what is ordered: an id of ours, an entry of a list, or the sender's names.

    `names` are (kind, value) pairs, tried in order; the first time one is seen, a variant is made.
    """

    variant_id: bytes | None = None
    entry_id: bytes | None = None
    names: tuple[tuple[str, str], ...] = ()
    field: str = "variant_id"  # the member that named it, for refusals


class DraftLine(NamedTuple):
    """A line as wanted. `where` is its path in the sender's body, for refusals."""

    where: str
    variant: VariantRef
    quantity: int
    price: Amount | None = None
    currency: str | None = None
    title: str = ""
    sku: str | None = None
    variant_title: str | None = None
    location_id: bytes | None = None
    unit_of_measure: str | None = None
    cost: Amount | None = None
    requires_shipping: bool = True
    details: str | None = None
    properties: str | None = None
    counted: bool = True  # False: how many was not told, and the quantity is a guess
    bare: bool = False  # the details say nothing that the line does not say itself


class CustomerRef(NamedTuple):
    """Who orders: an id of ours, or what the sender calls them and where they can be reached.

    `own` is the sender's id for them, under the sender's kind. `identifiers` are addresses (kind,
    value) as they are compared, the strongest kind first. Placeholders stand in neither.
    """

    customer_id: bytes | None = None
    identifiers: tuple[tuple[str, str], ...] = ()
    own: tuple[str, str] | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    field: str = "customer_id"


class PlaceOrder(NamedTuple):
    """Place a managed order: Entrepot reserves, authorises and confirms it."""

    org: int
    source: str
    currency: str  # empty: that of the first line's variant
    lines: tuple[DraftLine, ...]
    customer: CustomerRef = CustomerRef()
    total: Amount | None = None
    # Order fields that are kept as said: notes, channel, payment_reference and the like.
    said: dict[str, Any] = {}  # noqa: RUF012 - a NamedTuple default; never written to
    makes: bool = False  # a variant or customer whose id is new to the organization is made
    # The decimal places of the smallest amount that a payment can be asked for; None: no payment.
    places: int | None = None
    # Lines that name no location are reserved at the organization's default location.
    from_default_location: bool = False
    one_line_an_entry: bool = False
    one_currency: bool = False
    # Payment services with an account here, in small letters; None: no account is needed.
    accounts: frozenset[str] | None = None


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


class LineChange(NamedTuple):
    """What to change on a line; None leaves a field as it is."""

    where: str
    line_id: bytes
    quantity: int | None = None
    unit_of_measure: str | None = None
    currency: str | None = None
    price: Amount | None = None
    cost: Amount | None = None
    properties: dict[str, Any] | None = None
    # What the line is of, where that was told with it: it does not change.
    variant_id: bytes | None = None
    entry_id: bytes | None = None


class AmendPaths(NamedTuple):
    """What the sender calls the members of a change, for refusals."""

    order: str = "order"
    total: str = "total"
    currency: str = "currency"
    shipped_at: str = "shipped_at"
    delivered_at: str = "delivered_at"
    new_lines: str = "new_lines"
    # Members of a line.
    variant: str = "variant"
    entry: str = "entry"


class AmendOrder(NamedTuple):
    """Change an order and its lines together: deletes, updates, creates; all or nothing."""

    org: int
    source: str
    order_id: bytes
    words: tuple[tuple[str, str], ...] = ()
    said: dict[str, Any] = {}  # noqa: RUF012 - as in PlaceOrder
    total: Amount | None = None
    properties: dict[str, Any] | None = None
    create_lines: tuple[DraftLine, ...] = ()
    update_lines: tuple[LineChange, ...] = ()
    delete_lines: tuple[tuple[str, bytes], ...] = ()
    # Of the currencies that are told: those that ISO 4217 does not have.
    odd_currencies: frozenset[str] = frozenset()
    # Revisions (core.order.revision) one of which the order must have; None where any will do.
    expected: frozenset[str] | None = None
    # The second after which the order must not have changed; None where it may have.
    unmodified_since: int | None = None
    paths: AmendPaths = AmendPaths()


class NotifyOrder(NamedTuple):
    """Somebody says that an order exists, by any id that an order can be known by."""

    org: int
    source: str
    order_text: str


class AdjustStock(NamedTuple):
    """Add to or take from what is on hand of a variant at a location."""

    org: int
    variant_id: bytes
    location_id: bytes
    delta: int
    note: str


class ReserveStock(NamedTuple):
    """Pipeline: hold stock for every line that needs it, or none; prepare the payment attempt."""

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    key: str  # the provider's idempotency key, derived outside
    services: frozenset[str]  # payment services that answer here
    held_until: int
    stand_in: str | None = None  # the service that answers in place of all others


class SettlePayment(NamedTuple):
    """Pipeline: what came of the attempt: authorized, declined, voided, expired, or lapsed.

    A lapsed attempt is one whose order's stock is held no longer, and whose void has no answer yet.
    """

    org: int
    order_id: bytes
    job_id: bytes
    fence: int
    outcome: str
    detail: str
    provider_reference: str | None = None


class DeferJob(NamedTuple):
    """Pipeline: try the job again at `run_at`, or leave it to the operator (`parked`).

    A parked job whose `run_at` is ahead is taken up again then: the hold of its stock ends.
    """

    org: int
    job_id: bytes
    fence: int
    run_at: int
    error: str
    parked: bool = False
    counted: bool = True  # whether it counts as a failed try
    order_id: bytes | None = None  # the job's order, which is parked with it
    waiting: str = ""  # what the order says while it waits; empty leaves its reason as it is
    stage: str | None = None  # where the order stood when the step was tried, if it is known


class ResumeOrder(NamedTuple):
    """The operator's word: take the steps of an order up now that are parked or only wait."""

    org: int
    order_id: bytes


class ResumeJob(NamedTuple):
    """The operator's word for a job without an order: a fetch that is parked or only waits."""

    org: int
    job: bytes  # not `job_id`: what carries one is the pipeline's own


class FinishJob(NamedTuple):
    """Pipeline: the job has nothing left to do."""

    org: int
    job_id: bytes
    fence: int


class Command(Protocol):
    """Anything that is wanted of an organization's book. Its rule is in core/decide."""

    @property
    def org(self) -> int:
        """The organization."""
        ...


def size(command: Command) -> int:
    """How much there is to write: orders and lines."""
    if isinstance(command, MirrorOrders):
        return len(command.drafts) + sum([len(draft.lines) for draft in command.drafts])
    return 1 + len(command.lines) if isinstance(command, PlaceOrder) else 1


def weight(command: Command) -> int:
    """How many orders the command writes; a batch is bounded by the sum."""
    return len(command.drafts) if isinstance(command, MirrorOrders) else 1
