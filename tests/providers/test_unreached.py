"""What is told of an account whose service is not reached, or where something else answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.providers.accounts import Told, at_adyen, at_paypal, at_stripe

from entrepot.providers.adyen import AdyenProvider
from entrepot.providers.payment import PaymentProvider
from entrepot.providers.paypal import PayPalProvider
from entrepot.providers.stripe import StripeProvider

MADE: dict[str, Callable[[str], Any]] = {
    "stripe": lambda url: StripeProvider(at_stripe(url)),
    "adyen": lambda url: AdyenProvider(at_adyen(url), 1, Told()),
    "paypal": lambda url: PayPalProvider(at_paypal(url), 1, Told()),
}


@contextmanager
def answering(reply: bytes | None) -> Iterator[int]:
    """The port of something that gives this answer to each call; None: nothing listens there."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        if reply is not None:
            bound.listen()
            threading.Thread(target=_serve, args=(bound, reply), daemon=True).start()
        yield bound.getsockname()[1]
        if reply is not None:
            bound.shutdown(socket.SHUT_RDWR)


def _serve(bound: socket.socket, reply: bytes) -> None:
    while True:
        try:
            call, _ = bound.accept()
        except OSError:
            return  # the test is over
        with call:
            call.recv(1 << 16)
            call.sendall(reply)


def answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


@pytest.mark.parametrize("service", MADE)
@pytest.mark.parametrize(
    ("scheme", "reply", "told"),
    [
        ("http", None, "not reached: Connection refused"),
        ("https", b"no TLS", "it speaks no TLS"),
        ("http", b"", "the connection ended without a whole answer"),
        ("http", b"this is no HTTP\r\n\r\n", "its answer is no HTTP"),
        ("http", answer(b"hello"), ""),
    ],
)
async def test_what_is_told_of_an_account_that_is_not_reached(
    service: str, scheme: str, reply: bytes | None, told: str
) -> None:
    with answering(reply) as port:
        made: PaymentProvider = MADE[service](f"{scheme}://127.0.0.1:{port}")
        said = await made.check()
        await made.close()
    assert said is not None, "another server is no account at a service"
    assert said.endswith(told)
    assert "Error" not in said
