"""Parameters that Polinate's lists have in common: pages, times, and one property.

Refused: half a filter, and two that exclude each other.
"""

from __future__ import annotations

from typing import TypeVar

from entrepot.core.invoices import InvoiceFilter
from entrepot.core.order_filter import OrderFilter
from entrepot.core.refusal import Reason, refuse
from entrepot.edge import query_numbers
from entrepot.edge.dialect import Parameter
from entrepot.edge.polinate.orders import values

LIMIT_DEFAULT, LIMIT_MAX = 20, 100
PAGE_MAX = 10**9
PATH_MAX = 1024
_TEXT = {"type": "string"}
F = TypeVar("F", OrderFilter, InvoiceFilter)


def page_parameters(rows: str) -> tuple[Parameter, ...]:
    """The documented parameters of pages; `rows` is what a page has."""
    page = {"type": "integer", "default": 1, "minimum": 1, "maximum": PAGE_MAX}
    limit = {"type": "integer", "default": LIMIT_DEFAULT, "minimum": 1, "maximum": LIMIT_MAX}
    return (
        Parameter("page", "query", page, False, "Which page, from 1."),
        Parameter("limit", "query", limit, False, f"{rows} a page."),
    )


PROPERTY = (
    Parameter("propertyPath", "query", {"type": "string", "minLength": 1, "maxLength": PATH_MAX},
              False, "A dot path into the properties; needs one of the next two."),
    Parameter("propertyValue", "query", _TEXT, False, "With this value at the path, as text."),
    Parameter("propertyExists", "query", {"type": "boolean"}, False,
              "With (true) or without (false) the path."),
)  # fmt: skip


def page_of(query: dict[str, str]) -> tuple[int, int]:
    """The page, from 1, and the number of rows on a page."""
    return _count(query, "page", 1, PAGE_MAX), _count(query, "limit", LIMIT_DEFAULT, LIMIT_MAX)


def after(text: str, field: str) -> int:
    """The last microsecond that is shown as this time: times are shown in milliseconds."""
    return values.instant(text, field) // 1000 * 1000 + 999


def truth(query: dict[str, str], name: str) -> bool | None:
    """A member that is `true` or `false`; None where it is absent."""
    text = query.get(name)
    if text not in (None, "true", "false"):
        raise refuse(Reason.INVALID, "must be true or false", name)
    return None if text is None else text == "true"


def with_property(wanted: F, query: dict[str, str]) -> F:
    """The filter with the property that the query asks for, if any."""
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
    return wanted._replace(
        property_path=path, property_value=value, property_exists=truth(query, "propertyExists")
    )


def _count(query: dict[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    number = query_numbers.whole(text)
    if number is None or not 1 <= number <= most:
        raise refuse(Reason.INVALID, f"must be a whole number from 1 to {most}", name)
    return number
