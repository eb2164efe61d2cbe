"""Which live orders stand with the payment of a reference."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select, union_all

from entrepot.core.claims import LET_GO, Claim, PaymentClaim
from entrepot.core.facets import ENDED
from entrepot.core.lifecycle import COMPLETABLE_FULFILMENT
from entrepot.core.payment import OPEN
from entrepot.store import schema

# Orders that came with another's payment, of which a live one is looked for when a new one comes.
LOOKED_AT = 100


def of_shared(conn: Connection, shared: Iterable[PaymentClaim]) -> dict[Claim, list[bytes]]:
    """The live orders of each claim that is shared, one statement a claim: few are."""
    claims = [(one.org, one.provider, one.reference) for one in shared]
    return {claim: stand_with(conn, *claim, LOOKED_AT) for claim in claims}


def stand_with(
    conn: Connection, org: int, provider: str, reference: str, most: int | None = None
) -> list[bytes]:
    """The ids of live orders that stand with the payment of this reference. `provider` is in small
    letters.

    Such an order claims the reference, or came with the reference while another order claimed it.
    An order whose hold of the money is to be let go stands with it no longer. With `most`, no more
    orders are looked at than so many of those that came last.
    """
    claimed, order, came = schema.payment_claims.c, schema.orders.c, schema.orders.alias().c
    claims = select(claimed.order_id.label("id")).where(
        claimed.org == org, claimed.provider == provider, claimed.reference == reference
    )
    shares = select(came.id).where(
        came.org == org, came.payment_reference == reference, came.shares_payment_of.is_not(None)
    )
    if most is not None:
        shares = shares.order_by(came.shares_payment_of.desc()).limit(most)
    ids = union_all(claims, select(shares.subquery().c.id)).subquery()
    found = conn.execute(
        select(order.id).where(
            order.org == org, order.id.in_(select(ids.c.id)),
            func.lower(order.payment_provider) == provider,
            _is_sale(), order.payment.not_in(LET_GO), ~_let_go(reference),
        )
    )  # fmt: skip
    return [bytes(id_) for (id_,) in found]


def _is_sale() -> ColumnElement[bool]:
    """Whether an order runs or was a sale: one that was made stays a sale when it is deleted."""
    order = schema.orders.c
    made = and_(order.stage == "deleted", order.fulfilment.in_(COMPLETABLE_FULFILMENT))
    return or_(order.stage.not_in(ENDED), made)


def _let_go(reference: str) -> ColumnElement[bool]:
    """Whether a void of the order's payment with this reference is written down and open."""
    order, paid, asked = schema.orders.c, schema.payments.c, schema.payment_operations.c
    its = and_(paid.org == asked.org, paid.order_id == asked.order_id, paid.number == asked.payment)
    return exists(
        select(asked.order_id)
        .join_from(schema.payments, schema.payment_operations, its)
        .where(
            paid.org == order.org, paid.order_id == order.id, paid.reference == reference,
            asked.kind == "void", asked.state.in_(OPEN),
        )
    )  # fmt: skip
