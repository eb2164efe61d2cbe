"""The payment services by name, and how an account becomes a provider.

A service's client is imported where an account of the service is used, and not before.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from types import MappingProxyType

from entrepot import sealing
from entrepot.core.provider_accounts import ProviderAccount
from entrepot.edge.notifications import Read
from entrepot.edge.provider_accounts import Told
from entrepot.providers import account
from entrepot.providers.account import Heard
from entrepot.providers.payment import Notification, PaymentProvider
from entrepot.providers.unusable import Unusable
from entrepot.store import accounts
from entrepot.store.engine import Database
from entrepot.store.reading import notices

# Makes a provider of an account's members, with so many calls under way at most, and with what the
# service has notified.
Make = Callable[[Mapping[str, str], int, Heard], PaymentProvider]
_KNOWN_MAX = 256  # accounts whose notifications are checked without opening the account again
NOTHING_KEPT = "nothing is kept of this account; add it again with `entrepot provider add`"


def _stripe(members: Mapping[str, str], calls_max: int, _heard: Heard) -> PaymentProvider:
    from entrepot.providers.stripe import StripeProvider  # noqa: PLC0415

    return StripeProvider(members, calls_max)


def _adyen(members: Mapping[str, str], calls_max: int, heard: Heard) -> PaymentProvider:
    from entrepot.providers.adyen import AdyenProvider  # noqa: PLC0415

    return AdyenProvider(members, calls_max, heard)


def _paypal(members: Mapping[str, str], calls_max: int, heard: Heard) -> PaymentProvider:
    from entrepot.providers.paypal import PayPalProvider  # noqa: PLC0415

    return PayPalProvider(members, calls_max, heard)


PROVIDERS: Mapping[str, Make] = MappingProxyType(
    {"stripe": _stripe, "adyen": _adyen, "paypal": _paypal}
)


def members_of(kept: ProviderAccount, keys: tuple[bytes, ...]) -> dict[str, str]:
    """What the service knows the organization by. Raises Unsealable."""
    if kept.sealed is None:
        raise sealing.Unsealable(NOTHING_KEPT)
    about = sealing.about_account(kept.org, kept.service)
    return account.unpacked(kept.service, sealing.unseal(keys, kept.sealed, about))


class _Heard:
    """See `Heard`: the notices of the book; without a book nothing is known."""

    def __init__(self, database: Database | None, org: int, service: str) -> None:
        self._database, self._org, self._service = database, org, service

    async def __call__(self, references: tuple[str, ...]) -> list[bytes]:
        if self._database is None:
            return []
        find = partial(notices.bodies, org=self._org, service=self._service, references=references)
        return await self._database.read(find)

    async def since(self, time: int) -> AsyncIterator[tuple[int, bytes]]:
        after: notices.Place | None = (time, "", "")
        seen: set[str] = set()
        while self._database is not None and after is not None:
            page = partial(notices.page_since, org=self._org, service=self._service, after=after)
            found, after = await self._database.read_long(page)
            for one in found:
                if one.event not in seen:
                    seen.add(one.event)
                    yield one.received_at, one.body


def connect(
    kept: ProviderAccount, database: Database | None, *, keys: tuple[bytes, ...], calls_max: int
) -> PaymentProvider:
    """The provider of an account. One that cannot be opened says so in each answer.

    `database` has what the service has notified; without a database nothing is known of that.
    """
    heard = _Heard(database, kept.org, kept.service)
    try:
        return PROVIDERS[kept.service](members_of(kept, keys), calls_max, heard)
    except sealing.Unsealable as why:
        return Unusable(kept.service, f"the account at {kept.service} cannot be used: {why}")


class Notifications:
    """The check of notifications: with the secret of the account that the path names."""

    def __init__(self, database: Database, keys: tuple[bytes, ...]) -> None:
        self._database, self._keys = database, keys
        self._known: OrderedDict[ProviderAccount, PaymentProvider] = OrderedDict()

    async def read(
        self, service: str, organization: bytes, headers: Mapping[str, str], body: bytes
    ) -> Read | None:
        """The notification; None where there is no such account, or it has signed another one."""
        if service not in PROVIDERS:
            return None
        find = partial(accounts.provider_account_of, id_=organization, service=service)
        kept = await self._database.read(find)
        if kept is None:
            return None
        # In a thread: a service's client is imported here first, and may ask for a certificate.
        told = await asyncio.to_thread(self._checked, kept, headers, body)
        return None if told is None else Read(kept.org, told.id, told.references, told.topics)

    def _checked(
        self, kept: ProviderAccount, headers: Mapping[str, str], body: bytes
    ) -> Notification | None:
        return self._provider(kept).read_notification(headers, body)

    def _provider(self, kept: ProviderAccount) -> PaymentProvider:
        """The provider of an account. It is asked nothing, so that there is nothing to close."""
        found = self._known.get(kept)
        if found is None:
            found = self._known[kept] = connect(kept, None, keys=self._keys, calls_max=1)
            if len(self._known) > _KNOWN_MAX:
                self._known.popitem(last=False)
        return found


def connectors(
    database: Database, keys: tuple[bytes, ...], calls_max: int
) -> Mapping[str, Callable[[ProviderAccount], PaymentProvider]]:
    """For each service a function that connects to the service for one account."""
    ready = partial(connect, database=database, keys=keys, calls_max=calls_max)
    return dict.fromkeys(PROVIDERS, ready)


class Accounts:
    """See edge.provider_accounts.ProviderAccounts. `keys` seal and open accounts."""

    def __init__(self, keys: tuple[bytes, ...], *, elsewhere: bool) -> None:
        """`elsewhere`: whether an account may be at an address that is not the service's own, such
        as a simulator.
        """
        self._keys, self._elsewhere = keys, elsewhere

    def faults(self, service: str, given: Mapping[str, str]) -> list[tuple[str, str]]:
        """See ProviderAccounts."""
        found = account.faults(service, given)
        if not found and not self._elsewhere and (url := given.get(account.BASE_URL)):
            hosts = account.HOSTS[service]
            if not account.is_at(url, hosts):
                sentence = f"must be an address of {service}: {', '.join(hosts)}"
                found.append((account.BASE_URL, sentence))
        return found

    def no_seal(self) -> str | None:
        """See ProviderAccounts."""
        return None if self._keys else f"cannot be kept: {sealing.NO_KEYS}"

    def sealed(self, org: int, service: str, given: Mapping[str, str]) -> bytes:
        """See ProviderAccounts. Raises Unsealable where there is no key."""
        about = sealing.about_account(org, service)
        return sealing.seal(self._keys, account.packed(service, given), about)

    def told(self, kept: ProviderAccount) -> Told:
        """See ProviderAccounts."""
        try:
            members = members_of(kept, self._keys)
        except sealing.Unsealable as why:
            return Told({}, {}, str(why))
        known = account.MEMBERS[kept.service]
        return Told(
            {one.name: members[one.name] for one in known if not one.secret},
            {one.name: bool(members[one.name]) for one in known if one.secret},
        )

    async def check(self, kept: ProviderAccount) -> str | None:
        """See ProviderAccounts."""
        # In a thread: the client of a service is imported here first.
        ready = partial(connect, kept, None, keys=self._keys, calls_max=1)
        provider = await asyncio.to_thread(ready)
        try:
            return await provider.check()
        finally:
            await provider.close()
