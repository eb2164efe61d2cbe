"""The query of Polinate's order list; pure. Refused: half a filter, two that exclude each other."""

from __future__ import annotations

from entrepot.core.order_filter import OrderFilter
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.polinate import lists
from entrepot.edge.polinate.orders import values
from entrepot.edge.polinate.words import PHASE, STATUS, goods_of, stages_of

QUERY = (
    "page", "limit", "createdSince", "updatedSince", "modifiedSince", "phase", "status",
    "propertyPath", "propertyValue", "propertyExists",
)  # fmt: skip


def order_list(query: dict[str, str]) -> tuple[OrderFilter, int, int]:
    """The filter of a list, its page (from 1), and the number of orders on a page."""
    page, limit = lists.page_of(query)
    for other in ("createdSince", "updatedSince"):
        if "modifiedSince" in query and other in query:
            raise refuse(Reason.INVALID, f"cannot stand beside {other}", "modifiedSince")
    since = {name: lists.after(query[name], name) for name in QUERY[2:5] if name in query}
    phase = values.maybe_word(query.get("phase"), PHASE, "phase")
    status = values.maybe_word(query.get("status"), STATUS, "status")
    wanted = OrderFilter(
        created_after=since.get("createdSince"),
        updated_after=since.get("updatedSince"),
        modified_after=since.get("modifiedSince"),
        stages=() if phase is None else stages_of(phase),
        goods=() if status is None else goods_of(status),
    )
    return lists.with_property(wanted, query), page, limit
