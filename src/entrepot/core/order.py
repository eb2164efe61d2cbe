"""The order and its lines, as the book holds them: plain values, no behaviour beyond arithmetic."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from entrepot.core.facets import ENDED, SHIPPED, Facets
from entrepot.core.ids import dashed
from entrepot.core.money import Amount, balance, line_sum
from entrepot.core.quantity import ONE, Quantity
from entrepot.core.words import nothing_came, shown

# What moves stock in its ledger.
ENTRY_KINDS = ("adjustment", "sale", "return")


class Line(NamedTuple):
    """A line of an order. Title, SKU and price are snapshots; ids point into the catalogue."""

    id: bytes
    number: int
    variant_id: bytes
    item_id: bytes
    entry_id: bytes
    location_id: bytes | None = None  # set: reserve from here
    sku: str | None = None
    title: str = ""
    variant_title: str | None = None
    quantity: Quantity = Quantity(ONE)
    unit_of_measure: str = "each"
    currency: str = "USD"
    price: Amount = Amount(0, 0)
    cost: Amount = Amount(0, 0)
    requires_shipping: bool = True
    details: str | None = None  # JSON text of what only the sender's dialect knows
    properties: str | None = None  # JSON text
    created_at: int = 0
    updated_at: int = 0


def revision(order: Order) -> str:
    """The text that differs in every state of an order: its events' count and its last change."""
    return f"{order.version}-{order.updated_at:x}"


def subtotal(lines: Iterable[Line], currency: str) -> Amount:
    """The sum of the lines in the order's currency. A line in another one does not add up to it."""
    return line_sum([(line.price, line.quantity) for line in lines if line.currency == currency])


class Order(NamedTuple):
    """An order. Times are microseconds since the epoch, UTC; `version` counts its events."""

    org: int
    id: bytes
    origin: str
    managed: bool
    facets: Facets
    told_words: str  # words that were told and are still true: axis=word axis=word
    currency: str
    subtotal: Amount
    total: Amount
    customer_id: bytes
    created_at: int
    updated_at: int
    discount: Amount = Amount(0, 0)
    shipping: Amount = Amount(0, 0)
    tax: Amount = Amount(0, 0)
    # The sender's own identifier of a mirrored order, unique in the organization.
    sender_id: str | None = None
    # Digest of what the sender last said, so that a repeat changes nothing.
    sender_digest: bytes | None = None
    # The word that the sender last told on each axis; see core.telling.
    sender_words: str | None = None
    external_id: str | None = None
    external_name: str | None = None
    external_reference: str | None = None
    membership_id: str | None = None
    integration_id: str | None = None
    payment_provider: str | None = None
    payment_reference: str | None = None
    # The order that this reference already paid when the order came; see core.claims.
    shares_payment_of: bytes | None = None
    channel: str | None = None
    source_platform: str | None = None
    sale_source: str | None = None
    idempotency_key: str | None = None
    tracking_url: str | None = None
    notes: str | None = None
    delivery_address: str | None = None
    address: str | None = None  # JSON text of a structured address
    # The customer as the order was told; later tellings of the customer change none of it.
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    properties: str | None = None  # JSON text, every member of which can be looked for
    metadata: str | None = None  # JSON text that comes back as it was told
    expected_at: int | None = None
    shipped_at: int | None = None
    delivered_at: int | None = None
    # When it was made, as its sender says; `created_at` is when it arrived here.
    made_at: int | None = None
    # Why the order stands where it stands: a code (core/order_reason.py) and a sentence.
    reason: str | None = None
    reason_detail: str | None = None
    parked: bool = False
    ingested: bool = False  # its sender told us that it exists before anybody told it
    version: int = 0
    lines: tuple[Line, ...] = ()
    # Its place in the organization's book, 1, 2, 3 ... without a gap; 0 until it is written.
    number: int = 0

    @property
    def words(self) -> Mapping[str, str]:
        """The word that the order shows now on each axis that a dialect registered."""
        return shown(self.facets, self.told_words)

    @property
    def is_off(self) -> bool:
        """Whether the order ended without a sale, so that nobody keeps its money. A sale that was
        made stays a sale when the order is deleted.
        """
        stage, _, goods, _ = self.facets
        if stage != "deleted":
            return stage in ENDED
        made = goods in SHIPPED or goods == "not_applicable"
        return not made or nothing_came(self.facets, self.told_words)

    def changed(self, **values: Any) -> Order:
        """The order with other values. What `_replace` gives, at a fifth of its cost: that one
        looks every member up by name, and an order has many.
        """
        members = list(self)
        for name, value in values.items():
            members[_PLACE[name]] = value
        return tuple.__new__(Order, members)

    def costing(self, subtotal: Amount, total: Amount) -> Order:
        """The order at another price: what lies between its lines and its total follows."""
        discount, shipping = balance(subtotal, total)
        # The book keeps these at one scale: an equal amount at another is no change.
        return self.changed(
            subtotal=or_equal(self.subtotal, subtotal),
            total=or_equal(self.total, total),
            discount=or_equal(self.discount, discount),
            shipping=or_equal(self.shipping, shipping),
        )


def or_equal(known: Amount, told: Amount) -> Amount:
    """The amount that was told; the known one where both are the same at another scale."""
    scale = max(known.scale, told.scale)
    return known if known.at(scale) == told.at(scale) else told


_PLACE = {name: place for place, name in enumerate(Order._fields)}


class Event(NamedTuple):
    """An event of a subject, an order. `seq` counts 1..n within the subject, `number` 1..n within
    the organization in the order of commits; neither has a gap.
    """

    org: int
    subject_id: bytes
    seq: int
    type: str
    at: int
    source: str
    body: str  # JSON text: the facets as moved, and what else the type says
    subject: str = "order"  # what kind of thing `subject_id` names
    actor: str = ""  # who made it happen; see core.actor
    number: int = 0  # 0 until the event is written


class Customer(NamedTuple):
    """A person or business that orders."""

    org: int
    id: bytes
    name: str
    first_name: str | None
    last_name: str | None
    email: str | None
    phone: str | None
    created_at: int
    updated_at: int
    # The kinds of senders that have an id of their own for this customer, with blanks between them.
    # None, as in older books: any kind may have one.
    senders: str | None = None
    # JSON text: those ids, by the kind of sender. None where none is known.
    own_ids: str | None = None


class Variant(NamedTuple):
    """A sellable thing: its product, and its entry on the organization's default item list.

    Here is what an order needs of it; core/products.py has the rest.
    """

    org: int
    id: bytes
    item_id: bytes  # the product's
    entry_id: bytes
    sku: str | None
    name: str  # what a line calls it, where the order does not say
    currency: str
    price: Amount
    tracked: bool
    created_at: int
    deleted_at: int | None = None  # no new order can name it by our id from then on


class Level(NamedTuple):
    """Stock of a tracked variant at a location. Free stock is on_hand - reserved."""

    org: int
    variant_id: bytes
    location_id: bytes
    on_hand: Quantity
    reserved: Quantity
    version: int = 0
    soft: bool = False  # SOFT allocation: may be reserved beyond what there is


class StockEntry(NamedTuple):
    """A row of the append-only stock ledger."""

    org: int
    id: bytes
    variant_id: bytes
    location_id: bytes
    delta: Quantity
    kind: str  # one of ENTRY_KINDS
    order_id: bytes | None
    note: str
    created_at: int
    # What a unit cost of goods that came in, in ten-thousandths; None where nobody told any cost.
    unit_cost: int | None = None


class Reservation(NamedTuple):
    """A line's claim on stock: held, then committed, released or expired; then shipped.

    `shipped` of `quantity` has left, and is on hand and reserved no longer. The state is `shipped`
    when all has.
    """

    org: int
    order_id: bytes
    line_id: bytes
    variant_id: bytes
    location_id: bytes
    quantity: Quantity
    state: str
    held_until: int
    updated_at: int
    shipped: Quantity = Quantity(0)

    @property
    def left(self) -> Quantity:
        """How much of it has not left, and stays claimed until it does or is released."""
        return Quantity(self.quantity - self.shipped)


class Job(NamedTuple):
    """A durable later step. `fence` rises with every claim; only its holder may finish the job."""

    org: int
    id: bytes
    kind: str  # reserve | authorise | void | fetch
    order_id: bytes | None
    payload: str | None
    state: str  # due | parked | stopped, while its order is held
    run_at: int
    leased_until: int
    fence: int
    tries: int
    last_error: str | None
    created_at: int
    put_off_at: int | None = None  # when `run_at` was chosen; None: the job is due at once
    holder: int | None = None  # the process that the lease is of


class StoredAnswer(NamedTuple):
    """The first answer under an idempotency key, kept byte for byte.

    `checksum` is of the rest, by `answer_checksum`; rows of older versions have none.
    """

    org: int
    key: str
    operation: str
    fingerprint: bytes
    status: int
    body: bytes
    order_id: bytes | None
    created_at: int
    checksum: int | None = None

    def answering(self, body: bytes) -> StoredAnswer:
        """The same row with this body, and the checksum that fits it."""
        checksum = answer_checksum(
            self.key, self.operation, self.fingerprint, self.status, body, self.order_id
        )
        return self._replace(body=body, checksum=checksum)


def answer_checksum(
    key: str, operation: str, fingerprint: bytes, status: int, body: bytes, order_id: bytes | None
) -> int:
    """A number of 32 bits that changes with what a repeat of the request would be answered."""
    told = f"{len(key)} {key} {operation} {status}".encode()
    return zlib.crc32(b"\0".join((told, fingerprint, order_id or b"", body)))


SEALED_BYTES = 20
SEAL_BYTES = 4


def sealed_digest(sender_id: str, digest: bytes) -> bytes:
    """A digest of what a sender told, 16 bytes, and four more that tell whose the digest is."""
    return digest + zlib.crc32(digest, zlib.crc32(sender_id.encode())).to_bytes(SEAL_BYTES, "big")


def sealed_for(order: Order) -> str:
    """The id that the digest of what the order's sender told is sealed for.

    An order that has no sender can be told as well, under the order's own id.
    """
    return dashed(order.id) if order.sender_id is None else order.sender_id


class Announced(NamedTuple):
    """An order that somebody says exists and nobody has told yet."""

    org: int
    text: str
    source: str
    announced_at: int
