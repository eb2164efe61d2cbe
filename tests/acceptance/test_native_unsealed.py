"""Accounts at payment services on a server that can seal none."""

from __future__ import annotations

from tests.acceptance.test_native import pointers, problem
from tests.acceptance.test_native_providers import stripe

from entrepot.testing.clients import World


def test_an_account_goes_to_the_services_own_hosts_and_needs_a_seal(world: World) -> None:
    """A server as it is by default: nothing can be sealed, and no simulator is reached."""
    do = world.native.send
    told = problem(do("POST", "/providers", stripe()), 400, "invalid")
    assert "ENTREPOT_SEAL_KEYS" in told["detail"]
    for url in ("https://127.0.0.1", "https://api.stripe.com.example", "http://127.0.0.1:9"):
        assert pointers(do("POST", "/providers", stripe(base_url=url))) == ["/account/base_url"]
