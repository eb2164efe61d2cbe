"""Which live order a payment reference pays."""

from __future__ import annotations

from sqlalchemy import Connection, select

from entrepot.core.claims import Claim
from entrepot.store import schema


def claimant(conn: Connection, claim: Claim) -> bytes | None:
    """The id of the live order that the payment with this reference pays; None where there is
    none.
    """
    org, provider, reference = claim
    row = schema.payment_claims.c
    found = conn.execute(
        select(row.order_id).where(
            row.org == org, row.provider == provider, row.reference == reference
        )
    ).first()
    return None if found is None else bytes(found[0])
