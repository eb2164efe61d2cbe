"""Words told of a managed order ahead of its pipeline: kept, and true once it is confirmed.

Only a confirmed order's goods can leave, and only a confirmed order's sale can end. A sender that
says so earlier gets the answer that a confirmed order would give, so that no answer depends on the
speed of the pipeline. Such words are kept beside the words that the sender told
(`orders.sender_words`): `ahead` is the stand to come, `axis.ahead` the last word on an axis.
"""

from __future__ import annotations

from entrepot.core.facets import Facets
from entrepot.core.lifecycle import NOT_LEFT
from entrepot.core.order import Order
from entrepot.core.telling import Told
from entrepot.core.words import heard, spelled

_STAND = "ahead"
_WORD = ".ahead"
# Stages that a placed order can have at once; the others wait for the confirmation.
_AT_ONCE = frozenset({"placed", "draft", "cancelled", "rejected", "failed", "deleted"})


def is_kept(order: Order) -> bool:
    """Whether something was told of the order that waits for its confirmation."""
    return bool(order.sender_words) and f"{_STAND}=" in (order.sender_words or "")


def told(order: Order) -> Told:
    """The words that wait for the confirmation, the last one on each axis."""
    if not is_kept(order):
        return ()
    kept = heard(order.sender_words or "")
    return tuple(
        (axis.removesuffix(_WORD), word) for axis, word in kept.items() if axis.endswith(_WORD)
    )


def can_be_now(facets: Facets) -> bool:
    """Whether an order that is not confirmed can stand here: nothing has left, no sale is over."""
    return facets.stage in _AT_ONCE and facets.fulfilment in NOT_LEFT and facets.returns == "none"


def stand(order: Order) -> Facets:
    """The facets that the order will have, as far as anybody has told: a placed one, once it is
    confirmed.
    """
    facets = order.facets
    if not order.managed or facets.stage != "placed":
        return facets
    if is_kept(order):
        stage, fulfilment, returns = heard(order.sender_words or "")[_STAND].split(",")
        return facets._replace(stage=stage, fulfilment=fulfilment, returns=returns)
    return confirmed(facets)


def confirmed(facets: Facets) -> Facets:
    """These facets once the pipeline has confirmed the order.

    The one published poll for orders to export asks for ACTIVE and ACCEPTED.
    """
    _, payment, goods, returns = facets
    return Facets("confirmed", payment, "accepted" if goods == "unassigned" else goods, returns)


def keep(order: Order, facets: Facets, words: Told) -> Order:
    """The order with this stand to come, and these words told of it."""
    kept = dict(heard(order.sender_words or ""))
    kept[_STAND] = f"{facets.stage},{facets.fulfilment},{facets.returns}"
    kept.update((axis + _WORD, word) for axis, word in words)
    return order.changed(sender_words=spelled(kept))


def dropped(order: Order) -> Order:
    """The order without what was told ahead."""
    left = {
        axis: word
        for axis, word in heard(order.sender_words or "").items()
        if axis != _STAND and not axis.endswith(_WORD)
    }
    return order.changed(sender_words=spelled(left) or None)


def steps(facets: Facets) -> tuple[Facets, ...]:
    """The stands through which a confirmed order comes here: a deleted sale was completed first."""
    if facets.stage == "deleted":
        return facets._replace(stage="completed"), facets
    return (facets,)
