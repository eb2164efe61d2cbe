"""The version of an order on the wire: `ETag`, and the conditions of a request on it (RFC 9110).

A tag names one state of an order in one dialect. The tag is strong: every change of the order, and
of the values shown with the order, makes another tag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from entrepot.core.order import Customer, Order, revision

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
NOT_MODIFIED = 304


def tag(order: Order, contact: Customer | None = None) -> str:
    """The entity tag of an order, with the customer that the dialect shows with it."""
    shown = "" if contact is None else f"-{contact.updated_at:x}"
    return f'"{revision(order)}{shown}"'


def is_known(headers: Mapping[str, str], current: str) -> bool:
    """Whether the caller has this state already, by `If-None-Match`: then 304 is the answer."""
    sent = headers.get("if-none-match")
    if sent is None:
        return False
    # Whether a tag is called weak does not matter here (RFC 9110 13.1.2).
    return sent.strip() == "*" or any(f'"{name}"' == current for _, name in _TAG.findall(sent))


def expected(headers: Mapping[str, str]) -> frozenset[str] | None:
    """The revisions one of which the order must have, by `If-Match`; None where any will do.

    A weak tag, and what is no tag, is the tag of no order.
    """
    sent = headers.get("if-match")
    if sent is None or sent.strip() == "*":
        return None
    return frozenset(name for weak, name in _TAG.findall(sent) if not weak)


def unmodified_since(headers: Mapping[str, str]) -> int | None:
    """The second, since the epoch, after which the order must not have changed; None: it may.

    `If-Unmodified-Since` does not count beside `If-Match`, nor when it is no date.
    """
    sent = headers.get("if-unmodified-since")
    if sent is None or "if-match" in headers:
        return None
    try:
        when = parsedate_to_datetime(sent)
    except ValueError:
        return None
    return int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())
