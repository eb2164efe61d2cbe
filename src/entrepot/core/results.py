"""Results of commands: the values that the edge renders."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.beside import Beside
from entrepot.core.broadcasts import Broadcast
from entrepot.core.bulk_jobs import BulkJob
from entrepot.core.buyers import Partner
from entrepot.core.changes import Changes
from entrepot.core.channels import Channel
from entrepot.core.funds import Funds
from entrepot.core.integrations import Connection
from entrepot.core.invoices import Invoice
from entrepot.core.keys import OwnKey
from entrepot.core.kinds import Location
from entrepot.core.media import Medium
from entrepot.core.members import Member
from entrepot.core.notes import OrderNote
from entrepot.core.order import Customer, Job, Order, StockEntry, Variant
from entrepot.core.organization import OrganizationSettings
from entrepot.core.price_lists import PriceList
from entrepot.core.products import FullProduct, VariantDetails
from entrepot.core.provider_accounts import ProviderAccount
from entrepot.core.returns import FullReturn
from entrepot.core.shipments import Parcel
from entrepot.core.stock_settings import StockSettings
from entrepot.core.taxonomy import Taxon
from entrepot.core.touches import Touch
from entrepot.core.webhooks import Webhook


class OrderResult(NamedTuple):
    """An order, as it stands after the command.

    With it: the shipment or the return that the command is about, the note that was written, and
    what hangs on the order, where that is asked for.
    """

    order: Order
    sent: Parcel | None = None
    back: FullReturn | None = None
    beside: Beside | None = None
    note: OrderNote | None = None


class OrdersResult(NamedTuple):
    """Several orders, in the order in which they were told, and who they are of (guests aside)."""

    orders: tuple[Order, ...]
    contacts: dict[bytes, Customer]


class NotedResult(NamedTuple):
    """The notification was taken; `fetching` while the order is announced and not known yet."""

    fetching: bool


class PushResult(NamedTuple):
    """How many connections are told of a product, a moment later."""

    connections: int


class NoticeResult(NamedTuple):
    """A payment service's notification is kept; whether it was not kept before."""

    new: bool


class StockResult(NamedTuple):
    """The ledger entry that was written."""

    entry: StockEntry


class StepResult(NamedTuple):
    """The next step of the pipeline, if any: the job as it now is, and the order's payments."""

    job: Job | None
    funds: Funds | None = None
    order: Order | None = None


class LapseResult(NamedTuple):
    """Whether the order was told now that a hold of its money ends."""

    told: bool


class SettingsResult(NamedTuple):
    """The settings of the organization, as they now are.

    `stock`: how stock is run, None where nobody ever said so; `hard` is the allocation.
    """

    settings: OrganizationSettings
    stock: StockSettings | None
    hard: bool


class StockSettingsResult(NamedTuple):
    """How the organization runs its stock now; `hard` is its allocation."""

    settings: StockSettings
    hard: bool


class WatchResult(NamedTuple):
    """How many shelves became low."""

    low: int


class ChannelResult(NamedTuple):
    """The channel that was made."""

    channel: Channel


class ConnectionResult(NamedTuple):
    """The connection, as it now is."""

    connection: Connection


class HeardResult(NamedTuple):
    """What became of what a connection told. `fault`: why its order could not be placed."""

    outcome: str
    fault: str = ""


class MemberResult(NamedTuple):
    """The member who was invited, or who came."""

    member: Member


class WebhookResult(NamedTuple):
    """The webhook, as it now is."""

    webhook: Webhook


class VariantResult(NamedTuple):
    """The variant that was made or changed, and its details."""

    variant: Variant
    details: VariantDetails


class ProductResult(NamedTuple):
    """The product as it now is, and the ids of the variants that were made, as they were told."""

    product: FullProduct
    made: tuple[bytes, ...]


class BroadcastResult(NamedTuple):
    """The broadcast as it now is."""

    broadcast: Broadcast


class PartnerResult(NamedTuple):
    """The customer as the command left the customer, with partnership and buyer."""

    partner: Partner


class PriceListResult(NamedTuple):
    """The list that was made, and the ids of its entries in the order of the command."""

    price_list: PriceList
    entries: tuple[bytes, ...]


class InvoiceResult(NamedTuple):
    """The invoice as it now is."""

    invoice: Invoice


class TouchResult(NamedTuple):
    """The touch that was recorded."""

    touch: Touch


class KeyResult(NamedTuple):
    """The key that was made or revoked."""

    key: OwnKey


class TaxonResult(NamedTuple):
    """The category, brand, attribute, group or template that was made."""

    taxon: Taxon


class MediumResult(NamedTuple):
    """The medium that was added."""

    medium: Medium


class BulkJobResult(NamedTuple):
    """The bulk job as it now is."""

    job: BulkJob


class AccountResult(NamedTuple):
    """The account at a payment service; whether there was one before."""

    account: ProviderAccount
    changed: bool


class OrganizationResult(NamedTuple):
    """The number of the organization, which began or was changed."""

    org: int


class LocationResult(NamedTuple):
    """The location that was made."""

    location: Location


class ReplayedResult(NamedTuple):
    """Nothing was done: the answer is the stored one of the first request under this key."""


Result = (
    OrderResult
    | OrdersResult
    | NotedResult
    | NoticeResult
    | PushResult
    | StockResult
    | StepResult
    | LapseResult
    | SettingsResult
    | StockSettingsResult
    | WatchResult
    | ChannelResult
    | ConnectionResult
    | HeardResult
    | MemberResult
    | WebhookResult
    | VariantResult
    | ProductResult
    | KeyResult
    | AccountResult
    | OrganizationResult
    | TouchResult
    | BroadcastResult
    | TaxonResult
    | PartnerResult
    | InvoiceResult
    | MediumResult
    | BulkJobResult
    | PriceListResult
    | LocationResult
    | ReplayedResult
)


class Decision(NamedTuple):
    """An accepted command: what to write, and what to say."""

    changes: Changes
    result: Result
    # The first step of an order that was placed here. The batch that placed the order may take it.
    first: Job | None = None
    # Whether the answer is what the request's key stands for from now on.
    settled: bool = True
