"""Values that commands carry: lines, goods, customers. Each command is in core/decide.

Commands are in the imperative; they carry no status codes and no wire shapes.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from entrepot.core.money import Amount
from entrepot.core.quantity import Quantity


class VariantRef(NamedTuple):
    """How a line names what is ordered: an id of ours, an entry of a list, or the sender's names.

    `names` are (kind, value) pairs, tried in order; the first time one is seen, a variant is made.
    """

    variant_id: bytes | None = None
    entry_id: bytes | None = None
    names: tuple[tuple[str, str], ...] = ()
    field: str = "variant_id"  # the member that named it, for refusals
    known: bool = False  # names that are not known make no variant, but a refusal
    # A variant with one of these SKUs is meant where no name is known yet; the names are the
    # variant's then.
    skus: tuple[str, ...] = ()
    # The same names as books from before have them: tried last, and given to no variant.
    older: tuple[tuple[str, str], ...] = ()


class DraftLine(NamedTuple):
    """A line as wanted. `where` is its path in the sender's body, for refusals."""

    where: str
    variant: VariantRef
    quantity: Quantity
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
    price_field: str = "price"  # the sender's name for the price, for refusals


class CustomerRef(NamedTuple):
    """The customer of an order: our id, or the sender's id and addresses of the customer.

    `own` is the sender's id for the customer, under the sender's kind. `identifiers` are addresses
    (kind, value) as they are compared, the strongest kind first. Placeholders stand in neither.
    """

    customer_id: bytes | None = None
    identifiers: tuple[tuple[str, str], ...] = ()
    own: tuple[str, str] | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None
    field: str = "customer_id"


class AmendPaths(NamedTuple):
    """The sender's names for the members of a change, for refusals."""

    order: str = "order"
    total: str = "total"
    currency: str = "currency"
    shipped_at: str = "shipped_at"
    delivered_at: str = "delivered_at"
    new_lines: str = "new_lines"
    # Members of a line.
    variant: str = "variant"
    entry: str = "entry"


class LineChange(NamedTuple):
    """The changes of a line; None leaves a field as it is."""

    where: str
    line_id: bytes
    quantity: Quantity | None = None
    unit_of_measure: str | None = None
    currency: str | None = None
    price: Amount | None = None
    cost: Amount | None = None
    properties: dict[str, Any] | None = None
    # The goods of the line, if they were told with it: they do not change.
    variant_id: bytes | None = None
    entry_id: bytes | None = None


class Command(Protocol):
    """Anything that is wanted of an organization's book. Its rule is in core/decide."""

    @property
    def org(self) -> int:
        """The organization."""
        ...
