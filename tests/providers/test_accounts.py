"""An account becomes a provider of its service; one that cannot be opened says why, each time."""

from __future__ import annotations

import base64
import subprocess
import sys
from typing import Any

import pytest
from tests.providers.accounts import at_adyen, at_paypal, at_stripe
from tests.providers.conftest import request_of

from entrepot import payment_services, sealing
from entrepot.core.provider_accounts import ProviderAccount
from entrepot.core.references import captures_once
from entrepot.providers import account
from entrepot.providers.payment import Misconfigured, OperationRequest, PaymentProvider

KEYS = (b"k" * 32,)
URL = "http://127.0.0.1:9"  # nobody is asked
MEMBERS = {"stripe": at_stripe(URL), "adyen": at_adyen(URL), "paypal": at_paypal(URL)}


def kept(service: str, about: str | None = None) -> ProviderAccount:
    packed = account.packed(service, MEMBERS[service])
    bound = about or sealing.about_account(7, service)
    return ProviderAccount(7, service, sealing.seal(KEYS, packed, bound))


def connected(one: ProviderAccount, keys: tuple[bytes, ...] = KEYS) -> PaymentProvider:
    return payment_services.connect(one, None, keys=keys, calls_max=2)


@pytest.mark.parametrize("service", list(payment_services.PROVIDERS))
async def test_an_account_becomes_a_provider_of_its_service(service: str) -> None:
    assert payment_services.PROVIDERS.keys() == account.MEMBERS.keys()
    assert payment_services.members_of(kept(service), KEYS) == MEMBERS[service]
    provider = connected(kept(service))
    assert isinstance(provider, PaymentProvider)
    assert provider.name == service
    assert provider.terms.several_captures != captures_once(service)
    await provider.close()
    await provider.close()


@pytest.mark.parametrize(
    ("one", "keys", "why"),
    [
        (kept("stripe"), (b"o" * 32,), "put that key back"),
        (kept("stripe"), (), "ENTREPOT_SEAL_KEYS is not set"),
        (kept("stripe", sealing.about_account(8, "stripe")), KEYS, "is another account's"),
        (kept("stripe", sealing.about_account(7, "adyen")), KEYS, "is another account's"),
        (ProviderAccount(7, "stripe", None), KEYS, "nothing is kept of this account"),
    ],
)
async def test_an_account_that_cannot_be_opened_says_so_in_each_answer(
    one: ProviderAccount, keys: tuple[bytes, ...], why: str
) -> None:
    provider = connected(one, keys)
    operation: Any = OperationRequest("k", request_of("pi_1"), "pi_1", 1, kind="void")
    answers = [
        await provider.authorise(request_of("pi_1")), await provider.look_up(operation),
        await provider.capture(operation), await provider.void(operation),
        await provider.refund(operation), *[one async for one in provider.found_since(0)],
    ]  # fmt: skip
    assert len(answers) == 6
    for answer in answers:
        assert isinstance(answer, Misconfigured)
        assert why in answer.detail
    assert why in (await provider.check() or "")
    assert provider.read_notification({}, b"{}") is None
    await provider.close()


def test_the_clients_of_services_are_not_loaded_before_an_account_is_used() -> None:
    script = (
        "import sys, entrepot.wiring, entrepot.cli.main, entrepot.cli.provider\n"
        "print([one for one in ('stripe', 'Adyen', 'paypalserversdk', 'requests', 'cryptography')"
        " if one in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert told.stdout.strip() == b"[]"


def test_no_member_that_is_secret_is_shown() -> None:
    secret = {one.name for listed in account.MEMBERS.values() for one in listed if one.secret}
    assert secret == {"api_key", "webhook_secret", "hmac_key", "client_secret"}
    for one in map(kept, MEMBERS):
        for name in secret & MEMBERS[one.service].keys():
            value = MEMBERS[one.service][name].encode()
            assert value not in (one.sealed or b"")
            assert base64.b64encode(value) not in (one.sealed or b"")


@pytest.mark.parametrize("told", ["sk_\u00e9", "sk_\U0001f600", "sk_1\n", " sk_1", "sk_\x7f"])
def test_a_member_that_no_header_can_have_makes_no_account(told: str) -> None:
    """A service's client would fail at every call with it."""
    assert account.faults("stripe", {"api_key": "sk_1"}) == []
    assert account.faults("stripe", {"api_key": told}) == [("api_key", "is no single line of text")]


@pytest.mark.parametrize(
    ("given", "is_right"),
    [("", True), ("AB12", True), ("ab12, CD34", True), ("ABC", False), ("xy", False),
     ("AB,", False)],
)  # fmt: skip
def test_a_key_that_signs_nothing_makes_no_account(given: str, is_right: bool) -> None:
    """Every notification of the service would be refused."""
    told = {"api_key": "AQE1", "merchant_account": "Acme", "hmac_key": given}
    assert [name for name, _ in account.faults("adyen", told)] == ([] if is_right else ["hmac_key"])
