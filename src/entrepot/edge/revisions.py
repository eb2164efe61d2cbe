"""The version of a thing on the wire: `ETag`, and the conditions of a request on it (RFC 9110).

A tag names one state of an order, a product, a customer or a price list in one dialect. The tag is
strong: every change of the thing, and of the values shown with it, makes another tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from entrepot.core.expected import ANY, Expected
from entrepot.core.order import Customer, Order, revision
from entrepot.edge.dialect import Call
from entrepot.writer.envelope import Answer

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
NOT_MODIFIED = 304


def tag(order: Order, contact: Customer | None = None) -> str:
    """The entity tag of an order, with the customer that the dialect shows with it."""
    shown = "" if contact is None else f"-{contact.updated_at:x}"
    return f'"{revision(order)}{shown}"'


def is_known(headers: Mapping[str, str], current: str) -> bool:
    """Whether the caller has this state already, by `If-None-Match`."""
    sent = headers.get("if-none-match")
    if sent is None:
        return False
    # Whether a tag is called weak does not matter here (RFC 9110 13.1.2).
    return sent.strip() == "*" or any(f'"{name}"' == current for _, name in _TAG.findall(sent))


def shown(call: Call, current: str, answer: Callable[[], Answer]) -> Answer:
    """The answer to a question for one thing, with the thing's current tag; the tag alone where the
    caller knows this state already.
    """
    call.etag = current
    return Answer(NOT_MODIFIED, b"") if is_known(call.headers, current) else answer()


def expected(headers: Mapping[str, str]) -> Expected:
    """The state in which the thing must be, by `If-Match`; without it by `If-Unmodified-Since`.

    A weak tag, and what is no tag, is the tag of nothing. What is no date says nothing, as several
    dates do (RFC 9110, section 13.1.4).
    """
    sent = headers.get("if-match")
    if sent is None:
        since = headers.get("if-unmodified-since")
        return ANY if since is None else Expected(unmodified_since=_second(since))
    if sent.strip() == "*":
        return ANY
    return Expected(frozenset(name for weak, name in _TAG.findall(sent) if not weak))


def conditional(headers: Mapping[str, str]) -> str | None:
    """The header that says in which state the thing must be; None where any will do."""
    if "if-match" not in headers and "if-unmodified-since" not in headers:
        return None
    if expected(headers) == ANY:
        return None
    return "If-Match" if "if-match" in headers else "If-Unmodified-Since"


def _second(date: str) -> int | None:
    try:
        when = parsedate_to_datetime(date)
    except ValueError:
        return None
    # Repeats of a header are joined by line feeds.
    if "\n" in date:
        return None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
