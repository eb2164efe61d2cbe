"""Touches: a contact met something that a shop sent or showed, as somebody recorded it.

Entrepot sends nothing to anybody. A touch is a fact that another system tells.
"""

from __future__ import annotations

from typing import NamedTuple

from entrepot.core.kinds import Key, Kind, by
from entrepot.core.properties import parse, text_of

ORIGINS = ("broadcast", "ai", "flow", "automation", "app")
CLICK = "click"
# The member of `details` that is dropped when it is old.
ADDRESS = "ip_address"
TOUCH_KINDS = (CLICK, "open", "message")


class Touch(NamedTuple):
    """A touch. It stays as it was recorded. Times are microseconds UTC."""

    org: int
    id: bytes
    customer_id: bytes
    kind: str  # one of TOUCH_KINDS
    origin: str  # one of ORIGINS
    origin_id: bytes
    channel: str
    at: int  # when it happened
    recorded_at: int
    external_user_id: str  # what the channel calls the contact, such as the digits of a telephone
    resource_id: str  # what was clicked; empty for none
    country: str  # ISO 3166-1 alpha-2; empty where nobody told it
    details: str  # JSON text: what else is known of the click


TOUCHES: Kind[Key, Touch] = Kind("touch", Touch, by(Touch, "org", "id"))


def without_address(details: str) -> str:
    """What is known of a click, without the address that it came from; the rest as it was told."""
    told = parse(details)
    return details if told.pop(ADDRESS, None) is None else text_of(told)
