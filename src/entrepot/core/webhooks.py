"""Webhooks: where an organization's events are sent, and what became of each."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from entrepot.core.ids import event_id
from entrepot.core.kinds import Key, Kind, by
from entrepot.core.leases import is_ahead

NATIVE, DOMAIN = "native", "domain_event"
FORMATS = (NATIVE, DOMAIN)
ACTIVE, PAUSED, DISABLED, REMOVED = "active", "paused", "disabled", "removed"
STATES = (ACTIVE, PAUSED, DISABLED, REMOVED)
DELIVERED, FAILING = "delivered", "failing"
DELIVERY_STATES = (DELIVERED, FAILING)
WEBHOOKS_MAX = 50  # an organization
URL_MAX = 2_000  # characters
TYPES_MAX = 100
AGAIN_MAX = 100  # deliveries that wait to be repeated
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?:[/?][^#\\]*)?\Z"
)
# Networks of IPv6 whose addresses end with one of IPv4: of gateways (NAT64, RFC 6052), and of a way
# that nobody uses any more (RFC 4291, 2.5.5.1).
_HOLDING = tuple(map(ipaddress.IPv6Network, ("64:ff9b::/96", "::/96")))
_IPV4_BYTES = 4
# Addresses of gateways within a private network (RFC 8215).
_OWN_GATEWAYS = ipaddress.IPv6Network("64:ff9b:1::/48")
# The secret before the newest one signs as well for so long (microseconds).
OLD_SECRET_LASTS = 86_400 * 1_000_000
# A webhook that has failed for so long (microseconds) is disabled.
GIVE_UP_AFTER = 3 * 86_400 * 1_000_000


class Webhook(NamedTuple):
    """An address to which events are sent. Times are microseconds UTC.

    - `types` are the types of events that are wanted, with blanks between them; none: all.
    - `reached` is the number of the last event that was sent or not wanted. 0: it begins with the
      event that told of the webhook.
    - `again` are numbers of events that are to be sent once more.
    """

    org: int
    id: bytes
    url: str
    types: str
    format: str
    state: str
    secret: bytes
    reached: int
    again: str
    tries: int  # that failed, of the event behind `reached`
    failing_since: int | None
    next_at: int
    leased_until: int
    version: int
    created_at: int
    updated_at: int

    def wants(self, type_: str) -> bool:
        """Whether events of this type are sent."""
        return not self.types or type_ in self.types.split()

    def is_held(self, now: int) -> bool:
        """Whether a process has it in hand."""
        return is_ahead(self.leased_until, now)

    def waits(self, now: int) -> bool:
        """Whether it waits for the next try."""
        return is_ahead(self.next_at, now)


class Delivery(NamedTuple):
    """What became of an event at a webhook. `status` is the receiver's answer, if there was one."""

    org: int
    webhook_id: bytes
    number: int
    id: bytes
    type: str
    state: str
    tries: int
    status: int | None
    error: str | None
    created_at: int
    updated_at: int


WEBHOOKS: Kind[Key, Webhook] = Kind("webhook", Webhook, by(Webhook, "org", "id"), guard="version")
DELIVERIES: Kind[tuple[int, bytes, int], Delivery] = Kind(
    "delivery", Delivery, by(Delivery, "org", "webhook_id", "number"), guard="tries"
)


def delivery_id(webhook_id: bytes, number: int) -> bytes:
    """The id of a delivery: of a webhook and the number of an event."""
    return event_id(webhook_id, number)


def url_fault(url: str, *, private: bool) -> str | None:
    """Why nothing can be sent to an address; None where it can.

    `private`: whether addresses of the own machine and of private networks are allowed, and http.
    Names are looked up only when something is sent.
    """
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > URL_MAX:
        return f"must be an address of at most {URL_MAX:,} characters of visible ASCII"
    parts = _URL.match(url)
    if parts is None or int(parts["port"] or 1) not in range(1, 1 << 16):
        return "must be an address with a host, and no user, no password and no fragment"
    if parts["scheme"] != "https" and not private:
        return "must begin with https://"
    host = parts["host"].strip("[]")
    if private:
        return None
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "names this machine" if host.split(".")[-1] == "localhost" else None
    return None if is_public(address) else "is an address of a private network"


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is of the public network, and so is another one that it holds: a gateway
    hands what is sent to the one on to the other.
    """
    if not isinstance(address, ipaddress.IPv6Address):
        return address.is_global and not address.is_multicast
    if address.is_site_local or address in _OWN_GATEWAYS or not address.is_global:
        return False
    held = address.ipv4_mapped or address.sixtofour
    if held is None and any(address in network for network in _HOLDING):
        held = ipaddress.IPv4Address(address.packed[-_IPV4_BYTES:])
    return not address.is_multicast and (held is None or is_public(held))
