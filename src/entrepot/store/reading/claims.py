"""Which other live order a payment reference pays."""

from __future__ import annotations

from sqlalchemy import Connection

from entrepot.store.writing import paying


def pays_another(
    conn: Connection, org: int, provider: str, reference: str, order_id: bytes
) -> bytes | None:
    """The id of a live order beside this one that stands with the payment of this reference; None
    where there is none. See `paying.stand_with`.
    """
    found = paying.stand_with(conn, org, provider, reference)
    return next((one for one in found if one != order_id), None)
