"""How an organization runs its stock: its allocation, when stock is low, and its drafts of
purchases.
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Kind, Shelf, by
from entrepot.core.quantity import Quantity

ALLOCATIONS = ("HARD", "SOFT")
COSTINGS = ("WAC", "FIFO")
DEFAULT_ALLOCATION = "HARD"
DEFAULT_COSTING = "WAC"
DEFAULT_THRESHOLD = 10
# The most pieces that a threshold can be.
THRESHOLD_MAX = 10**9


class StockSettings(NamedTuple):
    """How an organization runs its stock. One that never said so has no row, and no stock is low.

    The allocation itself lies with the organization, because every order needs it.
    """

    org: int
    id: bytes
    version: int  # the number of the event that told these settings
    low_stock_threshold: int  # whole pieces: stock is low where no more are free
    auto_po: bool  # whether low stock makes a draft of a purchase order
    costing: str
    # The number of the last event of the organization's log that was looked at for low stock.
    # 0: none was looked at since the settings were made.
    watched: int
    updated_by: bytes | None  # the id of the credential that told them, if it was one
    created_at: int
    updated_at: int


class LowStock(NamedTuple):
    """A shelf whose free stock fell to the threshold. The row goes when more is free again, or the
    variant is deleted.
    """

    org: int
    variant_id: bytes
    location_id: bytes
    id: bytes
    free: Quantity  # when it was noticed
    since: int


class PurchaseDraft(NamedTuple):
    """A draft of a purchase order: what would fill a low shelf. It goes when that is filled."""

    org: int
    variant_id: bytes
    location_id: bytes
    id: bytes
    quantity: Quantity
    created_at: int


STOCK_SETTINGS: Kind[tuple[int], StockSettings] = Kind(
    "organization's stock settings", StockSettings, lambda row: (row.org,),
    guard=("version", "watched"),
)  # fmt: skip
LOW_STOCK: Kind[Shelf, LowStock] = Kind(
    "low stock", LowStock, by(LowStock, "org", "variant_id", "location_id")
)
PURCHASE_DRAFTS: Kind[Shelf, PurchaseDraft] = Kind(
    "draft of a purchase", PurchaseDraft, by(PurchaseDraft, "org", "variant_id", "location_id")
)
