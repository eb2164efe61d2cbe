"""What a payment service knows an organization by, as the operator gives it and as it is sealed."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from entrepot.providers.exchange import fault_of_url


class Heard(Protocol):
    """The notifications of an account that are kept, as they were signed; the oldest first."""

    async def __call__(self, references: tuple[str, ...]) -> list[bytes]:
        """Those that name one of these references."""
        ...

    def since(self, time: int) -> AsyncIterator[tuple[int, bytes]]:
        """Those that came since a time, each with its time; microseconds UTC."""
        ...


BASE_URL = "base_url"
_VALUE_MAX = 4096


class Member(NamedTuple):
    """A member of an account. A member that is not `secret` may be shown."""

    name: str
    meaning: str
    secret: bool = False
    default: str | None = None  # None: the member has to be given
    spelled: re.Pattern[str] | None = None  # how a value is written; None: as any line


_HEXADECIMAL = re.compile(r"([0-9A-Fa-f]{2})+( *, *([0-9A-Fa-f]{2})+)*")
_BASE = "the service's address; https, or http to this machine for a simulator"

MEMBERS: Mapping[str, tuple[Member, ...]] = MappingProxyType({
    "stripe": (
        Member("api_key", "secret or restricted key, `sk_...` or `rk_...`", secret=True),
        Member("webhook_secret", "signing secret of the endpoint, `whsec_...`", secret=True,
               default=""),
        Member(BASE_URL, _BASE, default="https://api.stripe.com"),
    ),
    "adyen": (
        Member("api_key", "API key of a web service user", secret=True),
        Member("merchant_account", "name of the merchant account"),
        Member("hmac_key", "HMAC key of the standard webhook, hexadecimal; while it is changed the "
               "new one and the old one, with a comma between", secret=True, default="",
               spelled=_HEXADECIMAL),
        Member(BASE_URL, _BASE + "; live: https://PREFIX-checkout-live.adyenpayments.com/checkout",
               default="https://checkout-test.adyen.com"),
    ),
    "paypal": (
        Member("client_id", "client id of the app"),
        Member("client_secret", "secret of the app", secret=True),
        Member("webhook_id", "id of the app's webhook", default=""),
        Member(BASE_URL, _BASE + "; live: https://api-m.paypal.com",
               default="https://api-m.sandbox.paypal.com"),
    ),
})  # fmt: skip
SERVICES = tuple(MEMBERS)
# The services' own hosts; of one that begins with a point, all below.
HOSTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "stripe": ("api.stripe.com",),
        "adyen": ("checkout-test.adyen.com", ".adyenpayments.com"),
        "paypal": ("api-m.paypal.com", "api-m.sandbox.paypal.com"),
    }
)


def fault(service: str, given: Mapping[str, str]) -> str | None:
    """Why these members make no account at the service; None where they do."""
    found = faults(service, given)
    return " ".join(found[0]) if found else None


def faults(service: str, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each member that makes no account at the service, and what is wrong with the member."""
    known = {one.name: one for one in MEMBERS[service]}
    listed = f"is no member of an account at {service}, which has {', '.join(known)}"
    found = [(name, listed) for name in given if name not in known]
    for name, member in known.items():
        value = given.get(name, member.default)
        if not value and member.default is None:
            found.append((name, f"is missing: {member.meaning}"))
        if value and (len(value) > _VALUE_MAX or not _is_line(value)):
            found.append((name, "is no single line of text"))
        elif value and member.spelled is not None and not member.spelled.fullmatch(value):
            found.append((name, f"is not written as it has to be: {member.meaning}"))
    url_fault = fault_of_url(given.get(BASE_URL) or default_of(service, BASE_URL))
    return found if url_fault is None else [*found, (BASE_URL, url_fault)]


def _is_line(value: str) -> bool:
    """Whether a header of HTTP can have this value: services issue nothing else."""
    return value.isascii() and value.isprintable() and value == value.strip()


def is_at(url: str, hosts: tuple[str, ...]) -> bool:
    """Whether an address is at one of these hosts, or below one that begins with a point."""
    host = (urlsplit(url).hostname or "").lower()
    return any(host == one or (one[0] == "." and host.endswith(one)) for one in hosts)


def default_of(service: str, name: str) -> str:
    """What a member is where the operator gives nothing."""
    return next((one.default or "" for one in MEMBERS[service] if one.name == name), "")


def packed(service: str, given: Mapping[str, str]) -> bytes:
    """The members as bytes, to be sealed."""
    kept = {one.name: given.get(one.name) or one.default or "" for one in MEMBERS[service]}
    return json.dumps(kept, separators=(",", ":")).encode()


def unpacked(service: str, text: bytes) -> dict[str, str]:
    """The members of an account that was packed. Members that came later have their defaults."""
    kept = json.loads(text)
    return {
        one.name: str(kept.get(one.name) or one.default or "").rstrip("/")
        if one.name == BASE_URL
        else str(kept.get(one.name) or one.default or "")
        for one in MEMBERS[service]
    }
