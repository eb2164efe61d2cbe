"""Pictures and other media of products and variants: the address of each."""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Key, Kind, by

# Characters.
LINK_MAX, TEXT_MAX = 2_000, 1_000
ORDER_MAX = 2**31 - 1


class Medium(NamedTuple):
    """A medium of a product, of a variant, or of both. Times are microseconds UTC."""

    org: int
    id: bytes
    product_id: bytes | None
    variant_id: bytes | None
    url: str
    alt_text: str | None
    sort_order: int
    created_at: int
    updated_at: int


MEDIA: Kind[Key, Medium] = Kind("medium", Medium, by(Medium, "org", "id"))
