"""Stripe's provider at localstripe, a Stripe for tests that nobody here wrote.

localstripe is a process of its own, and no program of this project imports the package: its
licence is the GPL. localstripe is less than Stripe: `UNKNOWN` lists the parameters that localstripe
refuses and Stripe takes, and a PaymentIntent of localstripe does not tell `amount_received`.
`Between` makes up for both. The calls that need neither go to localstripe as they are.
"""

from __future__ import annotations

import http.server
import json
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode

import pytest
import stripe
from tests.providers.accounts import at_stripe
from tests.providers.conftest import operation_of, request_of

from entrepot.providers.payment import (
    Absent,
    Authorised,
    Captured,
    Declined,
    Differs,
    Misconfigured,
    Pending,
    Refunded,
    Unknown,
    Voided,
)
from entrepot.providers.stripe import StripeProvider

# localstripe listens on the socket that it inherits. By itself localstripe listens on every
# interface, and keeps its objects in one file for the whole machine.
PROGRAM = """
import socket, sys
from aiohttp import web
from localstripe.resources import Store
from localstripe.server import app

Store.dump_to_disk = lambda self: None
web.run_app(app, sock=socket.socket(fileno=int(sys.argv[1])), print=None)
"""
INTENTS = "/v1/payment_intents"
# The end of a call's path, and the parameter that localstripe refuses there.
UNKNOWN = {
    INTENTS: "automatic_payment_methods",
    "/confirm": "off_session",
    "/capture": "metadata",
}
CARD = {"exp_month": 12, "exp_year": 2035, "cvc": "123"}
GOOD, REFUSED, ASKS = "4242424242424242", "4000000000000341", "4000002500003155"


@pytest.fixture(scope="module")
def localstripe() -> Iterator[str]:
    """The address. The socket listens from the start, so the first call waits for the process."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-c", PROGRAM, str(listening.fileno())]
        process = subprocess.Popen(command, pass_fds=[listening.fileno()])
        port = listening.getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


class Between:
    """Between Stripe's client and localstripe: leaves out, and adds, what localstripe lacks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._taken: dict[str, int] = {}
        between = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def _forward(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                authorization = self.headers["Authorization"]
                told = between._asked(
                    self.command, self.path, self.rfile.read(length), authorization
                )
                self.send_response(told[0])
                self.send_header("Content-Length", str(len(told[1])))
                self.end_headers()
                self.wfile.write(told[1])

            do_GET = do_POST = _forward  # noqa: N815 - as it is called

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _asked(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, bytes]:
        """The status and the body that localstripe answers, each as Stripe's would be."""
        unknown = [name for end, name in UNKNOWN.items() if path.endswith(end)]
        fields = [
            (name, value)
            for name, value in parse_qsl(body.decode())
            if name.partition("[")[0] not in unknown
        ]
        if path.endswith("/capture"):
            self._taken[path.split("/")[3]] = int(dict(fields)["amount_to_capture"])
        sent = urllib.request.Request(
            self._url + path,
            urlencode(fields).encode() if method == "POST" else None,
            {"Authorization": authorization},
            method=method,
        )
        try:
            with urllib.request.urlopen(sent) as answer:
                told = json.load(answer)
        except HTTPError as refusal:
            return refusal.code, refusal.read()
        if told["object"] == "payment_intent":
            whole = told["amount"] if told["status"] == "succeeded" else 0
            told["amount_received"] = self._taken.get(told["id"], whole)
        return 200, json.dumps(told).encode()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def between(localstripe: str) -> Iterator[str]:
    with Between(localstripe) as found:
        yield found.url


@pytest.fixture
async def direct(localstripe: str) -> AsyncIterator[StripeProvider]:
    """The provider, with nothing between localstripe and the provider."""
    made = StripeProvider(at_stripe(localstripe))
    yield made
    await made.close()


@pytest.fixture
async def provider(between: str) -> AsyncIterator[StripeProvider]:
    made = StripeProvider(at_stripe(between))
    yield made
    await made.close()


@pytest.fixture(scope="module")
def shop(localstripe: str) -> stripe.StripeClient:
    """A client of the shop, which makes intents and looks at what became of them."""
    return stripe.StripeClient(
        "sk_test_1", base_addresses={"api": localstripe}, max_network_retries=0
    )


def card(shop: stripe.StripeClient, number: str = GOOD) -> str:
    params: Any = {"type": "card", "card": {"number": number, **CARD}}
    return shop.v1.payment_methods.create(params).id


def made(shop: stripe.StripeClient, number: str = GOOD, **changes: Any) -> str:
    """The id of an intent over the amount of `request_of`, which waits for its confirmation."""
    params: Any = {"amount": 1250, "currency": "eur", "capture_method": "manual"}
    method = {"payment_method": card(shop, number)}
    return shop.v1.payment_intents.create(params | method | changes).id


def held(shop: stripe.StripeClient) -> str:
    return shop.v1.payment_intents.confirm(made(shop)).id


def charge(shop: stripe.StripeClient, intent: str) -> stripe.Charge:
    found = shop.v1.payment_intents.retrieve(intent, {"expand": ["latest_charge"]}).latest_charge
    assert isinstance(found, stripe.Charge)
    return found


# ---------------------------------------------------------------------- as localstripe is


async def test_a_hold_is_taken_over_looked_up_and_let_go(
    shop: stripe.StripeClient, direct: StripeProvider
) -> None:
    name = held(shop)
    request = request_of(name)
    void = operation_of("void", request, of=name)
    assert await direct.authorise(request) == Authorised(name)
    assert await direct.look_up(request) == Authorised(name)
    assert await direct.look_up(void) == Absent()
    assert await direct.void(void) == Voided(name)
    assert shop.v1.payment_intents.retrieve(name).status == "canceled"
    assert await direct.look_up(void) == Voided(name)
    assert await direct.look_up(request) == Voided(name)
    assert await direct.authorise(request) == Declined("the PaymentIntent is canceled", None)


async def test_an_intent_that_waits_is_confirmed_once(
    shop: stripe.StripeClient, direct: StripeProvider
) -> None:
    name = made(shop)
    assert await direct.look_up(request_of(name)) == Absent()
    assert await direct.authorise(request_of(name)) == Authorised(name)
    first = charge(shop, name)
    assert (first.amount, first.captured) == (1250, False)
    assert await direct.authorise(request_of(name)) == Authorised(name)
    assert charge(shop, name).id == first.id


@pytest.mark.parametrize(
    ("number", "changes", "expected"),
    [
        (REFUSED, {}, lambda _: Declined("Your card was declined.", "card_declined")),
        (ASKS, {}, partial(Pending, "the customer must act: requires_action")),
        (GOOD, {"amount": 1200}, partial(Differs, 1200, 2, "EUR")),
        (GOOD, {"currency": "usd"}, partial(Differs, 1250, 2, "USD")),
    ],
)
async def test_an_intent_that_pays_nothing(
    shop: stripe.StripeClient, direct: StripeProvider, number: str, changes: Any, expected: Any
) -> None:
    name = made(shop, number, **changes)
    assert await direct.authorise(request_of(name)) == expected(name)


async def test_money_that_was_taken_is_given_back_in_parts(
    shop: stripe.StripeClient, direct: StripeProvider
) -> None:
    name = held(shop)
    shop.v1.payment_intents.capture(name)
    request = request_of(name)
    for number, units in enumerate((400, 850), 1):
        refund = operation_of("refund", request, units, of=name, number=number)
        assert await direct.look_up(refund) == Absent()
        answer = await direct.refund(refund)
        assert isinstance(answer, Refunded)
        assert await direct.look_up(refund) == answer
        assert await direct.look_up(refund, answer.provider_reference) == answer
        kept = shop.v1.refunds.retrieve(answer.provider_reference)
        assert (kept.amount, kept.payment_intent) == (units, name)
    assert charge(shop, name).amount_refunded == 1250


# ---------------------------------------------------------------------- where it is less


async def test_what_localstripe_lacks(shop: stripe.StripeClient, direct: StripeProvider) -> None:
    """Where localstripe learns one of these, `Between` has less to make up for."""
    method, name = card(shop), held(shop)
    refusal = "400: Unexpected {}".format
    request = request_of(method)
    assert await direct.authorise(request) == Misconfigured(refusal(UNKNOWN[INTENTS]))
    capture = operation_of("capture", request_of(name), of=name)
    assert await direct.capture(capture) == Misconfigured(refusal(UNKNOWN["/capture"]))
    with pytest.raises(stripe.InvalidRequestError, match=UNKNOWN["/confirm"]):
        shop.v1.payment_intents.confirm(made(shop), {"off_session": True})
    assert "amount_received" not in shop.v1.payment_intents.capture(name).to_dict()
    assert isinstance(await direct.look_up(capture), Unknown)


async def test_a_means_of_payment_is_held_and_taken(
    shop: stripe.StripeClient, provider: StripeProvider
) -> None:
    customer = shop.v1.customers.create().id
    for reference in (card(shop), f"{customer}/{card(shop)}"):
        request = request_of(reference)
        answer = await provider.authorise(request)
        assert isinstance(answer, Authorised)
        name = answer.provider_reference
        assert await provider.look_up(request, name) == answer
        intent = shop.v1.payment_intents.retrieve(name)
        assert intent.metadata["entrepot_order"] == request.order
        capture = operation_of("capture", request, of=name)
        assert await provider.look_up(capture) == Absent()
        assert await provider.capture(capture) == Captured(name)
        assert charge(shop, name).captured
        assert await provider.look_up(capture) == Captured(name)
        assert await provider.look_up(request, name) == Captured(name)


async def test_a_part_is_taken_and_given_back(
    shop: stripe.StripeClient, provider: StripeProvider
) -> None:
    name = held(shop)
    request = request_of(name)
    capture = operation_of("capture", request, 800, of=name)
    assert await provider.capture(capture) == Captured(name)
    assert await provider.look_up(capture) == Captured(name)
    # localstripe calls the rest, which was never taken, a refund.
    assert charge(shop, name).amount_refunded == 450
    refund = operation_of("refund", request, 300, of=name)
    answer = await provider.refund(refund)
    assert isinstance(answer, Refunded)
    assert shop.v1.refunds.retrieve(answer.provider_reference).amount == 300
    assert charge(shop, name).amount_refunded == 750


async def test_money_that_was_taken_already_is_taken_over(
    shop: stripe.StripeClient, provider: StripeProvider
) -> None:
    name = shop.v1.payment_intents.confirm(made(shop, capture_method="automatic")).id
    assert await provider.authorise(request_of(name)) == Captured(name)
