"""Which other live order a payment reference pays."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from entrepot.core.claims import LET_GO
from entrepot.core.facets import ENDED
from entrepot.store import schema


def pays_another(
    conn: Connection, org: int, provider: str, reference: str, order_id: bytes
) -> bytes | None:
    """The id of a live order beside this one that stands with the payment of this reference; None
    where there is none. `provider` is in small letters.

    It is the order that claims the reference, or one that came with it while it was claimed: such
    an order has no claim, also after the end of the order that had it.
    """
    claimed, order = schema.payment_claims.c, schema.orders.c
    first = select(claimed.order_id).where(
        claimed.org == org, claimed.provider == provider, claimed.reference == reference,
        claimed.order_id != order_id,
    )  # fmt: skip
    came_with_it = schema.orders.alias().c
    ids = select(came_with_it.id).where(
        came_with_it.org == org, came_with_it.payment_reference == reference,
        came_with_it.shares_payment_of.is_not(None),
    )  # fmt: skip
    sharing = select(order.id).where(
        order.org == org, order.id.in_(ids), order.id != order_id,
        func.lower(order.payment_provider) == provider,
        order.stage.not_in(ENDED), order.payment.not_in(LET_GO),
    ).limit(1)  # fmt: skip
    found = conn.execute(
        select(func.coalesce(first.scalar_subquery(), sharing.scalar_subquery()))
    ).scalar()
    return None if found is None else bytes(found)
