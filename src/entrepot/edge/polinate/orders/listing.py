"""The query of Polinate's order list; pure. Refused: half a filter, two that exclude each other."""

from __future__ import annotations

import re

from entrepot.core.order_filter import OrderFilter
from entrepot.core.refusal import Reason, refuse
from entrepot.edge.polinate.orders import values
from entrepot.edge.polinate.words import PHASE, STATUS, goods_of, stages_of

LIMIT_DEFAULT, LIMIT_MAX = 20, 100
PAGE_MAX = 10**9
PATH_MAX = 1024
QUERY = (
    "page", "limit", "createdSince", "updatedSince", "modifiedSince", "phase", "status",
    "propertyPath", "propertyValue", "propertyExists",
)  # fmt: skip
_WHOLE = re.compile(r"[0-9]{1,10}\Z")


def order_list(query: dict[str, str]) -> tuple[OrderFilter, int, int]:
    """The filter of a list, its page (from 1), and the number of orders on a page."""
    limit = _count(query, "limit", LIMIT_DEFAULT, LIMIT_MAX)
    page = _count(query, "page", 1, PAGE_MAX)
    for other in ("createdSince", "updatedSince"):
        if "modifiedSince" in query and other in query:
            raise refuse(Reason.INVALID, f"cannot stand beside {other}", "modifiedSince")
    since = {name: _after(query[name], name) for name in QUERY[2:5] if name in query}
    phase = values.maybe_word(query.get("phase"), PHASE, "phase")
    status = values.maybe_word(query.get("status"), STATUS, "status")
    wanted = OrderFilter(
        created_after=since.get("createdSince"),
        updated_after=since.get("updatedSince"),
        modified_after=since.get("modifiedSince"),
        stages=() if phase is None else stages_of(phase),
        goods=() if status is None else goods_of(status),
    )
    return _with_property(wanted, query), page, limit


def _with_property(wanted: OrderFilter, query: dict[str, str]) -> OrderFilter:
    path, value = query.get("propertyPath"), query.get("propertyValue")
    exists = query.get("propertyExists")
    if value is not None and exists is not None:
        raise refuse(Reason.INVALID, "cannot stand beside propertyExists", "propertyValue")
    if path is None:
        if value is not None or exists is not None:
            raise refuse(Reason.INVALID, "is needed to look at a property", "propertyPath")
        return wanted
    if value is None and exists is None:
        raise refuse(Reason.INVALID, "needs propertyValue or propertyExists", "propertyPath")
    if not 0 < len(path) <= PATH_MAX:
        raise refuse(Reason.INVALID, f"must have 1 to {PATH_MAX} characters", "propertyPath")
    if exists not in (None, "true", "false"):
        raise refuse(Reason.INVALID, "must be true or false", "propertyExists")
    return wanted._replace(
        property_path=path,
        property_value=value,
        property_exists=None if exists is None else exists == "true",
    )


def _count(query: dict[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not _WHOLE.match(text) or not 1 <= int(text) <= most:
        raise refuse(Reason.INVALID, f"must be a whole number from 1 to {most}", name)
    return int(text)


def _after(text: str, field: str) -> int:
    """The last microsecond that is shown as this time: times are shown in milliseconds."""
    return values.instant(text, field) // 1000 * 1000 + 999
