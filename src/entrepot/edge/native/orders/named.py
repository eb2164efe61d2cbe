"""The order that a path names, by any of its names."""

from __future__ import annotations

from entrepot.core import ids
from entrepot.core.refusal import Reason, Refusal, Refused, refuse
from entrepot.edge.dialect import Call, Parameter
from entrepot.store.writing import order_names

REF = Parameter(
    "ref", "path", {"type": "string"}, True,
    "The order's id, its number (`1042` or `#1042`), a sender's id, its external id or its "
    "reference. 409 names the candidates where several orders are called so.",
)  # fmt: skip
_NAMES = {
    "id": "id", "number": "number", "sender_id": "sender's id", "external_id": "external id",
    "external_reference": "reference", "external_name": "name",
}  # fmt: skip


async def changed_order_id(call: Call) -> bytes:
    """The id of the order that a request changes, as `order_id`. A repeat under a known key means
    the order that it meant at first, whatever that order and others are called by now.
    """
    found = await call.read(order_names.called, call.path_ids["ref"])
    if [one.name for one in found] != ["id"]:
        known = await call.order_under_key("ref")
        if known is not None:
            return known
    return _only(found)


async def order_id(call: Call) -> bytes:
    """The id of the order. Refused: no order, or several."""
    return _only(await call.read(order_names.called, call.path_ids["ref"]))


def _only(found: list[order_names.Named]) -> bytes:
    if not found:
        raise refuse(Reason.UNKNOWN_ORDER)
    if len(found) > 1:
        told = ", ".join(f"#{one.number} by its {_NAMES[one.name]}" for one in found)
        sentence = f"several orders are called so: {told}; name one by its id"
        raise Refused(
            Refusal(
                Reason.AMBIGUOUS, sentence, candidates=tuple(ids.dashed(one.id) for one in found)
            )
        )
    return found[0].id
