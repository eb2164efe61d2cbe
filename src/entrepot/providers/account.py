"""What a payment service knows an organization by, as the operator gives it and as it is sealed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

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
        Member("hmac_key", "HMAC key of the standard webhook, hexadecimal", secret=True,
               default=""),
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


def fault(service: str, given: Mapping[str, str]) -> str | None:
    """Why these members make no account at the service; None where they do."""
    for member in MEMBERS[service]:
        value = given.get(member.name, member.default)
        if not value and member.default is None:
            return f"{member.name} is missing: {member.meaning}"
        if value and (len(value) > _VALUE_MAX or not value.isprintable() or value != value.strip()):
            return f"{member.name} is no single line of text"
    url_fault = fault_of_url(given.get(BASE_URL) or default_of(service, BASE_URL))
    return None if url_fault is None else f"{BASE_URL} {url_fault}"


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
